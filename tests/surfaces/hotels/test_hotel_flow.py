"""A room over HTTP, from the first question to the guest's leaving, as docs/api/hotels.md has it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from django.core import mail

from holdfast.catalog.models import Season, StayFee
from holdfast.kernel.clock import utc_now
from tests.support.hotel import day
from tests.support.lobby import Lobby, completed, post, signed
from tests.support.stripe import CREDENTIALS
from tests.support.worker import work

HELD = {
    "status": "PENDING_PAYMENT",
    "hotel": "lake-view",
    "total": "200.00",
    "currency": "EUR",
    "charged_at_once": False,
    "answer_by": None,
    "payment_provider": None,
    "payment_reference": None,
    "payment_intent_id": None,
    "payment_authorized_at": None,
    "paid_at": None,
    "decision_made_at": None,
}


def mails() -> list[Any]:
    """What the guest was sent, oldest first."""
    work()
    return [message for message in mail.outbox if message.to == ["guest@example.com"]]


@pytest.mark.spec("HOT-1")
def test_hotels_and_their_room_types_are_public(lobby: Lobby) -> None:
    Season.objects.create(
        offering=lobby.hotel.offering, first_night=day(30), last_night=day(40), price=18_000, minimum_stay=3
    )

    listed = lobby.guest.get("/api/public/hotels/").json()
    hotel = lobby.guest.get("/api/public/hotel/lake-view/").json()

    assert [one["slug"] for one in listed["results"]] == ["lake-view", "old-mill"]
    assert hotel.pop("room_types") == [
        {
            "id": lobby.hotel.offering.pk,
            "name": "Double room",
            "description": "",
            "image": None,
            "rooms": 3,
            "price": "100.00",
            "currency": "EUR",
            "occupancy": 2,
            "minimum_stay": 1,
            "maximum_stay": 30,
            "check_in_from": "15:00",
            "check_out_until": "11:00",
            "seasons": [
                {
                    "first_night": day(30).isoformat(),
                    "last_night": day(40).isoformat(),
                    "price": "180.00",
                    "minimum_stay": 3,
                }
            ],
        }
    ]
    assert hotel == listed["results"][0]


@pytest.mark.spec("HOT-1")
def test_availability_counts_the_rooms_and_quotes_the_stay_line_by_line(lobby: Lobby) -> None:
    StayFee.objects.create(
        business=lobby.hotel.business, title="City tax", price=150, per="guest_night", tax_rate=0
    )
    lobby.held()

    answer = lobby.guest.get(
        f"/api/public/hotel/lake-view/availability/?check_in={day(10)}&check_out={day(12)}&guests=2"
    )

    assert answer.json()["room_types"] == [
        {
            "id": lobby.hotel.offering.pk,
            "name": "Double room",
            "available": 2,
            "total": "206.00",
            "currency": "EUR",
            "nights": 2,
            "lines": [
                {"kind": "service", "title": "Double room, 2 nights", "amount": "200.00"},
                {"kind": "fee", "title": "City tax", "amount": "6.00"},
                {"kind": "tax", "title": "VAT 7%", "amount": "0.00"},
            ],
            "reason": None,
        }
    ]


@pytest.mark.spec("HOT-1", "HOT-2", "HOT-3", "HOT-4", "HOT-7", "HOT-8")
def test_from_a_draft_to_the_guests_leaving(lobby: Lobby) -> None:
    draft = lobby.book(submit=False).json()
    booking = draft["booking_id"]
    assert re.fullmatch(r"HB-[0-9A-Z]{16}", booking)
    assert draft["status"] == "DRAFT"

    submitted = lobby.guest.send(lobby.at(booking, "submit")).json()
    assert {name: submitted[name] for name in HELD} == HELD

    session = lobby.session(booking)
    assert session | {"session_id": "", "payment_url": ""} == {
        "session_id": "",
        "payment_url": "",
        "status": "created",
        "amount": "200.00",
        "currency": "EUR",
        "charged_at_once": False,
    }
    assert session["session_id"].startswith("cs_test_")
    assert lobby.session(booking) == session
    assert lobby.guest.get(lobby.at(booking)).json()["payment_reference"] == session["session_id"]

    lobby.pays(booking)
    assert post(signed(completed(lobby, booking))) == 200
    (authorized,) = mails()
    waiting = lobby.guest.get(lobby.at(booking)).json()
    assert lobby.guest.get(lobby.at(booking, "payment/verify")).json() == {
        "booking_id": booking,
        "status": "PENDING_APPROVAL",
        "payment_status": "AUTHORIZED",
        "amount": "200.00",
        "currency": "EUR",
    }
    assert waiting["status"] == "PENDING_APPROVAL"
    assert waiting["payment_provider"] == "stripe"
    assert waiting["payment_intent_id"] == waiting["payment_reference"]
    assert waiting["payment_intent_id"].startswith("pi_")
    assert utc_now() >= datetime.fromisoformat(waiting["payment_authorized_at"]).astimezone(UTC)
    assert waiting["paid_at"] is None
    assert authorized.subject == f"Payment authorized — awaiting hotel confirmation ({booking})"

    approved = lobby.decide(booking, "approve").json()
    _, confirmed = mails()
    assert approved["status"] == "CONFIRMED"
    assert approved["decision_made_by"] == lobby.hotel.staff.email
    assert None not in (approved["paid_at"], approved["decision_made_at"])
    assert confirmed.subject == f"Booking Confirmed - {booking}"
    assert lobby.stripe.ledger()[-1]["state"] == "succeeded"


@pytest.mark.spec("HOT-4", "HOT-7")
def test_what_is_declined_is_set_free_and_the_guest_told(lobby: Lobby) -> None:
    booking = lobby.authorized()

    declined = lobby.decide(booking, "decline", {"reason": "the roof leaks"}).json()
    told = mails()[-1]

    assert declined["status"] == "DECLINED"
    assert declined["reason"] == "the roof leaks"
    assert declined["paid_at"] is None
    assert told.subject == f"Booking Update - {booking}"
    assert "the roof leaks" in told.body
    assert lobby.stripe.ledger()[-1]["state"] == "canceled"


@pytest.mark.spec("HOT-2")
def test_stripes_page_names_the_booking_and_the_hotel(lobby: Lobby) -> None:
    booking = lobby.held()
    session = lobby.session(booking)["session_id"]

    shown = httpx.get(
        f"{lobby.stripe.url}/stripe/v1/checkout/sessions/{session}",
        params={"expand[]": "line_items"},
        auth=(CREDENTIALS["secret_key"], ""),
    ).json()

    [line] = shown["line_items"]["data"]
    assert line["description"] == f"Hotel booking {booking} - {lobby.hotel.business.name}"
    assert (line["amount_total"], line["currency"]) == (20_000, "eur")
    assert shown["metadata"]["reference"] == lobby.payment(booking).reference

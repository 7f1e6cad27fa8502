"""Tickets, and where the web server sends those who listen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from holdfast.flows.followers import scope_of
from holdfast.flows.following import Scope
from holdfast.flows.stays import draft_stay
from holdfast.kernel.errors import NotSignedIn
from holdfast.live.tickets import RENEWED_FOR, Ticket
from holdfast.platform.models import User
from tests.live.moves import a_booking, move
from tests.support.academy import Academy
from tests.support.booked import api_of
from tests.support.hotel import Hotel, wish
from tests.support.live import Live
from tests.support.practice import NOW as THEN
from tests.support.practice import Api, Practice, new_member

NOW = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)


@pytest.mark.spec("HOT-7", "GEN-2")
def test_a_ticket_opens_the_stream_of_its_channel_until_its_user_has_left(
    live: Live, academy: Academy, practice: Practice, customer: User
) -> None:
    staff = new_member(practice, "staff")
    given = api_of(staff).send("/api/live/ticket/", {"channel": "business-jyoti"}).json()

    with live.listening("business-jyoti", ticket=given["ticket"]) as desk:
        desk.next()
        move(a_booking(academy, customer), "cancel")
        told = desk.until("canceled")
    elsewhere = live.get("business-other", ticket=given["ticket"])
    made_up = live.get("business-jyoti", ticket=f"{given['ticket']}x")
    staff.memberships.all().delete()
    gone = live.get("business-jyoti", ticket=given["ticket"])

    assert told.name == "booking-updated"
    assert given["url"].startswith("http://testserver/live/?channel=business-jyoti&ticket=")
    assert [answer.status_code for answer in (elsewhere, made_up, gone)] == [401, 401, 404]


@pytest.mark.spec("GEN-2")
def test_a_ticket_is_for_who_may_see_what_it_opens(
    academy: Academy, practice: Practice, customer: User
) -> None:
    def ask(api: Api, channel: str) -> Any:
        return api.send("/api/live/ticket/", {"channel": channel})

    booking = a_booking(academy, customer)
    answers = [
        ask(Api(), "business-jyoti"),
        ask(api_of(customer), "business-jyoti"),
        ask(api_of(academy.coach), "business-jyoti"),
        ask(Api(), f"booking-{booking.reference}"),
        ask(Api(), "booking-COACH-NONE"),
        ask(api_of(customer), ""),
    ]

    assert [answer.status_code for answer in answers] == [401, 404, 200, 200, 404, 404]
    assert answers[2]["Cache-Control"] == "no-store"


def test_a_ticket_ends_and_is_renewed_only_so_long(db: None) -> None:
    ticket = Ticket.to("booking-HB-1", user=None, now=NOW)
    later = NOW + timedelta(minutes=4)
    renewed = ticket.renewed(now=later)
    last = ticket.renewed(now=NOW + RENEWED_FOR - timedelta(seconds=1))

    assert Ticket.read(ticket.text, channel="booking-HB-1", now=later) == ticket
    with pytest.raises(NotSignedIn):
        Ticket.read(ticket.text, channel="booking-HB-1", now=NOW + timedelta(minutes=5))
    assert Ticket.read(renewed.text, channel="booking-HB-1", now=NOW + timedelta(minutes=8)) == renewed
    assert last.until == NOW + RENEWED_FOR


def test_a_new_password_ends_a_ticket(customer: User) -> None:
    ticket = Ticket.to("business-jyoti", user=customer, now=NOW)
    assert ticket.holder() == customer

    User.objects.filter(pk=customer.pk).update(token_version=customer.token_version + 1)

    with pytest.raises(NotSignedIn):
        ticket.holder()


def test_the_web_server_sends_who_listens_on_to_live(settings: Any, db: None) -> None:
    missing = Api().get("/live/?channel=business-jyoti")
    settings.HOLDFAST_LIVE_URL = "http://127.0.0.1:8002"

    sent_on = Api().get("/live/?channel=business-jyoti")

    assert missing.status_code == 404
    assert sent_on.status_code == 307
    assert sent_on["Location"] == "http://127.0.0.1:8002/live/?channel=business-jyoti"


def test_a_page_of_the_desk_may_connect_to_live(settings: Any, practice: Practice) -> None:
    settings.HOLDFAST_LIVE_URL = "http://127.0.0.1:8002"
    browser = Api()
    browser.force_login(new_member(practice, "staff"))

    page = browser.get("/desk/")

    assert "connect-src 'self' http://127.0.0.1:8002;" in page["Content-Security-Policy"]


@pytest.mark.spec("HOT-7")
def test_a_draft_can_be_followed_before_it_is_a_booking(hotel: Hotel) -> None:
    draft = draft_stay(wish(hotel), address="192.0.2.1", user=None, now=THEN)

    scope = scope_of(f"booking-{draft.booking_id}", user=None)

    assert scope == Scope(reference=draft.booking_id)

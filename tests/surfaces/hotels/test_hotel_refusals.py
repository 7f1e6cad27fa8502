"""What is refused at a hotel, how, and that nothing moves when it is."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from holdfast.availability.models import Allocation
from holdfast.booking.models import Booking
from holdfast.catalog.models import Season
from holdfast.kernel.clock import utc_now
from holdfast.orders.models import Order
from holdfast.payments.models import Payment
from holdfast.platform.models import GatewayEvent
from tests.support.booked import api_of
from tests.support.hotel import day, new_room_type
from tests.support.lobby import STAFF, Lobby, completed, post, signed
from tests.support.practice import Api, new_user
from tests.support.worker import work

NO_BOOKING = {"error": "There is no such booking."}


def nothing_is_booked() -> bool:
    return not (Booking.objects.exists() or Order.objects.exists() or Allocation.objects.exists())


@pytest.mark.spec("HOT-1", "GEN-5")
@pytest.mark.parametrize(
    ("over", "field"),
    [
        ({"check_in": str(day(12)), "check_out": str(day(12))}, "check_out"),
        ({"check_in": str(day(12)), "check_out": str(day(11))}, "check_out"),
        ({"check_in": "2020-01-01", "check_out": "2020-01-03"}, "check_in"),
        ({"check_in": "2026-02-30"}, "check_in"),
        ({"check_in": "tomorrow"}, "check_in"),
        ({"check_in": str(day(500)), "check_out": str(day(502))}, "check_in"),
        ({"check_out": str(day(60))}, "check_out"),
        ({"guests": 3}, "guests"),
        ({"guests": 0}, "guests"),
        ({"guests": 1.5}, "guests"),
        ({"room_type": 999_999}, "room_type"),
        ({"room_type": "double"}, "room_type"),
        ({"guest_name": ""}, "guest_name"),
        ({"guest_email": "nobody"}, "guest_email"),
        ({"guest_phone": "12"}, "guest_phone"),
        ({"promo_code": "NOPE"}, "promo_code"),
        ({"redirect_url": "https://evil.example/x"}, "redirect_url"),
    ],
)
def test_what_is_wrong_is_named_by_its_field_and_nothing_is_held(
    lobby: Lobby, over: dict[str, Any], field: str
) -> None:
    answers = [lobby.book(**over, submit=submit) for submit in (True, False)]

    assert [answer.status_code for answer in answers] == [400, 400]
    assert [list(answer.json()) for answer in answers] == [[field], [field]]
    assert nothing_is_booked()


@pytest.mark.spec("HOT-1")
def test_a_season_asks_for_a_longer_stay_and_says_so_before_and_at_the_booking(lobby: Lobby) -> None:
    Season.objects.create(
        offering=lobby.hotel.offering, first_night=day(30), last_night=day(40), price=18_000, minimum_stay=3
    )

    offer = lobby.guest.get(
        f"/api/public/hotel/lake-view/availability/?check_in={day(30)}&check_out={day(32)}"
    ).json()["room_types"][0]
    refused, taken = lobby.book(first=30, last=32), lobby.book(first=30, last=33)

    assert (offer["available"], offer["total"], offer["reason"]) == (0, None, "too_short")
    assert refused.json() == {"check_out": ["This is shorter than one may stay."]}
    assert taken.json()["total"] == "540.00"


@pytest.mark.spec("HOT-1")
@pytest.mark.parametrize("query", ["", "check_in=x&check_out=y", "check_in=2027-01-02&check_out=2027-01-01"])
def test_availability_of_no_nights_is_a_bad_request(lobby: Lobby, query: str) -> None:
    answer = lobby.guest.get(f"/api/public/hotel/lake-view/availability/?{query}")

    assert answer.status_code == 400
    assert set(answer.json()) <= {"check_in", "check_out"}


@pytest.mark.spec("HOT-9", "GEN-5", "BC-3")
def test_a_room_type_that_is_sold_out_answers_with_the_nearest_stays(lobby: Lobby) -> None:
    for _ in range(3):
        lobby.held()

    answer = lobby.book()

    assert answer.status_code == 409
    assert answer.json()["error"]
    nearest = [(one["check_in"], one["check_out"]) for one in answer.json()["nearest_slots"]]
    assert (str(day(12)), str(day(14))) in nearest
    assert (str(day(8)), str(day(10))) in nearest
    assert not {str(day(9)), str(day(10)), str(day(11))} & {arrives for arrives, _ in nearest}
    assert Booking.objects.count() == 3


@pytest.mark.spec("HOT-8", "GEN-2")
def test_a_room_type_of_another_hotel_is_none_of_this_one(lobby: Lobby) -> None:
    other, _ = new_room_type(lobby.hotel.business, "Single room")
    elsewhere = lobby.guest.send(lobby.at(slug="old-mill"), lobby.asked(room_type=other.pk))
    nowhere = lobby.guest.send(lobby.at(slug="no-such-hotel"), lobby.asked())

    assert (elsewhere.status_code, list(elsewhere.json())) == (400, ["room_type"])
    assert nowhere.status_code == 404
    assert nothing_is_booked()


@pytest.mark.spec("HOT-8", "GEN-7", "BC-19")
@pytest.mark.parametrize("key", ["", "a" * 32, "' OR 1=1 --", "another's"])
def test_without_its_own_key_a_booking_is_neither_shown_whole_nor_canceled(lobby: Lobby, key: str) -> None:
    booking = lobby.held()
    shown = lobby.key(lobby.held(guest_email="somebody@example.com")) if key == "another's" else key

    preview = lobby.guest.get(lobby.at(booking, "cancel"), {"key": shown})
    canceled = lobby.guest.post(f"{lobby.at(booking, 'cancel')}?key={shown}")
    read = lobby.guest.get(lobby.at(booking), {"key": shown})

    assert [preview.status_code, canceled.status_code] == [404, 404]
    assert "guest@example.com" not in read.content.decode()
    assert lobby.status(booking) == "PENDING_PAYMENT"


@pytest.mark.spec("HOT-8", "GEN-7")
def test_the_key_shows_the_booking_and_cancels_it_by_the_terms(lobby: Lobby) -> None:
    booking = lobby.authorized()
    query = f"?key={lobby.key(booking)}"

    own = lobby.guest.get(lobby.at(booking) + query).json()
    preview = lobby.guest.get(lobby.at(booking, "cancel") + query).json()
    canceled = lobby.guest.post(lobby.at(booking, "cancel") + query)
    again = lobby.guest.post(lobby.at(booking, "cancel") + query)

    assert (own["guest_name"], own["guest_email"]) == ("A guest", "guest@example.com")
    assert (own["check_in"], own["check_out"], own["nights"]) == (str(day(10)), str(day(12)), 2)
    assert preview == {"refund": "200.00", "currency": "EUR", "percent": 100}
    assert canceled.json() == preview | {"booking_id": booking, "status": "CANCELLED"}
    assert canceled["Cache-Control"] == "no-store"
    assert again.status_code == 409
    assert not Allocation.objects.exclude(state="released").exists()


@pytest.mark.spec("HOT-4", "HOT-8", "GEN-2", "BC-19")
@pytest.mark.parametrize("what", ["approve", "decline", "check-in", "check-out", "no-show"])
def test_staff_of_another_hotel_find_nothing_to_decide(lobby: Lobby, what: str) -> None:
    booking = lobby.authorized()
    at_theirs = lobby.stranger.send(lobby.at(booking, what, root=STAFF, slug="old-mill"))
    at_ours = lobby.decide(booking, what, by=lobby.stranger)
    as_nobody = lobby.decide(booking, what, by=Api())
    by_a_wrong_name = lobby.staff.send(lobby.at(booking, what, root=STAFF, slug="old-mill"))

    answers = [at_theirs, at_ours, as_nobody, by_a_wrong_name]
    assert [answer.status_code for answer in answers] == [404, 404, 401, 404]
    assert lobby.status(booking) == "PENDING_APPROVAL"


@pytest.mark.spec("HOT-2", "HOT-3", "BC-29", "BC-11")
def test_a_forged_an_old_and_a_repeated_call_change_nothing(lobby: Lobby) -> None:
    booking = lobby.held()
    lobby.session(booking)
    event = completed(lobby, booking)

    forged = post(signed(event, secret="whsec_somebody_elses"))
    old = post(signed(event, at=int(utc_now().timestamp()) - 3600))
    bare = post({"data": b"{}", "headers": {}})
    unpaid = post(signed(event)), post(signed(event))

    assert (forged, old, bare, unpaid) == (401, 401, 401, (200, 200))
    assert GatewayEvent.objects.filter(verified=True).count() == 1
    assert lobby.status(booking) == "PENDING_PAYMENT"


@pytest.mark.spec("HOT-2")
def test_a_draft_is_not_paid_and_what_is_paid_is_not_paid_again(lobby: Lobby) -> None:
    draft, paid = lobby.held(submit=False), lobby.authorized()

    unsubmitted = lobby.guest.send(lobby.at(draft, "payment/session"))
    again = lobby.guest.send(lobby.at(paid, "payment/session"))
    strange = lobby.guest.send(lobby.at(lobby.held(), "payment/session"), {"method": "gold"})

    assert (unsubmitted.status_code, again.status_code) == (409, 409)
    assert (strange.status_code, list(strange.json())) == (400, ["method"])
    assert Payment.objects.count() == 1


def page_in_the_mail() -> str:
    """Where the guest is led who is asked to pay again."""
    work()
    (told,) = (message for message in mail.outbox if "Please pay again" in message.subject)
    (page,) = re.findall(r"http://testserver(/stays/\S+)", str(told.body))
    return str(page)


@pytest.mark.spec("HOT-4", "HOT-5", "BC-14", "GEN-13")
def test_a_capture_that_fails_says_why_and_the_guest_may_pay_again(lobby: Lobby) -> None:
    booking = lobby.authorized()
    lobby.stripe.arm("capture_declined", only=lobby.payment(booking).reference)

    refused = lobby.decide(booking, "approve")
    after = lobby.guest.get(lobby.at(booking)).json()
    link = page_in_the_mail()
    shown, paying = Client().get(link), Client().post(link.replace("/?", "/pay/?"))
    lobby.pays(booking)
    lobby.guest.get(lobby.at(booking, "payment/verify"))
    approved = lobby.decide(booking, "approve")

    assert refused.status_code == 409
    assert "could not be taken" in refused.json()["error"]
    assert after["status"] == "PENDING_PAYMENT"
    assert "Go on to pay €200.00" in shown.content.decode()
    assert paying["Location"] == f"/pay/{lobby.payment(booking).reference}/"
    assert (after["paid_at"], after["decision_made_at"]) == (None, None)
    assert approved.json()["status"] == "CONFIRMED"


@pytest.mark.spec("HOT-4", "GEN-5")
def test_a_gateway_that_does_not_answer_an_approval_is_202_and_asked_again(lobby: Lobby) -> None:
    booking = lobby.authorized()
    lobby.stripe.arm("capture_500_before", 20, only=lobby.payment(booking).reference)

    unknown = lobby.decide(booking, "approve")
    opposite = lobby.decide(booking, "decline")
    lobby.stripe.disarm()
    again = lobby.decide(booking, "approve")

    assert unknown.status_code == 202
    assert unknown.json() == {"status": "PENDING", "status_url": lobby.at(booking, root=STAFF)}
    assert (opposite.status_code, again.status_code) == (409, 409)  # it is under way
    assert lobby.status(booking) == "PENDING_APPROVAL"


@pytest.mark.spec("HOT-4")
def test_a_decision_stands_the_same_again_is_well_and_the_opposite_is_refused(lobby: Lobby) -> None:
    yes, no = lobby.authorized(), lobby.authorized()

    answers = {
        "yes": [lobby.decide(yes, what).status_code for what in ("approve", "approve", "decline")],
        "no": [lobby.decide(no, what).status_code for what in ("decline", "decline", "approve")],
    }

    assert answers == {"yes": [200, 200, 409], "no": [200, 200, 409]}
    assert (lobby.status(yes), lobby.status(no)) == ("CONFIRMED", "DECLINED")


@pytest.mark.spec("GEN-4", "HOT-1")
def test_a_booking_that_is_sent_again_under_its_key_is_the_same_booking(lobby: Lobby) -> None:
    key = {"Idempotency-Key": "one-guest-one-room"}

    first = lobby.guest.send(lobby.at(), lobby.asked(), headers=key)
    again = lobby.guest.send(lobby.at(), lobby.asked(), headers=key)
    another = lobby.guest.send(lobby.at(), lobby.asked(guests=1), headers=key)

    assert first.json() == again.json()
    assert (again["Idempotent-Replayed"], another.status_code) == ("true", 422)
    assert Booking.objects.count() == 1


@pytest.mark.spec("HOT-1", "GEN-6")
def test_whoever_is_signed_in_books_as_themselves_and_is_held_to_one_hold_of_a_room(lobby: Lobby) -> None:
    user = new_user("signed-in@example.com", name="Somebody")
    api = api_of(user)

    first = api.send(lobby.at(), lobby.asked())
    again = api.send(lobby.at(), lobby.asked())

    assert (first.status_code, again.status_code) == (201, 409)
    assert Booking.objects.get().customer.user == user
    assert lobby.guest.get(lobby.at(first.json()["booking_id"])).json() == first.json()


@pytest.mark.spec("GEN-1")
def test_a_token_that_is_no_good_is_refused_though_guests_are_welcome(lobby: Lobby) -> None:
    answer = Api("nonsense").send(lobby.at(), lobby.asked())

    assert answer.status_code == 401
    assert nothing_is_booked()


@pytest.mark.spec("GEN-1")
def test_a_session_without_its_csrf_token_is_refused_though_guests_are_welcome(lobby: Lobby) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(lobby.hotel.staff)

    answer = browser.post(lobby.at(), lobby.asked(), content_type="application/json")

    assert answer.status_code == 403
    assert nothing_is_booked()

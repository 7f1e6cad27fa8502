"""What a hotel's staff see and do over HTTP: find stays, answer them, and check their guests in and out."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.core import mail

from holdfast.booking.models import Booking
from holdfast.catalog.models import Business
from holdfast.flows.answers import BEFORE_IT_LAPSES
from holdfast.flows.approval import decline_unanswered, warn_of_deadlines
from holdfast.kernel.clock import utc_now
from holdfast.payments.models import GatewayAccount, Transaction
from tests.support.lobby import STAFF, Lobby
from tests.support.practice import CREDENTIALS, TODAY
from tests.support.racing import race, statuses
from tests.support.sandbox import Sandbox
from tests.support.worker import work


@pytest.fixture
def morning(lobby: Lobby) -> Lobby:
    """The hotel is where it is ten in the morning now: whoever comes today can book still."""
    ahead = 10 - utc_now().hour
    ahead += 24 * (ahead < -12)
    Business.objects.filter(pk=lobby.hotel.business.pk).update(timezone=f"Etc/GMT{-ahead:+d}")
    return lobby


def today(lobby: Lobby) -> int:
    """The hotel's day of today, counted from TODAY."""
    zone = Business.objects.get(pk=lobby.hotel.business.pk).zone
    return (utc_now().astimezone(zone).date() - TODAY).days


def listed(lobby: Lobby, **query: str) -> list[str]:
    answer = lobby.staff.get(lobby.at(root=STAFF), query).json()
    return [one["booking_id"] for one in answer["results"]]


@pytest.mark.spec("HOT-8")
def test_staff_find_stays_by_status_by_day_and_by_what_is_said_of_them(lobby: Lobby) -> None:
    early = lobby.held(first=10, last=12, guest_name="Ada Example", guest_email="ada@example.com")
    late = lobby.authorized(first=20, last=23)
    lobby.held(submit=False)
    day = lobby.asked

    assert listed(lobby) == [late, early]
    assert listed(lobby, status="PENDING_APPROVAL") == [late]
    assert listed(lobby, status="DRAFT") == []
    assert listed(lobby, arrives_from=day(20)["check_in"]) == [late]
    assert listed(lobby, arrives_to=day(19)["check_in"]) == [early]
    assert listed(lobby, arrives_from=day(10)["check_in"], arrives_to=day(10)["check_in"]) == [early]
    assert listed(lobby, leaves_from=day(23)["check_in"], leaves_to=day(23)["check_in"]) == [late]
    assert listed(lobby, q="ada ex") == listed(lobby, q="ADA@example") == listed(lobby, q=early) == [early]
    assert listed(lobby, q="nobody") == []


@pytest.mark.spec("HOT-8", "GEN-5")
@pytest.mark.parametrize("query", ["status=PAID", "arrives_from=soon", "page=0"])
def test_a_list_that_is_asked_for_wrongly_is_a_bad_request(lobby: Lobby, query: str) -> None:
    assert lobby.staff.get(f"{lobby.at(root=STAFF)}?{query}").status_code == 400


@pytest.mark.spec("HOT-8")
def test_guests_come_are_given_a_room_and_leave(morning: Lobby) -> None:
    first = today(morning)
    one, other = (morning.authorized(first=first, last=first + 2) for _ in "ab")
    for booking in (one, other):
        morning.decide(booking, "approve")

    free = morning.staff.get(morning.at(one, "rooms", root=STAFF)).json()["rooms"]
    here = morning.decide(one, "check-in", {"room": free[1]["id"]}).json()
    occupied = morning.decide(other, "check-in", {"room": free[1]["id"]})
    nowhere = morning.decide(other, "check-in", {"room": 999_999})
    next_free = morning.decide(other, "check-in").json()
    left = morning.decide(one, "check-out").json()
    again = morning.decide(one, "check-out")

    assert [room["name"] for room in free] == ["201", "202", "203"]
    assert (here["status"], here["room"]) == ("CHECKED_IN", "202")
    assert (occupied.status_code, nowhere.status_code) == (409, 400)
    assert (next_free["status"], next_free["room"]) == ("CHECKED_IN", "201")
    assert (left["status"], left["room"]) == ("CHECKED_OUT", "202")
    assert None not in (left["checked_in_at"], left["checked_out_at"])
    assert again.status_code == 409


@pytest.mark.spec("HOT-8")
def test_nobody_checks_in_before_their_day_or_has_missed_what_has_not_begun(morning: Lobby) -> None:
    booking = morning.authorized(first=today(morning) + 1, last=today(morning) + 2)
    morning.decide(booking, "approve")

    answers = [morning.decide(booking, what).status_code for what in ("check-in", "no-show", "check-out")]

    assert answers == [409, 409, 409]
    assert morning.status(booking) == "CONFIRMED"


@pytest.mark.spec("HOT-4", "BC-2")
def test_ten_who_click_at_once_make_one_decision_and_the_card_one_movement(lobby: Lobby) -> None:
    booking = lobby.authorized()

    clicks = [partial(lobby.decide, booking, what) for what in ("approve", "decline") for _ in range(5)]
    answers = race(clicks)
    work()

    assert set(statuses(answers)) <= {200, 202, 409}
    assert 200 in statuses(answers)
    moved = Transaction.objects.filter(kind__in=("capture", "void"), state="succeeded")
    taken = {"capture": ("CONFIRMED", "succeeded"), "void": ("DECLINED", "canceled")}
    assert (lobby.status(booking), lobby.stripe.ledger()[-1]["state"]) == taken[moved.get().kind]


@pytest.mark.spec("HOT-6", "BC-14")
def test_the_clock_of_the_authorization_warns_twice_and_declines_while_the_card_can_be_set_free(
    lobby: Lobby,
) -> None:
    Business.objects.filter(pk=lobby.hotel.business.pk).update(email="desk@lake-view.test")
    booking = lobby.authorized(first=30, last=32)
    lapses = lobby.payment(booking).capture_before
    assert lapses is not None
    until = lapses - BEFORE_IT_LAPSES
    shown = lobby.staff.get(lobby.at(booking, root=STAFF)).json()["answer_by"]

    for hours in (49, 47, 46, 23, 22):
        warn_of_deadlines(now=until - timedelta(hours=hours))
    decline_unanswered(now=until - timedelta(seconds=1))
    waits = lobby.status(booking)
    decline_unanswered(now=until)
    work()
    too_late = lobby.decide(booking, "approve")

    assert datetime.fromisoformat(shown) == until.replace(microsecond=0)
    told = [message.subject for message in mail.outbox if message.to == ["desk@lake-view.test"]]
    assert [subject.partition(":")[0] for subject in told] == ["Please answer", *["Please answer soon"] * 2]
    assert (waits, lobby.status(booking)) == ("PENDING_APPROVAL", "DECLINED")
    assert lobby.stripe.ledger()[-1]["state"] == "canceled"
    assert mail.outbox[-1].subject == f"Booking Update - {booking}"
    assert "nobody has answered in time" in mail.outbox[-1].body
    assert too_late.status_code == 409
    assert "declined" in too_late.json()["error"]


@pytest.fixture
def charging(lobby: Lobby, sandbox: Sandbox) -> Lobby:
    """The hotel sells in rupees, through a gateway that cannot authorize."""
    business = lobby.hotel.business
    Business.objects.filter(pk=business.pk).update(currency="INR")
    GatewayAccount.objects.filter(business=business).delete()
    addresses = {"pg": "/phonepe/apis/pg-sandbox", "oauth": "/phonepe/apis/identity-manager"}
    GatewayAccount.objects.create(
        business=business,
        gateway="phonepe",
        credentials=CREDENTIALS,
        base_urls={name: f"{sandbox.url}{path}" for name, path in addresses.items()},
    )
    lobby.stripe = sandbox
    return lobby


@pytest.mark.spec("HOT-2", "HOT-4")
@pytest.mark.parametrize(("what", "ends"), [("approve", "CONFIRMED"), ("decline", "DECLINED")])
def test_a_gateway_that_cannot_authorize_charges_at_once_and_the_guest_is_told_before(
    charging: Lobby, what: str, ends: str
) -> None:
    booking = charging.held()
    before = charging.guest.get(charging.at(booking)).json()
    session = charging.session(booking)
    charging.pays(booking)
    charging.guest.get(charging.at(booking, "payment/verify"))
    waiting: dict[str, Any] = charging.guest.get(charging.at(booking)).json()

    decided = charging.decide(booking, what).json()

    assert (before["charged_at_once"], session["charged_at_once"]) == (True, True)
    assert (waiting["status"], waiting["payment_authorized_at"]) == ("PENDING_APPROVAL", None)
    assert waiting["paid_at"] is not None
    assert decided["status"] == ends
    assert Transaction.objects.filter(kind="refund").exists() == (what == "decline")
    assert Booking.objects.get().state == {"approve": "confirmed", "decline": "declined"}[what]

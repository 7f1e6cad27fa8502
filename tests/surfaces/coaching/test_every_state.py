"""Every state × event × actor of a booking of a course: what is done, and in which words the rest is refused.

What is refused has moved nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from holdfast.availability.models import Allocation
from holdfast.booking.models import Booking
from holdfast.flows.approval import decline_booking
from holdfast.flows.cancellation import cancel_booking
from holdfast.flows.completion import begin_booking, complete_booking, miss_booking
from holdfast.flows.ending import expire_orders
from holdfast.kernel.clock import utc_now
from holdfast.orders.models import Order
from holdfast.payments.models import Payment, Transaction
from holdfast.platform.models import Transition, User
from holdfast.surfaces.coaching.terms import TRADE, WORDS
from tests.support.academy import A, Academy
from tests.support.booked import api_of
from tests.support.practice import Api, new_member, new_practice, new_user
from tests.support.sandbox import Sandbox

pytestmark = [pytest.mark.spec("COA-3", "COA-6"), pytest.mark.timeout(300)]

ACTORS = ("customer", "other customer", "coach", "other coach", "staff", "outsider", "nobody")
GIVE = frozenset({"coach", "staff"})
EVERY_ONE_OF_THEM = GIVE | {"customer"}
SENDS: dict[str, dict[str, Any]] = {"record-payment": {"amount": "1500.00"}}
MAY = {
    "pay": frozenset({"customer"}),
    "retry-payment": frozenset({"customer"}),
    "mark-paid": frozenset({"customer"}),
    "record-payment": GIVE,
    "accept": GIVE,
    "reject": GIVE,
    "done": GIVE,
    "cancel": EVERY_ONE_OF_THEM,
}
STATES = tuple(WORDS)
NOT_YOURS = "You are not authorized to update this booking"
SIGN_IN = "Please sign in."
UNPAID = "No payment has arrived for this booking."
NOT_YET = "This has not begun yet."


def only(which: str, can_be: str) -> dict[str, tuple[int, str]]:
    """A bad request in every state, unless the table says otherwise."""
    said = f"Only {which} bookings can be {can_be}. Current status: "
    return {state: (400, said + WORDS[state]) for state in STATES}


PAID_FOR = only("pending", "paid for") | {"pending_payment": (200, "pending")}
# What whoever may is answered: 200 with the status that the booking has then, or the error and its words.
TABLE: dict[str, dict[str, tuple[int, str]]] = {
    "pay": PAID_FOR,
    "retry-payment": PAID_FOR,
    "mark-paid": only("pending", "marked as paid") | {"pending_payment": (402, UNPAID)},
    "record-payment": only("pending", "recorded as paid") | {"pending_payment": (200, "paid")},
    "accept": only("paid", "accepted")
    | {
        "pending_approval": (200, "confirmed"),
        "confirmed": (200, "confirmed"),  # once more changes nothing
        "in_progress": (200, "confirmed"),
        "completed": (200, "done"),
    },
    "reject": only("paid", "rejected")
    | {"pending_approval": (200, "canceled"), "declined": (200, "canceled")},
    "done": only("confirmed", "marked as done") | {"confirmed": (409, NOT_YET), "in_progress": (200, "done")},
    "cancel": only("pending, paid or confirmed", "canceled")
    | {
        "pending_payment": (200, "canceled"),
        "pending_approval": (200, "canceled"),
        "confirmed": (200, "canceled"),
        "in_progress": (409, "A booking that is in progress can no longer be canceled."),
    },
}
# Late money gives an expired booking back its time, so it may still be recorded.
TABLE["record-payment"]["expired"] = (200, "paid")


@pytest.fixture(autouse=True)
def no_limits(settings: Any) -> None:
    settings.HOLDFAST_LIMITS = dict.fromkeys(settings.HOLDFAST_LIMITS, 0)


@pytest.fixture
def people(academy: Academy, customer: User, sandbox: Sandbox) -> dict[str, Api]:
    users = {
        "customer": customer,
        "other customer": new_user(),
        "coach": academy.coach,
        "other coach": academy.other_coach,
        "staff": new_member(academy.practice, "staff"),
        "outsider": new_member(new_practice(sandbox, slug="elsewhere"), "owner"),
    }
    return {name: api_of(user) for name, user in users.items()} | {"nobody": Api()}


def in_state(state: str, academy: Academy, customer: User, sandbox: Sandbox) -> Booking:
    """A booking that has come to this state as bookings do."""
    made: dict[str, Callable[[], Booking]] = {
        "pending_payment": lambda: academy.reserved(customer),
        "pending_approval": lambda: academy.paid(sandbox, customer),
    }
    booking = made.get(state, lambda: _far(state, academy, customer, sandbox))()
    booking.refresh_from_db()
    assert booking.state == state
    return booking


def _far(state: str, academy: Academy, customer: User, sandbox: Sandbox) -> Booking:
    if state == "expired":
        booking = academy.reserved(customer)
        expire_orders(now=utc_now() + timedelta(hours=1))
        return booking
    if state in ("declined", "canceled"):
        booking = academy.paid(sandbox, customer)
        end = decline_booking if state == "declined" else cancel_booking
        by = academy.coach if state == "declined" else customer
        end(booking.reference, by=by, trade=TRADE, now=utc_now())
        return booking
    booking = academy.accepted(sandbox, customer)
    then: dict[str, Callable[..., None]] = {
        "in_progress": begin_booking,
        "completed": complete_booking,
        "no_show": miss_booking,
    }
    if state in then:
        then[state](booking.reference, by=academy.coach, trade=TRADE, now=booking.starts_at)
    return booking


def everything() -> list[Any]:
    """All that could have moved."""
    return [
        list(Booking.objects.order_by("pk").values_list("pk", "state", "starts_at", "answer_by")),
        list(Order.objects.order_by("pk").values_list("pk", "state")),
        list(Payment.objects.order_by("pk").values_list("pk", "state", "captured", "refunded", "wins")),
        list(Allocation.objects.order_by("pk").values_list("pk", "state")),
        Transaction.objects.count(),
        Transition.objects.count(),
    ]


def expected(event: str, state: str, actor: str) -> tuple[int, str]:
    if actor == "nobody":
        return 401, SIGN_IN
    return TABLE[event][state] if actor in MAY[event] else (403, NOT_YOURS)


def ask(api: Api, event: str, booking: Booking) -> tuple[int, str]:
    answer = api.send(f"{A}/booking/{booking.pk}/{event}/", SENDS.get(event))
    said = answer.json()
    return answer.status_code, said["status"] if answer.status_code == 200 else said["error"]


@pytest.mark.parametrize("state", STATES)
def test_whatever_is_refused_is_refused_in_its_words_and_moves_nothing(
    academy: Academy, people: dict[str, Api], customer: User, sandbox: Sandbox, state: str
) -> None:
    booking = in_state(state, academy, customer, sandbox)
    refused = [
        (event, actor) for event, actor in product(TABLE, ACTORS) if expected(event, state, actor)[0] != 200
    ]
    before = everything()

    answers = {(event, actor): ask(people[actor], event, booking) for event, actor in refused}

    assert answers == {(event, actor): expected(event, state, actor) for event, actor in refused}
    assert everything() == before


DONE = [
    (state, event, actor)
    for state, event, actor in product(STATES, TABLE, ACTORS)
    if expected(event, state, actor)[0] == 200
]


@pytest.mark.parametrize(("state", "event", "actor"), DONE, ids="-".join)
def test_whatever_may_be_done_is_done(
    academy: Academy,
    people: dict[str, Api],
    customer: User,
    sandbox: Sandbox,
    state: str,
    event: str,
    actor: str,
) -> None:
    booking = in_state(state, academy, customer, sandbox)

    answer = ask(people[actor], event, booking)

    assert answer == (200, TABLE[event][state][1])
    assert WORDS[Booking.objects.get().state] == answer[1]


def test_the_table_speaks_of_every_state_and_of_all_that_can_be_sent() -> None:
    assert {event: set(row) for event, row in TABLE.items()} == {event: set(STATES) for event in MAY}

"""Rescheduling: the time moves, the order stays paid; refused, everything stands as it was."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.core import mail

from holdfast.availability.actions import claim, claim_again, release
from holdfast.availability.lifecycle import KEEPS_TIME
from holdfast.availability.models import Allocation
from holdfast.availability.queries import as_period, holds_all
from holdfast.availability.wanted import Wanted
from holdfast.booking.models import Booking
from holdfast.catalog.models import Offering
from holdfast.flows.audit import look_for_wrongs
from holdfast.flows.cancellation import Owed, cancel_booking
from holdfast.flows.rescheduling import reschedule_booking
from holdfast.flows.settlement import settle
from holdfast.kernel.errors import Conflict, Invalid, MoveRefused, NotFound, SlotTaken
from holdfast.kernel.period import Period
from holdfast.orders.models import Line, Order
from holdfast.payments.models import Payment, Transaction
from holdfast.platform.db import transaction
from holdfast.platform.models import Transition, User
from tests.flows.books import everything, jobs
from tests.flows.died import Died, died_after
from tests.support.booked import booked
from tests.support.practice import DAY, NOW, Practice, new_member, new_practice, new_user
from tests.support.racing import kinds, race
from tests.support.sandbox import Sandbox
from tests.support.worker import work

pytestmark = pytest.mark.spec("GEN-12", "AST-9")
START = NOW + timedelta(days=1)  # ten o'clock on DAY, in Kolkata
HALF_AN_HOUR, AN_HOUR = timedelta(minutes=30), timedelta(hours=1)
TWO = Period(START + 4 * AN_HOUR, START + 4 * AN_HOUR + HALF_AN_HOUR)
LATER = NOW - AN_HOUR


def at(clock: str, day: str = DAY) -> datetime:
    return datetime.fromisoformat(f"{day}T{clock}")


def move(reference: str, clock: str, *, by: User, now: datetime = LATER, day: str = DAY) -> None:
    reschedule_booking(reference, at(clock, day), by=by, trade="astrology", now=now)


def kept_by(reference: str) -> list[Period]:
    """What is kept for a booking now."""
    owner = Booking.objects.get(reference=reference).line.owner
    kept = Allocation.objects.filter(owner=owner, state__in=KEEPS_TIME)
    return [as_period(one.period) for one in kept]


@pytest.fixture
def reference(practice: Practice, sandbox: Sandbox, customer: User) -> str:
    """The customer's booking for ten o'clock, made and paid for two days before."""
    return booked(practice, sandbox, user=customer, now=NOW - timedelta(days=1))


@pytest.mark.spec("BC-18")
def test_a_booking_moves_and_its_order_stays_paid(customer: User, reference: str) -> None:
    payments, movements = list(Payment.objects.values()), list(Transaction.objects.values())
    order = Order.objects.values().get()

    move(reference, "14:00", by=customer)

    booking, line = Booking.objects.get(), Line.objects.get()
    assert (booking.state, booking.period, line.period) == ("confirmed", TWO, TWO)
    assert kept_by(reference) == [TWO]
    assert sorted(Allocation.objects.values_list("state", flat=True)) == ["released", "taken"]
    assert list(Payment.objects.values()) == payments
    assert list(Transaction.objects.values()) == movements
    assert Order.objects.values().get() == order
    assert look_for_wrongs(now=NOW) == []


def test_the_move_is_told_with_both_times_and_who_did_it(customer: User, reference: str) -> None:
    move(reference, "14:00", by=customer)

    last = Transition.objects.filter(subject="booking").latest("seq")
    assert (last.before, last.event, last.after) == ("confirmed", "reschedule", "confirmed")
    assert last.actor == f"customer:{customer.pk}"
    assert last.reason == f"from {DAY} 04:30 to {DAY} 08:30 UTC"


def test_a_booking_may_move_into_its_own_old_time(practice: Practice, customer: User, reference: str) -> None:
    Offering.objects.update(slot_step=timedelta(minutes=15))

    move(reference, "10:15", by=customer)

    quarter = timedelta(minutes=15)
    assert kept_by(reference) == [Period(START + quarter, START + quarter + HALF_AN_HOUR)]
    assert look_for_wrongs(now=NOW) == []


def test_a_booking_moves_as_often_as_it_likes_and_back(customer: User, reference: str) -> None:
    for minutes, clock in enumerate(["14:00", "11:00", "10:00"]):
        move(reference, clock, by=customer, now=LATER + timedelta(minutes=minutes))

    assert kept_by(reference) == [Period(START, START + HALF_AN_HOUR)]
    assert Booking.objects.get().period == Period(START, START + HALF_AN_HOUR)
    assert Booking.objects.get().seq == 3
    assert look_for_wrongs(now=NOW) == []


@pytest.mark.spec("BC-18")
def test_a_move_that_is_refused_leaves_the_old_time_standing(
    practice: Practice, sandbox: Sandbox, customer: User, reference: str
) -> None:
    booked(practice, sandbox, at="14:00", now=LATER)
    before, waiting = everything(), jobs()

    with pytest.raises(SlotTaken) as refused:
        move(reference, "14:00", by=customer)

    assert everything() == before
    assert jobs() == waiting
    nearest = [slot.period.start for slot in refused.value.nearest]
    assert {TWO.start - HALF_AN_HOUR, TWO.end} <= set(nearest)
    assert TWO.start not in nearest


@pytest.mark.spec("BC-18")
def test_without_one_transaction_for_both_a_refused_move_loses_the_old_time(
    practice: Practice, sandbox: Sandbox, reference: str
) -> None:
    """The negative control: the old time is given back first, and that is not undone."""
    booked(practice, sandbox, at="14:00", now=LATER)
    owner = Booking.objects.get(reference=reference).line.owner

    with transaction():
        release(owner)
    with pytest.raises(SlotTaken), transaction():
        claim([Wanted(practice.person.pk, 1, TWO)], owner=owner, until=None, now=LATER)

    assert kept_by(reference) == []
    assert [wrong.check for wrong in look_for_wrongs(now=NOW)] == ["booking without its time"]


STEPS = (
    'UPDATE "holdfast_booking_booking"',
    'UPDATE "holdfast_orders_line"',
    'UPDATE "holdfast_availability_allocation"',
    'INSERT INTO "holdfast_availability_allocation"',
    "procrastinate_defer_job",
)


@pytest.mark.spec("BC-7", "BC-18")
@pytest.mark.parametrize("step", STEPS)
def test_a_move_that_is_killed_at_any_step_was_never_made(customer: User, reference: str, step: str) -> None:
    before, waiting = everything(), jobs()

    with pytest.raises(Died), died_after(step):
        move(reference, "14:00", by=customer)

    assert everything() == before
    assert jobs() == waiting
    move(reference, "14:00", by=customer)
    assert kept_by(reference) == [TWO]


@pytest.mark.spec("BC-18", "BC-1")
def test_of_eight_who_want_the_same_time_one_moves_and_the_others_stand(
    practice: Practice, sandbox: Sandbox
) -> None:
    people = [new_user() for _ in range(8)]
    clocks = ["10:00", "10:30", "11:00", "11:30", "12:00", "12:30", "13:00", "13:30"]
    theirs = [
        booked(practice, sandbox, user=who, at=clock, now=NOW - timedelta(days=1))
        for who, clock in zip(people, clocks, strict=True)
    ]

    results = race([partial(move, one, "16:00", by=who) for one, who in zip(theirs, people, strict=True)])

    assert kinds(results) == {"NoneType": 1, "SlotTaken": 7}
    assert [len(kept_by(one)) for one in theirs] == [1] * 8
    assert look_for_wrongs(now=NOW) == []


@pytest.mark.spec("BC-18", "BC-25")
def test_two_who_want_each_others_time_are_both_refused_without_waiting_for_each_other(
    practice: Practice, sandbox: Sandbox
) -> None:
    one, other = new_user(), new_user()
    early = booked(practice, sandbox, user=one, at="10:00", now=NOW - timedelta(days=1))
    late = booked(practice, sandbox, user=other, at="14:00", now=NOW - timedelta(days=1))
    before = everything()

    results = race([partial(move, early, "14:00", by=one), partial(move, late, "10:00", by=other)])

    assert kinds(results) == {"SlotTaken": 2}
    assert everything() == before


def test_a_move_and_a_cancellation_at_once_end_canceled_and_paid_back_once(
    customer: User, reference: str
) -> None:
    stories: list[Callable[[], Owed | None]] = [
        partial(move, reference, "14:00", by=customer),
        partial(cancel_booking, reference, by=customer, trade="astrology", now=LATER),
    ]

    results = race(stories)

    assert kinds(results) in ({"MoveRefused": 1, "Owed": 1}, {"NoneType": 1, "Owed": 1})
    assert isinstance(results[1], Owed)
    assert kept_by(reference) == []
    assert [one.amount for one in Transaction.objects.filter(kind="refund")] == [99_950]
    assert look_for_wrongs(now=NOW) == []


@pytest.mark.parametrize(
    ("clock", "days", "field"),
    [
        ("03:00", 0, "time"),
        ("10:10", 0, "time"),
        ("10:00", 0, "time"),
        ("14:00", 500, "time"),
        ("14:00", -9, "date"),
    ],
)
def test_a_time_that_cannot_be_chosen_is_refused(
    customer: User, reference: str, clock: str, days: int, field: str
) -> None:
    before = everything()
    day = (datetime.fromisoformat(DAY) + timedelta(days=days)).date().isoformat()

    with pytest.raises(Invalid) as refused:
        move(reference, clock, by=customer, day=day)

    assert list(refused.value.fields) == [field]
    assert everything() == before


def test_a_customer_moves_it_until_a_day_before_and_the_business_also_later(
    practice: Practice, customer: User, reference: str
) -> None:
    staff = new_member(practice, "staff")
    before = everything()

    with pytest.raises(Conflict, match="too late"):
        move(reference, "14:00", by=customer, now=NOW + timedelta(seconds=1))
    assert everything() == before
    move(reference, "14:00", by=staff, now=NOW + timedelta(seconds=1))

    assert kept_by(reference) == [TWO]
    assert Transition.objects.filter(subject="booking").latest("seq").actor == f"staff:{staff.pk}"


def test_a_customer_moves_nothing_whose_terms_do_not_let_it_be_moved(customer: User, reference: str) -> None:
    order = Order.objects.get()
    Order.objects.update(terms_placed={**order.terms_placed, "may_reschedule": False})
    before = everything()

    with pytest.raises(Conflict, match="cannot be moved"):
        move(reference, "14:00", by=customer)

    assert everything() == before


def test_what_is_canceled_does_not_move(customer: User, reference: str) -> None:
    cancel_booking(reference, by=customer, trade="astrology", now=LATER)
    before = everything()

    with pytest.raises(MoveRefused):
        move(reference, "14:00", by=customer)

    assert everything() == before


@pytest.mark.spec("BC-19")
def test_nobody_else_moves_it(practice: Practice, sandbox: Sandbox, reference: str) -> None:
    other = new_practice(sandbox, slug="other")
    before = everything()

    for stranger in (new_user(), new_member(practice, "provider"), new_member(other, "owner")):
        with pytest.raises(NotFound):
            move(reference, "14:00", by=stranger)

    assert everything() == before


@pytest.mark.spec("BC-18")
def test_settling_a_moved_booking_again_changes_nothing(customer: User, reference: str) -> None:
    move(reference, "14:00", by=customer)
    before = everything()

    settle(Payment.objects.get().pk, now=LATER)

    assert everything() == before


@pytest.mark.spec("BC-18")
def test_what_a_moved_line_claims_again_is_its_new_time(customer: User, reference: str) -> None:
    move(reference, "14:00", by=customer)
    owner = Booking.objects.get().line.owner

    with transaction():
        had = claim_again(owner, now=NOW)

    assert had
    assert kept_by(reference) == [TWO]


@pytest.mark.spec("BC-18")
def test_whoever_holds_another_time_than_before_holds_all_of_it(practice: Practice) -> None:
    first = Period(START, START + HALF_AN_HOUR)
    for minutes, period in enumerate((first, TWO)):
        with transaction():
            release("line:1")
            wanted = [Wanted(practice.person.pk, 1, period)]
            claim(wanted, owner="line:1", until=START, now=NOW + timedelta(minutes=minutes))

    with transaction():
        assert holds_all("line:1")
        release("line:1")
        assert not holds_all("line:1")


@pytest.mark.spec("GEN-13")
def test_every_move_is_told_once_in_text_and_html(customer: User, reference: str) -> None:
    move(reference, "14:00", by=customer)
    work()
    move(reference, "15:00", by=customer, now=LATER + timedelta(minutes=1))
    work()

    booking = Booking.objects.get()
    ids = [sent.extra_headers["Message-ID"] for sent in mail.outbox]
    assert ids == [
        f"<confirmed.booking.{booking.pk}@localhost>",
        f"<rescheduled.booking.{booking.pk}.1@localhost>",
        f"<rescheduled.booking.{booking.pk}.2@localhost>",
    ]
    message: Any = mail.outbox[-1]
    for said in (str(message.body), str(message.alternatives[0][0])):
        assert "Gemstone Consultation has moved" in said
        assert "15:00–15:30 (Asia/Kolkata time)" in said
        assert ", 14:00" in said
        assert "nothing to pay" in said

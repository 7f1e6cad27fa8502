"""Money that is reserved for several services at once, and money for what an order asks for later."""

from __future__ import annotations

from datetime import timedelta

import pytest

from holdfast.booking.models import Rescheduling
from holdfast.flows.approval import approve_booking, decline_booking
from holdfast.flows.cancellation import cancel_booking
from holdfast.flows.moving import expire_moves
from holdfast.flows.resolving import resolve
from holdfast.kernel.errors import Conflict
from holdfast.orders.dues import Kind
from holdfast.payments.models import Payment, Transaction
from tests.flows.books import everything
from tests.support.practice import NOW, Practice, new_member
from tests.support.sandbox import Sandbox
from tests.support.shop import DEPOSIT, Story, another, at, bought, moved, paid, three_of
from tests.support.ways import (
    AUTHORIZE,
    HOLD,
    HOLD_AT_ONCE,
    PRICE,
    SOON,
    TRADE,
    assert_all_is_well,
    at_the_gateway,
    calls_since,
    emails,
)
from tests.support.worker import work

pytestmark = pytest.mark.spec("BC-2", "GEN-11")
LATER = SOON + timedelta(hours=1)
WHOLE = 99_900 + PRICE + 50_001  # what three_of() cost together


@pytest.fixture
def three(practice: Practice, reserving: Sandbox) -> Story:
    """Three services whose money is reserved in one sum, and which wait for their answer."""
    return bought(reserving, *three_of(practice), terms=AUTHORIZE)


def test_accepting_one_of_them_takes_the_one_sum_and_accepts_them_all(
    practice: Practice, reserving: Sandbox, three: Story
) -> None:
    owner = new_member(practice, "owner")
    before = reserving.calls()

    approve_booking(three.bookings[1].reference, by=owner, trade=TRADE, now=SOON)

    assert three.states == ["completed", "confirmed", "confirmed", "confirmed"]
    assert (three.payment.captured, calls_since(reserving, before)) == (WHOLE, {"capture": 1})
    assert emails() == ["received"] * 3 + ["confirmed"] * 3
    assert_all_is_well()


def test_declining_one_of_them_sets_the_one_sum_free_and_declines_them_all(
    practice: Practice, reserving: Sandbox, three: Story
) -> None:
    owner = new_member(practice, "owner")

    decline_booking(three.bookings[1].reference, by=owner, trade=TRADE, now=SOON)
    work()

    assert three.states == ["canceled", "declined", "declined", "declined"]
    assert at_the_gateway(reserving, three.payment.reference) == ("voided", 0)
    assert [three.keeps(which=which) for which in range(3)] == [[], [], []]
    assert_all_is_well()


def test_one_of_them_is_not_canceled_by_itself_before_the_sum_is_taken(
    practice: Practice, reserving: Sandbox, three: Story
) -> None:
    before = everything()

    with pytest.raises(Conflict, match="reserved together with that of other bookings"):
        cancel_booking(three.bookings[1].reference, by=three.user, trade=TRADE, now=SOON)
    assert everything() == before

    approve_booking(three.booking.reference, by=new_member(practice, "owner"), trade=TRADE, now=SOON)
    owed = cancel_booking(three.bookings[1].reference, by=three.user, trade=TRADE, now=SOON)
    assert owed.refund.amount == PRICE
    assert three.states == ["completed", "confirmed", "canceled", "confirmed"]
    assert_all_is_well()


def test_a_capture_that_fails_sends_all_of_them_back_to_payment(
    practice: Practice, reserving: Sandbox, three: Story
) -> None:
    reserving.arm("capture_declined", only=three.payment.reference)

    with pytest.raises(Conflict):
        approve_booking(three.booking.reference, by=new_member(practice, "owner"), trade=TRADE, now=SOON)

    assert three.states == ["placed", "pending_payment", "pending_payment", "pending_payment"]
    assert [[state for _, state in three.keeps(which=which)] for which in range(3)] == [["held"]] * 3
    assert_all_is_well()


def test_where_the_money_was_taken_each_is_answered_by_itself(practice: Practice, sandbox: Sandbox) -> None:
    three = bought(sandbox, *three_of(practice), terms=HOLD)
    owner = new_member(practice, "owner")

    approve_booking(three.bookings[0].reference, by=owner, trade=TRADE, now=SOON)
    decline_booking(three.bookings[1].reference, by=owner, trade=TRADE, now=SOON)

    assert three.states == ["completed", "confirmed", "declined", "pending_approval"]
    assert three.refunds() == [(PRICE, "pending")]
    assert [len(three.keeps(which=which)) for which in range(3)] == [1, 0, 1]
    assert_all_is_well()


# ---- what an order asks for later, from an account that only reserves ----------------------------------


def resolved(*, now: object = SOON) -> None:
    """What the worker does about the capture or void that is under way."""
    movement = Transaction.objects.get(kind__in=("capture", "void"), state__in=("pending", "unknown"))
    resolve(movement.pk, now=now)  # type: ignore[arg-type]  # a datetime


@pytest.fixture
def deposited(practice: Practice, only_reserving: Sandbox) -> Story:
    """A booking whose deposit was reserved, and then taken."""
    story = bought(only_reserving, at(practice.offering, "10:00"), terms=DEPOSIT)
    resolved()
    assert story.states == ["completed", "confirmed"]
    return story


def test_a_balance_that_is_reserved_is_taken_at_once_and_told_of_when_it_has_been(
    only_reserving: Sandbox, deposited: Story
) -> None:
    payment = paid(only_reserving, deposited, Kind.BALANCE)
    assert (payment.state, payment.wins, emails()) == ("authorized", True, ["confirmed"])
    assert_all_is_well()

    resolved()

    payment = deposited.payment
    assert (payment.state, payment.captured, payment.wins) == ("captured", payment.amount, True)
    assert deposited.asks() == []
    assert emails() == ["confirmed", "paid"]
    assert_all_is_well()


def test_a_balance_that_cannot_be_taken_is_asked_for_as_before_and_the_booking_stands(
    only_reserving: Sandbox, deposited: Story
) -> None:
    payment = paid(only_reserving, deposited, Kind.BALANCE)
    only_reserving.arm("capture_declined", only=payment.reference)

    resolved()

    assert deposited.states == ["completed", "confirmed"]
    assert [state for _, state in deposited.keeps()] == ["taken"]
    assert deposited.asks() == [("balance", payment.amount)]
    assert emails() == ["confirmed"]
    assert_all_is_well()
    resolved()
    paid(only_reserving, deposited, Kind.BALANCE, now=LATER)
    resolved(now=LATER)
    assert deposited.asks() == []
    assert_all_is_well(now=LATER)


@pytest.fixture
def dearer(practice: Practice, only_reserving: Sandbox) -> Story:
    """A booking that is to move to a dearer service, whose difference has been reserved."""
    story = bought(only_reserving, at(practice.offering, "10:00"), terms=HOLD_AT_ONCE)
    resolved()
    moved(story, "12:00", to=another(practice, price=PRICE + 50_000))
    paid(only_reserving, story, Kind.DIFFERENCE)
    return story


def test_a_move_whose_difference_is_reserved_is_carried_out_when_it_has_been_taken(dearer: Story) -> None:
    assert Rescheduling.objects.get().state == "waiting"
    begins = dearer.booking.starts_at

    resolved()

    assert Rescheduling.objects.get().state == "done"
    assert dearer.booking.starts_at == begins + timedelta(hours=2)
    assert dearer.adds_up
    assert dearer.asks() == []
    assert_all_is_well()


def test_a_move_whose_difference_cannot_be_taken_leaves_the_booking_where_it_was(
    only_reserving: Sandbox, dearer: Story
) -> None:
    begins = dearer.booking.starts_at
    only_reserving.arm("capture_declined", only=dearer.payment.reference)

    resolved()
    expire_moves(now=NOW + timedelta(days=1))

    assert Rescheduling.objects.get().state == "expired"
    assert (dearer.booking.starts_at, dearer.states) == (begins, ["completed", "confirmed"])
    assert dearer.asks() == []
    resolved()
    assert_all_is_well()


def test_a_difference_that_is_taken_when_the_move_has_been_given_up_goes_back(
    only_reserving: Sandbox, dearer: Story
) -> None:
    begins = dearer.booking.starts_at
    expire_moves(now=NOW + timedelta(days=1))

    resolved()

    payment = dearer.payment
    assert (payment.wins, payment.captured, payment.refunding) == (False, 50_000, 50_000)
    assert (dearer.booking.starts_at, dearer.states) == (begins, ["completed", "confirmed"])
    assert emails()[-1] == "refunded"
    assert_all_is_well()
    work()
    assert at_the_gateway(only_reserving, Payment.objects.latest("pk").reference) == ("captured", 50_000)
    assert_all_is_well()

"""Moving to a dearer time: it is held, and the old one stands, until the difference has been paid."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import pytest

from holdfast.availability.models import Allocation
from holdfast.booking.models import Booking, Rescheduling
from holdfast.catalog.models import Offering
from holdfast.flows.completion import complete_booking
from holdfast.flows.moving import expire_moves
from holdfast.flows.rescheduling import reschedule_booking
from holdfast.kernel.errors import Conflict, HoldExpired, NotFound, SlotTaken
from holdfast.kernel.period import Period
from holdfast.orders.dues import Kind
from holdfast.orders.models import Due
from holdfast.platform.models import User
from tests.flows.books import everything
from tests.support.practice import NOW, Practice, new_member, new_user
from tests.support.racing import kinds, race
from tests.support.sandbox import Sandbox
from tests.support.shop import (
    CART,
    LATE,
    Story,
    another,
    at,
    bought,
    canceled,
    comes_in,
    goes_back,
    kept_for,
    moved,
    ordered,
    paid,
    paying,
    waiting_moves,
)
from tests.support.ways import FAR, PRICE, SOON, TRADE, assert_all_is_well, at_the_gateway
from tests.support.without import without

pytestmark = pytest.mark.spec("GEN-12")
DEARER, CHEAPER = PRICE + 50_000, PRICE - 50_000
DAYS = timedelta(days=1)
TEN = NOW + 12 * DAYS  # in Kolkata, on FAR
HOUR, HALF = timedelta(hours=1), timedelta(minutes=30)
AT_TEN, AT_TWO = Period(TEN, TEN + HALF), Period(TEN + 4 * HOUR, TEN + 4 * HOUR + HALF)


@pytest.fixture
def story(practice: Practice, sandbox: Sandbox) -> Story:
    """A booking for ten o'clock in twelve days, paid."""
    return bought(sandbox, at(practice.offering, "10:00"))


@pytest.fixture
def dearer(practice: Practice) -> Offering:
    return another(practice, price=DEARER)


def held_for_it(story: Story) -> list[tuple[Period, str]]:
    """What is kept for the move that waits."""
    return [kept for one in waiting_moves(story) for kept in kept_for(one.owner)]


def test_a_dearer_one_is_held_and_the_old_one_stands_until_the_difference_is_paid(
    story: Story, dearer: Offering
) -> None:
    done = moved(story, "14:00", to=dearer)

    assert done.due is not None
    assert story.asks() == [("difference", 50_000)]
    assert (story.when, story.booking.state) == (AT_TEN, "confirmed")
    assert story.keeps() == [(AT_TEN, "taken")]
    assert held_for_it(story) == [(AT_TWO, "held")]
    assert story.order.total == PRICE
    assert_all_is_well()


def test_paid_it_moves(story: Story, dearer: Offering, sandbox: Sandbox) -> None:
    moved(story, "14:00", to=dearer)

    difference = paid(sandbox, story, Kind.DIFFERENCE)

    assert (difference.captured, difference.wins) == (50_000, True)
    assert (story.when, story.lines[0].offering) == (AT_TWO, dearer)
    assert story.keeps() == [(AT_TWO, "taken")]
    assert [one.state for one in Rescheduling.objects.all()] == ["done"]
    assert story.order.total == DEARER
    assert story.adds_up
    assert story.asks() == []
    assert_all_is_well()


def test_canceled_then_all_of_both_payments_goes_back(
    story: Story, dearer: Offering, sandbox: Sandbox
) -> None:
    moved(story, "14:00", to=dearer)
    paid(sandbox, story, Kind.DIFFERENCE)

    owed = canceled(story)
    goes_back(sandbox)

    assert owed.refund.amount == DEARER
    assert [at_the_gateway(sandbox, one.reference)[1] for one in story.payments] == [PRICE, 50_000]
    assert story.states == ["canceled", "canceled"]
    assert_all_is_well()


@pytest.mark.parametrize("clock", ["10:30", "11:00"])
def test_a_longer_dearer_one_that_meets_the_old_time_is_held_beside_it(
    story: Story, practice: Practice, sandbox: Sandbox, clock: str
) -> None:
    long = another(practice, price=DEARER, duration=timedelta(minutes=90), slot_step=HALF)
    begins = Period(TEN, TEN + timedelta(minutes=90))

    moved(story, "10:00", to=long)
    both = [*story.keeps(), *held_for_it(story)]
    paid(sandbox, story, Kind.DIFFERENCE)

    assert both == [(AT_TEN, "taken"), (begins, "held")]
    assert story.when == begins
    assert story.keeps() == [(begins, "taken")]
    with pytest.raises(SlotTaken):
        ordered(at(practice.offering, clock))
    assert_all_is_well()


def test_nobody_else_can_have_the_time_that_is_held_for_a_move(
    story: Story, dearer: Offering, practice: Practice
) -> None:
    moved(story, "14:00", to=dearer)
    before = everything()

    with pytest.raises(SlotTaken):
        ordered(at(practice.offering, "14:00"))

    assert everything() == before


def test_unpaid_it_is_given_up_and_asks_for_nothing_any_more(
    story: Story, dearer: Offering, practice: Practice
) -> None:
    moved(story, "14:00", to=dearer)

    assert expire_moves(now=SOON + timedelta(minutes=1)) == 0
    assert expire_moves(now=LATE) == 1
    assert expire_moves(now=LATE) == 0

    assert [one.state for one in Rescheduling.objects.all()] == ["expired"]
    assert (story.when, story.booking.state) == (AT_TEN, "confirmed")
    assert story.keeps() == [(AT_TEN, "taken")]
    assert story.due(Kind.DIFFERENCE).withdrawn_at == LATE
    with pytest.raises(Conflict, match="Nothing is to be paid"):
        paying(story, Kind.DIFFERENCE, now=LATE)
    assert ordered(at(practice.offering, "14:00"), now=LATE).order.state == "placed"
    assert_all_is_well(now=LATE)


@pytest.mark.spec("BC-9")
def test_difference_money_that_comes_after_it_was_given_up_goes_back(
    story: Story, dearer: Offering, sandbox: Sandbox
) -> None:
    moved(story, "14:00", to=dearer)
    difference = paying(story, Kind.DIFFERENCE)
    expire_moves(now=LATE)
    expire_moves(now=LATE + HOUR)

    late = comes_in(sandbox, difference.reference, now=LATE + HOUR)
    goes_back(sandbox, now=LATE + HOUR)

    assert (late.captured, late.wins, late.reason) == (50_000, False, "too late")
    assert at_the_gateway(sandbox, difference.reference)[1] == 50_000
    assert story.when == AT_TEN
    assert_all_is_well(now=LATE + HOUR)


@pytest.mark.spec("BC-9")
def test_difference_money_for_a_time_that_a_rival_has_had_meanwhile_goes_back(
    story: Story, dearer: Offering, practice: Practice, sandbox: Sandbox
) -> None:
    """The hold has run out, nobody has swept it up yet, and somebody else is quicker."""
    moved(story, "14:00", to=dearer)
    difference = paying(story, Kind.DIFFERENCE)
    after = LATE + HOUR
    rival = ordered(at(practice.offering, "14:00"), now=after)

    with pytest.raises(HoldExpired):
        paying(story, Kind.DIFFERENCE, now=after, anew=True)
    late = comes_in(sandbox, difference.reference, now=after)
    expire_moves(now=after)
    goes_back(sandbox, now=after)

    assert (late.wins, late.reason) == (False, "slot_lost")
    assert at_the_gateway(sandbox, difference.reference)[1] == 50_000
    assert (story.when, story.booking.state) == (AT_TEN, "confirmed")
    assert rival.order.state == "placed"
    assert_all_is_well(now=after)


def test_canceled_while_it_waits_the_difference_goes_back(
    story: Story, dearer: Offering, sandbox: Sandbox
) -> None:
    moved(story, "14:00", to=dearer)
    difference = paying(story, Kind.DIFFERENCE)
    owed = canceled(story)
    kept = [*story.keeps(), *held_for_it(story)]

    late = comes_in(sandbox, difference.reference)
    goes_back(sandbox)

    assert owed.refund.amount == PRICE
    assert kept == []
    assert [one.state for one in Rescheduling.objects.all()] == ["withdrawn"]
    assert (late.wins, late.reason, late.captured) == (False, "canceled", 50_000)
    assert at_the_gateway(sandbox, difference.reference)[1] == 50_000
    assert story.states == ["canceled", "canceled"]
    assert_all_is_well()


def test_one_that_was_given_meanwhile_moves_no_more_and_the_difference_goes_back(
    practice: Practice, dearer: Offering, sandbox: Sandbox
) -> None:
    anytime = replace(CART, reschedule_notice=0)
    story = bought(sandbox, at(practice.offering, "10:00"), terms=anytime)
    just_before = TEN - timedelta(minutes=1)
    sandbox.advance((just_before - NOW).total_seconds() + 6 * DAYS.total_seconds())
    moved(story, "14:00", to=dearer, now=just_before)
    difference = paying(story, Kind.DIFFERENCE, now=just_before)
    owner = new_member(practice, "owner")
    complete_booking(story.booking.reference, by=owner, trade=TRADE, now=TEN)

    late = comes_in(sandbox, difference.reference, now=TEN)

    assert (late.wins, late.reason, late.left) == (False, "slot_lost", 0)
    assert (story.booking.state, story.booking.period) == ("completed", AT_TEN)


def test_a_second_move_takes_the_place_of_the_one_that_waits(
    story: Story, dearer: Offering, practice: Practice, sandbox: Sandbox
) -> None:
    moved(story, "14:00", to=dearer)
    first = paying(story, Kind.DIFFERENCE)
    dearest = another(practice, price=DEARER + 10_000)

    moved(story, "15:00", to=dearest)
    late = comes_in(sandbox, first.reference)
    won = paid(sandbox, story, Kind.DIFFERENCE)

    assert [one.state for one in Rescheduling.objects.order_by("pk")] == ["withdrawn", "done"]
    assert (late.wins, late.reason, late.left) == (False, "too late", 0)
    assert (won.wins, won.captured) == (True, 60_000)
    assert story.when.start == TEN + 5 * HOUR
    assert story.order.total == DEARER + 10_000
    assert_all_is_well()


def test_a_second_move_at_the_old_price_lets_the_waiting_one_go(
    story: Story, dearer: Offering, sandbox: Sandbox
) -> None:
    moved(story, "14:00", to=dearer)

    done = moved(story, "15:00")

    assert done.due is None
    assert story.when.start == TEN + 5 * HOUR
    assert waiting_moves(story) == []
    assert story.asks() == []
    assert_all_is_well()


def test_a_second_move_that_is_refused_leaves_the_waiting_one(
    story: Story, dearer: Offering, practice: Practice
) -> None:
    moved(story, "14:00", to=dearer)
    ordered(at(practice.offering, "15:00"))
    before = everything()
    waits = waiting_moves(story)

    with pytest.raises(SlotTaken):
        moved(story, "15:00", to=dearer)

    assert everything() == before
    assert waiting_moves(story) == waits
    assert story.asks() == [("difference", 50_000)]


def test_a_second_payment_of_a_difference_that_has_gone_back_goes_back_too(
    story: Story, dearer: Offering, sandbox: Sandbox
) -> None:
    old = story.lines[0].offering
    moved(story, "14:00", to=dearer)
    first, second = (paying(story, Kind.DIFFERENCE, anew=True) for _ in range(2))
    comes_in(sandbox, first.reference)
    moved(story, "10:00", to=old)

    late = comes_in(sandbox, second.reference)

    assert (late.wins, late.reason, late.left) == (False, "paid twice", 0)
    assert (story.when, story.booking.state) == (AT_TEN, "confirmed")
    assert_all_is_well()


def test_of_two_payments_of_a_difference_one_moves_it_and_the_other_goes_back(
    story: Story, dearer: Offering, sandbox: Sandbox
) -> None:
    moved(story, "14:00", to=dearer)
    first, second = (paying(story, Kind.DIFFERENCE, anew=True) for _ in range(2))

    won, lost = (comes_in(sandbox, one.reference) for one in (first, second))

    assert (won.wins, lost.wins, lost.reason, lost.left) == (True, False, "paid twice", 0)
    assert story.when == AT_TWO
    assert_all_is_well()


def test_nobody_moves_or_pays_for_anothers(story: Story, dearer: Offering) -> None:
    with pytest.raises(NotFound):
        moved(story, "14:00", to=dearer, by=new_user())
    moved(story, "14:00", to=dearer)
    before = everything()

    with pytest.raises(NotFound):
        paying(Story(story.order_id, new_user()), Kind.DIFFERENCE)

    assert everything() == before


@pytest.mark.spec("BC-1", "BC-18")
def test_of_eight_who_move_to_one_dearer_time_at_once_one_holds_it(
    practice: Practice, sandbox: Sandbox, dearer: Offering
) -> None:
    stories = [bought(sandbox, at(practice.offering, f"{hour:02}:00")) for hour in range(9, 17)]
    starts_at = datetime.fromisoformat(f"{FAR}T18:00")
    target = Offering.objects.select_related("business").get(pk=dearer.pk)

    def move(reference: str, user: User) -> object:
        return reschedule_booking(reference, starts_at, by=user, trade=TRADE, now=SOON, offering=target)

    results = race([partial(move, one.booking.reference, one.user) for one in stories])

    assert kinds(results) == {"Rescheduled": 1, "SlotTaken": 7}
    assert Allocation.objects.filter(state="held").count() == 1
    assert Rescheduling.objects.count() == Due.objects.filter(kind=Kind.DIFFERENCE).count() == 1
    assert {one.state for one in Booking.objects.all()} == {"confirmed"}
    assert_all_is_well()


@pytest.mark.spec("BC-1")
def test_without_the_constraint_all_who_move_to_one_dearer_time_would_hold_it(
    practice: Practice, sandbox: Sandbox, dearer: Offering
) -> None:
    """The negative control: nothing but the constraint keeps one time for one of them."""
    stories = [bought(sandbox, at(practice.offering, f"{hour:02}:00")) for hour in range(9, 13)]

    with without(Allocation, "no_seat_twice"):
        results = race([partial(moved, one, "18:00", to=dearer) for one in stories])
        held = Allocation.objects.filter(state="held").count()

    assert kinds(results) == {"Rescheduled": 4}
    assert held == 4

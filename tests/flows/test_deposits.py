"""A deposit confirms a booking and the balance comes later; what ends before gives back what was paid."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from holdfast.flows.recording import Method, Taken, record_payment
from holdfast.kernel.errors import Conflict, NotFound
from holdfast.kernel.money import Money
from holdfast.orders.dues import Kind
from tests.flows.books import everything
from tests.support.practice import NOW, Practice, new_member, new_user
from tests.support.sandbox import Sandbox
from tests.support.shop import (
    DEPOSIT,
    Story,
    another,
    at,
    bought,
    canceled,
    catch_up,
    comes_in,
    goes_back,
    moved,
    ordered,
    paid,
    paying,
    three_of,
)
from tests.support.ways import PRICE, TRADE, assert_all_is_well, at_the_gateway

DAYS = timedelta(days=1)
LATER = NOW + timedelta(hours=2)
HALF = replace(DEPOSIT, deposit_percent=50)
DOWN, REST = 39_980, 159_920  # a fifth of the price, and what is left of it


@pytest.fixture
def story(practice: Practice, sandbox: Sandbox) -> Story:
    """A booking in twelve days whose deposit has been paid."""
    return bought(sandbox, at(practice.offering, "10:00"), terms=DEPOSIT)


def test_a_deposit_confirms_the_booking_and_the_balance_is_asked_for(story: Story) -> None:
    assert story.states == ["completed", "confirmed"]
    assert (story.payment.captured, story.payment.wins) == (DOWN, True)
    assert story.asks() == [("balance", REST)]
    assert story.due(Kind.BALANCE).due_at == story.booking.starts_at - 7 * DAYS
    assert_all_is_well()


def test_the_balance_is_not_to_be_paid_before_the_deposit(practice: Practice) -> None:
    story = ordered(at(practice.offering, "10:00"), terms=DEPOSIT)
    before = everything()

    with pytest.raises(Conflict, match="once it is booked"):
        paying(story, Kind.BALANCE)

    assert everything() == before


def test_the_balance_is_paid_later_and_nothing_is_asked_for_any_more(story: Story, sandbox: Sandbox) -> None:
    balance = paid(sandbox, story, Kind.BALANCE, now=LATER)

    assert (balance.state, balance.captured, balance.wins) == ("captured", REST, True)
    assert story.asks() == []
    assert story.states == ["completed", "confirmed"]
    assert [state for _, state in story.keeps()] == ["taken"]
    with pytest.raises(Conflict, match="has been paid"):
        paying(story, Kind.BALANCE, now=LATER)
    assert_all_is_well(now=LATER)


def test_the_balance_is_paid_in_cash_at_the_counter(story: Story, practice: Practice) -> None:
    clerk = new_member(practice, "staff")

    payment = record_payment(
        story.booking.reference,
        Taken(Money(REST, "INR"), Method.CASH),
        by=clerk,
        trade=TRADE,
        now=LATER,
    )

    assert (payment.due.kind, payment.wins, payment.recorded_by) == ("balance", True, f"staff:{clerk.pk}")
    assert story.asks() == []
    assert story.states == ["completed", "confirmed"]
    assert_all_is_well(now=LATER)


def test_of_two_balances_that_are_paid_the_second_goes_back(story: Story, sandbox: Sandbox) -> None:
    first = paying(story, Kind.BALANCE, anew=True)
    second = paying(story, Kind.BALANCE, anew=True)

    won, lost = (comes_in(sandbox, one.reference, now=LATER) for one in (first, second))
    goes_back(sandbox)

    assert (won.wins, lost.wins, lost.reason) == (True, False, "paid twice")
    assert at_the_gateway(sandbox, first.reference)[1] == 0
    assert at_the_gateway(sandbox, second.reference)[1] == REST
    assert story.states == ["completed", "confirmed"]
    assert_all_is_well(now=LATER)


def test_nobody_pays_anothers_balance(story: Story) -> None:
    before = everything()

    with pytest.raises(NotFound):
        paying(Story(story.order_id, new_user()), Kind.BALANCE)

    assert everything() == before


@pytest.mark.spec("GEN-11")
@pytest.mark.parametrize(("notice", "percent"), [(8 * DAYS, 100), (2 * DAYS, 50), (DAYS / 2, 0)], ids=str)
def test_canceled_after_its_deposit_it_gives_back_a_percentage_of_what_was_paid(
    story: Story, sandbox: Sandbox, notice: timedelta, percent: int
) -> None:
    when = story.booking.starts_at - notice
    catch_up(sandbox, now=when)

    owed = canceled(story, now=when)
    goes_back(sandbox, now=when)

    back = DOWN * percent // 100
    assert (owed.refund.amount, owed.percent) == (back, percent)
    assert at_the_gateway(sandbox, story.payment.reference)[1] == back
    assert story.states == ["canceled", "canceled"]
    assert story.due(Kind.BALANCE).withdrawn_at == when
    assert_all_is_well(now=when)


@pytest.mark.spec("GEN-11")
def test_the_business_cancels_and_both_payments_go_back_whole(
    story: Story, sandbox: Sandbox, practice: Practice
) -> None:
    paid(sandbox, story, Kind.BALANCE, now=LATER)

    owed = canceled(story, by=new_member(practice, "owner"), now=LATER)
    goes_back(sandbox)

    assert owed.refund.amount == PRICE
    assert [at_the_gateway(sandbox, one.reference)[1] for one in story.payments] == [DOWN, REST]
    assert_all_is_well(now=LATER)


@pytest.mark.spec("GEN-11")
def test_balance_money_that_comes_after_the_cancellation_goes_back(story: Story, sandbox: Sandbox) -> None:
    balance = paying(story, Kind.BALANCE)
    canceled(story, now=LATER)

    late = comes_in(sandbox, balance.reference, now=LATER)
    goes_back(sandbox)

    assert (late.captured, late.wins, late.reason) == (REST, False, "canceled")
    assert at_the_gateway(sandbox, balance.reference)[1] == REST
    assert story.states == ["canceled", "canceled"]
    assert_all_is_well(now=LATER)


@pytest.mark.spec("GEN-11")
def test_with_one_of_three_canceled_the_balance_asks_for_the_other_two(
    practice: Practice, sandbox: Sandbox
) -> None:
    story = bought(sandbox, *three_of(practice), terms=DEPOSIT)
    deposit, balance = story.payment.captured, story.due(Kind.BALANCE).amount

    owed = canceled(story, which=1)
    rest = paid(sandbox, story, Kind.BALANCE, now=LATER)

    assert owed.refund.amount == DOWN - 1  # its share of a deposit is rounded down
    assert rest.amount == balance - (REST + 1)
    assert deposit + rest.amount - owed.refund.amount == 99_900 + 50_001
    assert story.states == ["completed", "confirmed", "canceled", "confirmed"]
    assert story.asks() == []
    assert_all_is_well(now=LATER)


@pytest.mark.spec("GEN-11")
def test_the_other_two_then_give_back_all_that_they_cost(practice: Practice, sandbox: Sandbox) -> None:
    story = bought(sandbox, *three_of(practice), terms=DEPOSIT)
    canceled(story, which=1)
    paid(sandbox, story, Kind.BALANCE, now=LATER)

    back = [canceled(story, which=which, now=LATER).refund.amount for which in (0, 2)]
    goes_back(sandbox, rounds=9)

    assert back == [99_900, 50_001]
    assert [one.left for one in story.payments] == [0, 0]
    assert story.states == ["canceled"] * 4
    assert_all_is_well(now=LATER)


def test_money_for_the_old_balance_of_three_goes_back_once_one_was_canceled(
    practice: Practice, sandbox: Sandbox
) -> None:
    story = bought(sandbox, *three_of(practice), terms=DEPOSIT)
    balance = paying(story, Kind.BALANCE)
    canceled(story, which=1)

    late = comes_in(sandbox, balance.reference, now=LATER)

    assert (late.wins, late.reason, late.left) == (False, "too late", 0)
    assert story.asks() == [("balance", late.amount - (REST + 1))]
    assert_all_is_well(now=LATER)


def test_a_balance_that_went_back_for_one_of_two_is_not_asked_for_again(
    practice: Practice, sandbox: Sandbox
) -> None:
    twins = [at(another(practice, price=100_000), clock) for clock in ("10:00", "11:00")]
    story = bought(sandbox, *twins, terms=HALF)
    balance = paid(sandbox, story, Kind.BALANCE)

    canceled(story, which=0)
    balance.refresh_from_db()
    before = everything()

    assert (balance.left, balance.wins) == (0, False)
    with pytest.raises(Conflict, match="has been paid"):
        paying(story, Kind.BALANCE)
    assert everything() == before
    assert canceled(story, which=1).refund.amount == 100_000
    assert_all_is_well()


@pytest.mark.spec("GEN-12")
def test_a_cheaper_time_is_taken_off_the_balance_first(
    story: Story, practice: Practice, sandbox: Sandbox
) -> None:
    cheaper = another(practice, price=PRICE - 60_000)

    done = moved(story, "11:00", to=cheaper)

    assert (done.due, done.refund.amount) == (None, 0)
    assert story.asks() == [("balance", REST - 60_000)]
    assert paid(sandbox, story, Kind.BALANCE).wins
    assert canceled(story).refund.amount == PRICE - 60_000
    assert_all_is_well()


@pytest.mark.spec("GEN-12")
def test_what_a_much_cheaper_time_leaves_of_the_deposit_goes_back(
    story: Story, practice: Practice, sandbox: Sandbox
) -> None:
    done = moved(story, "11:00", to=another(practice, price=30_000))
    goes_back(sandbox)

    assert done.refund.amount == DOWN - 30_000
    assert story.asks() == []
    assert at_the_gateway(sandbox, story.payment.reference)[1] == DOWN - 30_000
    assert story.states == ["completed", "confirmed"]
    assert_all_is_well()

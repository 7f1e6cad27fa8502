"""What an order asks for and when, from its checkout to its end."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import pytest

from holdfast.catalog.models import Business, Offering
from holdfast.catalog.terms import Terms
from holdfast.flows.approval import approve_booking
from holdfast.flows.recording import Method, Taken, record_payment
from holdfast.kernel.errors import Conflict
from holdfast.kernel.money import Money
from holdfast.orders.dues import Kind
from holdfast.orders.models import Due
from holdfast.payments.models import Payment, Transaction
from tests.flows.books import everything
from tests.support.practice import NOW, Practice, new_member
from tests.support.racing import kinds, race
from tests.support.sandbox import Sandbox
from tests.support.shop import (
    CART,
    DEPOSIT,
    Story,
    another,
    at,
    bought,
    canceled,
    comes_in,
    goes_back,
    moved,
    ordered,
    paid,
    paying,
    reserved,
)
from tests.support.toy import authorize
from tests.support.ways import AUTHORIZE, PRICE, SOON, TRADE, assert_all_is_well, at_the_gateway

DAYS = timedelta(days=1)
DOWN, REST = 39_980, 159_920
TEN = NOW + 12 * DAYS


def asked_for(story: Story) -> list[tuple[str, int, datetime]]:
    dues = Due.objects.filter(order=story.order_id, withdrawn_at=None).order_by("due_at", "pk")
    return [(due.kind, due.amount, due.due_at) for due in dues]


@pytest.mark.parametrize(
    ("terms", "asks"),
    [
        (CART, [("full", PRICE, NOW)]),
        (DEPOSIT, [("deposit", DOWN, NOW), ("balance", REST, TEN - 7 * DAYS)]),
        (replace(DEPOSIT, deposit_percent=100), [("full", PRICE, NOW)]),
        (replace(DEPOSIT, balance_before=int(12 * DAYS.total_seconds())), [("full", PRICE, NOW)]),
    ],
    ids=["all at once", "a deposit", "a deposit of everything", "a balance that is due already"],
)
def test_an_order_asks_for_what_its_terms_say(
    practice: Practice, terms: Terms, asks: list[tuple[str, int, datetime]]
) -> None:
    story = reserved(at(practice.offering, "10:00"), terms=terms)

    assert asked_for(story) == asks
    assert_all_is_well(now=NOW)


def test_the_first_payment_is_of_what_is_due_first(practice: Practice) -> None:
    story = ordered(at(practice.offering, "10:00"), terms=DEPOSIT)

    assert (story.payment.due.kind, story.payment.amount) == ("deposit", DOWN)


@pytest.mark.parametrize("included", [True, False], ids=["tax included", "tax on top"])
def test_deposit_and_balance_make_the_price_with_its_tax(
    practice: Practice, sandbox: Sandbox, included: bool
) -> None:
    Business.objects.update(prices_include_tax=included, tax_name="GST")
    Offering.objects.update(tax_rate=1_800, price=99_999)
    story = bought(sandbox, at(practice.offering, "10:00"), terms=DEPOSIT)

    paid(sandbox, story, Kind.BALANCE)

    price = 99_999 if included else 117_999
    assert story.order.total == price
    assert sum(one.captured for one in story.payments) == price
    assert canceled(story).refund.amount == price
    assert_all_is_well()


def test_an_order_that_has_ended_asks_for_nothing(practice: Practice, sandbox: Sandbox) -> None:
    story = bought(sandbox, at(practice.offering, "10:00"), terms=DEPOSIT)
    canceled(story)
    before = everything()

    with pytest.raises(Conflict, match="Nothing is to be paid"):
        paying(story, Kind.BALANCE)

    assert everything() == before


def test_a_deposit_a_balance_and_a_difference_are_paid_one_by_one_and_go_back_together(
    practice: Practice, sandbox: Sandbox
) -> None:
    story = bought(sandbox, at(practice.offering, "10:00"), terms=DEPOSIT)
    moved(story, "14:00", to=another(practice, price=PRICE + 30_000))
    paid(sandbox, story, Kind.DIFFERENCE)
    paid(sandbox, story, Kind.BALANCE)
    total = story.order.total

    owed = canceled(story, by=new_member(practice, "owner"))
    goes_back(sandbox, rounds=4)

    assert total == PRICE + 30_000
    assert owed.refund.amount == total
    paid_by = {one.due.kind: one.captured for one in story.payments}
    assert paid_by == {"deposit": DOWN, "difference": 30_000, "balance": REST}
    assert sum(at_the_gateway(sandbox, one.reference)[1] for one in story.payments) == total
    assert_all_is_well()


def test_half_of_all_that_was_paid_is_taken_from_what_was_paid_last(
    practice: Practice, sandbox: Sandbox
) -> None:
    story = bought(sandbox, at(practice.offering, "10:00"), terms=DEPOSIT)
    paid(sandbox, story, Kind.BALANCE)
    two_days_before = TEN - 2 * DAYS
    sandbox.advance(20 * DAYS.total_seconds())

    owed = canceled(story, now=two_days_before)
    goes_back(sandbox, now=two_days_before)

    assert (owed.refund.amount, owed.percent) == (PRICE // 2, 50)
    assert [at_the_gateway(sandbox, one.reference)[1] for one in story.payments] == [0, PRICE // 2]
    assert_all_is_well(now=two_days_before)


def test_a_deposit_is_reserved_until_it_is_accepted_and_the_balance_is_taken_at_once(
    practice: Practice, toy_gateway: Sandbox
) -> None:
    terms = replace(AUTHORIZE, deposit_percent=20)
    story = ordered(at(practice.offering, "10:00"), terms=terms)
    authorize(toy_gateway, story.payment.reference)
    reserves = comes_in(toy_gateway, story.payment.reference)
    approve_booking(story.booking.reference, by=new_member(practice, "owner"), trade=TRADE, now=SOON)

    balance = paid(toy_gateway, story, Kind.BALANCE)

    assert (reserves.state, reserves.authorized, reserves.captured) == ("authorized", DOWN, 0)
    assert [one.captured for one in story.payments] == [DOWN, REST]
    assert [one.kind for one in Transaction.objects.filter(payment=balance)] == ["purchase"]
    assert story.states == ["completed", "confirmed"]
    assert_all_is_well()


@pytest.mark.spec("BC-7")
def test_a_balance_is_not_to_be_paid_while_the_deposit_is_only_reserved_and_may_be_lost(
    practice: Practice, toy_gateway: Sandbox
) -> None:
    story = ordered(at(practice.offering, "10:00"), terms=replace(AUTHORIZE, deposit_percent=20))
    authorize(toy_gateway, story.payment.reference)
    comes_in(toy_gateway, story.payment.reference)
    clerk, cash = new_member(practice, "staff"), Taken(Money(REST, "INR"), Method.CASH)
    before = everything()

    with pytest.raises(Conflict, match="once it is booked"):
        paying(story, Kind.BALANCE)
    with pytest.raises(Conflict, match="once it is booked"):
        record_payment(story.booking.reference, cash, by=clerk, trade=TRADE, now=SOON)

    assert everything() == before


@pytest.mark.spec("BC-12")
def test_many_who_pay_one_balance_at_once_pay_it_once(practice: Practice, sandbox: Sandbox) -> None:
    story = bought(sandbox, at(practice.offering, "10:00"), terms=DEPOSIT)
    attempts = [paying(story, Kind.BALANCE, anew=True).reference for _ in range(4)]

    results = race([partial(comes_in, sandbox, one) for one in attempts])
    goes_back(sandbox, rounds=4)

    assert kinds(results) == {"Payment": 4}
    balances = Payment.objects.filter(due__kind=Kind.BALANCE)
    assert sorted(one.wins for one in balances) == [False, False, False, True]
    assert sum(at_the_gateway(sandbox, one)[1] for one in attempts) == 3 * REST
    assert_all_is_well()

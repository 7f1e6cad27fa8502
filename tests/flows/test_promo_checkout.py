"""Promo codes from the checkout on: used with the order, and given back when it ends unpaid."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest

from holdfast.availability.models import Allocation
from holdfast.flows.actors import Shopper
from holdfast.flows.checkout import check_out
from holdfast.flows.ending import expire_orders
from holdfast.flows.paying import Checkout
from holdfast.flows.returning import release_hold
from holdfast.kernel.errors import Invalid, Unavailable
from holdfast.orders.models import Order, PromoCode, Redemption
from tests.availability.shop import crowd
from tests.flows.books import everything
from tests.support.practice import NOW, Practice, choice, new_user
from tests.support.racing import kinds
from tests.support.sandbox import Sandbox
from tests.support.shop import (
    LATE,
    Story,
    at,
    bought,
    canceled,
    comes_in,
    goes_back,
    heard_of,
    ordered,
    wanted,
)
from tests.support.ways import AT_ONCE, HOLD, PRICE, SOON, assert_all_is_well, emails

pytestmark = pytest.mark.spec("GEN-10")
LIMIT, CROWD = 7, 100
HALF_PRICE = PRICE // 2


@pytest.fixture
def promo(practice: Practice) -> PromoCode:
    """Half off, once."""
    return PromoCode.objects.create(business=practice.business, code="HALF", percent=50, total_limit=1)


def standing() -> list[int]:
    """The orders whose use of a code stands."""
    return list(Redemption.objects.filter(given_back_at=None).values_list("order", flat=True))


def with_code(practice: Practice, clock: str = "10:00", **how: Any) -> Story:
    return ordered(at(practice.offering, clock), promo_code="half", **how)


def is_free_again(practice: Practice, *, now: datetime = LATE) -> bool:
    """Whether somebody else may use the code now."""
    return with_code(practice, "18:00", now=now).order.total == HALF_PRICE


def test_a_code_is_used_with_the_order(practice: Practice, promo: PromoCode, sandbox: Sandbox) -> None:
    story = with_code(practice)

    assert standing() == [story.order_id]
    assert (story.order.total, story.payment.amount) == (HALF_PRICE, HALF_PRICE)
    comes_in(sandbox, story.payment.reference)
    assert story.states == ["completed", "confirmed"]
    assert standing() == [story.order_id]
    assert_all_is_well()


def test_whoever_comes_second_is_told_so_and_holds_nothing(practice: Practice, promo: PromoCode) -> None:
    with_code(practice)
    before = everything()

    with pytest.raises(Invalid) as refused:
        with_code(practice, "11:00")

    assert refused.value.fields == {"promo_code": ["This code has been used as often as it may be."]}
    assert everything() == before


def fails(story: Story, sandbox: Sandbox) -> None:
    sandbox.settle(story.payment.reference, "fail")
    heard_of(story.payment.reference)


# How an order ends unpaid.
ENDS: dict[str, Callable[[Story, Sandbox], object]] = {
    "expired": lambda story, sandbox: expire_orders(now=LATE),
    "failed": fails,
    "released": lambda story, sandbox: release_hold(
        story.payment.reference, by=Shopper(story.user, None), now=SOON
    ),
    "canceled": lambda story, sandbox: canceled(story),
}


@pytest.mark.parametrize("end", ENDS)
def test_it_is_given_back_when_the_order_ends_unpaid(
    practice: Practice, promo: PromoCode, sandbox: Sandbox, end: str
) -> None:
    story = with_code(practice, terms=HOLD if end == "canceled" else AT_ONCE)

    ENDS[end](story, sandbox)

    assert standing() == []
    assert Redemption.objects.count() == 1
    assert is_free_again(practice)
    assert_all_is_well()


def test_it_is_given_back_when_the_gateway_opens_no_page(
    practice: Practice, promo: PromoCode, sandbox: Sandbox
) -> None:
    sandbox.arm("pay_401", 2)

    with pytest.raises(Unavailable):
        with_code(practice, terms=AT_ONCE)

    assert standing() == []
    assert is_free_again(practice)
    assert_all_is_well()


def test_an_attempt_that_fails_keeps_it_while_the_time_is_held(
    practice: Practice, promo: PromoCode, sandbox: Sandbox
) -> None:
    story = with_code(practice)
    fails(story, sandbox)
    meanwhile = standing()

    expire_orders(now=LATE)

    assert meanwhile == [story.order_id]
    assert story.order.state == "open"
    assert standing() == []
    assert_all_is_well(now=LATE)


def test_a_paid_booking_that_is_canceled_has_used_it(
    practice: Practice, promo: PromoCode, sandbox: Sandbox
) -> None:
    story = bought(sandbox, at(practice.offering, "10:00"), promo_code="HALF")

    owed = canceled(story)
    goes_back(sandbox)

    assert owed.refund.amount == HALF_PRICE
    assert standing() == [story.order_id]
    assert_all_is_well()


@pytest.mark.spec("BC-9")
def test_late_money_has_the_code_again(practice: Practice, promo: PromoCode, sandbox: Sandbox) -> None:
    story = with_code(practice)
    expire_orders(now=LATE)
    unpaid = standing()

    late = comes_in(sandbox, story.payment.reference, now=LATE)

    assert unpaid == []
    assert (late.wins, standing()) == (True, [story.order_id])
    assert story.states == ["completed", "confirmed"]
    assert_all_is_well(now=LATE)


@pytest.mark.spec("BC-9", "BC-13")
def test_late_money_goes_back_when_the_code_has_been_used_by_another(
    practice: Practice, promo: PromoCode, sandbox: Sandbox
) -> None:
    story = with_code(practice)
    expire_orders(now=LATE)
    rival = with_code(practice, "11:00", now=LATE)

    late = comes_in(sandbox, story.payment.reference, now=LATE)

    assert (late.wins, late.left) == (False, 0)
    assert standing() == [rival.order_id]
    assert story.keeps() == []
    assert story.states == ["open", "expired"]
    assert_all_is_well(now=LATE)


@pytest.mark.spec("BC-9")
def test_late_money_for_a_time_that_is_gone_leaves_the_code_to_others(
    practice: Practice, promo: PromoCode, sandbox: Sandbox
) -> None:
    story = with_code(practice)
    expire_orders(now=LATE)
    ordered(at(practice.offering, "10:00"), now=LATE)

    late = comes_in(sandbox, story.payment.reference, now=LATE)

    assert (late.wins, late.reason) == (False, "slot_lost")
    assert standing() == []
    assert is_free_again(practice)
    assert_all_is_well(now=LATE)


@pytest.mark.parametrize(("terms", "state"), [(AT_ONCE, "confirmed"), (HOLD, "pending_approval")])
def test_with_all_of_it_off_there_is_nothing_to_pay(
    practice: Practice, sandbox: Sandbox, terms: Any, state: str
) -> None:
    PromoCode.objects.create(business=practice.business, code="GIFT", percent=100)
    before, user = sandbox.calls(), new_user()
    wish = wanted(at(practice.offering, "10:00"), terms=terms, promo_code="GIFT")

    checkout = check_out(wish, by=Shopper(user, None), now=NOW)

    story = Story(Order.objects.get().pk, user)
    assert (checkout.reference, checkout.payment_url, checkout.amount.amount) == ("", None, 0)
    assert story.booking.reference in checkout.success_url
    assert story.states == ["completed", state]
    assert [state for _, state in story.keeps()] == ["taken"]
    assert (story.payments, story.asks()) == ([], [("full", 0)])
    assert sandbox.calls() == before
    assert emails()[0] == {"confirmed": "confirmed", "pending_approval": "received"}[state]
    assert_all_is_well(now=NOW)


def test_a_gift_that_is_canceled_gives_nothing_back(practice: Practice) -> None:
    PromoCode.objects.create(business=practice.business, code="GIFT", percent=100)
    story = ordered(at(practice.offering, "10:00"), promo_code="GIFT")

    owed = canceled(story)

    assert owed.refund.amount == 0
    assert story.states == ["canceled", "canceled"]
    assert story.keeps() == []
    assert_all_is_well()


@pytest.mark.spec("BC-13")
def test_of_a_hundred_checkouts_at_once_seven_use_a_code_for_seven(
    practice: Practice, sandbox: Sandbox
) -> None:
    code = PromoCode.objects.create(business=practice.business, code="SEVEN", percent=50, total_limit=LIMIT)
    days = [(NOW + timedelta(days=12 + day)).date().isoformat() for day in range(5)]
    clocks = [f"{hour:02}:{minute:02}" for hour in range(9, 19) for minute in (0, 30)]
    times = [choice(practice.offering, day=day, at=clock) for day in days for clock in clocks]
    users = [new_user() for _ in times]

    def buy(number: int) -> Checkout:
        wish = wanted(times[number], promo_code="SEVEN")
        return check_out(wish, by=Shopper(users[number], None), now=NOW)

    results = crowd([partial(buy, number) for number in range(CROWD)])

    counted = kinds(results)
    assert len(times) == CROWD
    assert counted.pop("Checkout") == LIMIT
    # Whoever looks when all are used up is told on the field; whoever is overtaken after that, by the code.
    assert set(counted) <= {"Invalid", "PromoUsedUp"}
    assert sum(counted.values()) == CROWD - LIMIT
    assert sorted(Redemption.objects.values_list("n", flat=True)) == list(range(1, LIMIT + 1))
    assert code.redemptions.count() == LIMIT
    assert Order.objects.count() == Allocation.objects.count() == LIMIT
    assert_all_is_well()

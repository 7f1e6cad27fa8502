"""Paying what is due: one attempt after the other, for as long as its time is held."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest

from holdfast.availability.models import Allocation
from holdfast.flows.decisions import START_TAKES
from holdfast.flows.ending import expire_orders
from holdfast.flows.paying import ATTEMPTS, Checkout
from holdfast.kernel.errors import Conflict, HoldExpired, NotFound, Unavailable
from holdfast.orders.dues import Kind
from holdfast.payments.models import GatewayAccount, Payment
from tests.flows.books import everything
from tests.support.practice import NOW, Practice, new_user
from tests.support.racing import race
from tests.support.sandbox import Sandbox
from tests.support.shop import (
    CART,
    LATE,
    Story,
    at,
    bought,
    catch_up,
    comes_in,
    goes_back,
    heard_of,
    ordered,
    paid,
    paying,
    reserved,
)
from tests.support.ways import AT_ONCE, PRICE, SOON, assert_all_is_well, at_the_gateway, emails

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


@pytest.fixture
def story(practice: Practice, sandbox: Sandbox) -> Story:
    """A time that is held and to be paid for; the gateway's clock agrees with ours."""
    catch_up(sandbox, now=NOW)
    return reserved(at(practice.offering, "10:00"))


def again(story: Story, *, now: datetime = NOW, **how: Any) -> Checkout:
    """Its customer asks for a page to pay on."""
    return paying(story, Kind.FULL, now=now, **how)


def test_whoever_asks_twice_is_sent_to_the_same_page(story: Story) -> None:
    first, second = again(story), again(story, now=NOW + MINUTE)

    assert first == second
    assert first.payment_url is not None
    assert [one.state for one in story.payments] == ["pending"]


@pytest.mark.spec("HOT-2")
def test_many_who_ask_at_once_open_one_page_and_the_others_are_told_to_wait_for_it(
    story: Story, sandbox: Sandbox
) -> None:
    results = race([partial(again, story) for _ in range(4)])

    (payment,) = story.payments
    assert {one.reference for one in results if isinstance(one, Checkout)} == {payment.reference}
    assert again(story).payment_url == payment.payment_url != ""
    comes_in(sandbox, payment.reference)
    assert_all_is_well()


def test_a_page_whose_gateway_has_not_answered_for_long_is_waited_for_no_more(
    story: Story, sandbox: Sandbox
) -> None:
    sandbox.arm("pay_500_before")
    lost, waited_for = again(story), again(story, now=NOW + START_TAKES - SECOND)

    other = again(story, now=NOW + START_TAKES)

    assert (lost.payment_url, waited_for.payment_url) == (None, None)
    assert lost.reference == waited_for.reference != other.reference
    assert other.payment_url is not None


def test_another_attempt_is_made_when_it_is_asked_for(story: Story) -> None:
    first, second = again(story), again(story, anew=True)

    assert first.reference != second.reference
    assert [one.state for one in story.payments] == ["pending", "pending"]


def test_another_attempt_is_made_when_the_page_has_expired(story: Story) -> None:
    first = again(story)

    second = again(story, now=NOW + 11 * MINUTE)

    assert first.reference != second.reference


def test_another_gateway_has_an_attempt_of_its_own(
    story: Story, practice: Practice, toy_gateway: Sandbox
) -> None:
    first, second = (again(story, method=method) for method in ("phonepe", "toy"))

    assert [one.account.gateway for one in story.payments] == ["phonepe", "toy"]
    assert again(story, method="phonepe") == first
    assert again(story, method="toy") == second


@pytest.mark.spec("BC-12")
def test_two_attempts_are_paid_and_there_is_one_booking_and_one_refund(
    story: Story, sandbox: Sandbox
) -> None:
    first, second = again(story), again(story, anew=True)

    won, lost = (comes_in(sandbox, one.reference) for one in (first, second))
    goes_back(sandbox)

    assert (won.wins, lost.wins, lost.reason) == (True, False, "paid twice")
    assert story.states == ["completed", "confirmed"]
    assert story.refunds() == [(PRICE, "succeeded")]
    assert [at_the_gateway(sandbox, one.reference)[1] for one in (first, second)] == [0, PRICE]
    assert_all_is_well()


def test_what_is_paid_is_not_paid_again(story: Story, sandbox: Sandbox) -> None:
    comes_in(sandbox, again(story).reference)
    before = everything()

    with pytest.raises(Conflict, match="has been paid"):
        again(story, now=SOON)

    assert everything() == before


@pytest.mark.spec("BC-9")
def test_a_hold_that_has_run_out_is_paid_no_more(story: Story) -> None:
    before = everything()

    with pytest.raises(HoldExpired):
        again(story, now=LATE)
    assert everything() == before
    expire_orders(now=LATE)
    with pytest.raises(HoldExpired):
        again(story, now=LATE)

    assert story.payments == []
    assert story.states == ["open", "expired"]


@pytest.mark.spec("BC-4")
def test_a_time_that_a_rival_has_had_is_paid_no_more(
    story: Story, practice: Practice, sandbox: Sandbox
) -> None:
    Allocation.objects.update(held_until=NOW)
    rival = ordered(at(practice.offering, "10:00"), now=NOW + MINUTE)

    with pytest.raises(HoldExpired):
        again(story, now=NOW + MINUTE)

    assert story.payments == []
    assert rival.order.state == "placed"


def test_anothers_due_is_not_found(story: Story) -> None:
    before = everything()

    with pytest.raises(NotFound):
        again(Story(story.order_id, new_user()))

    assert everything() == before


def test_there_is_an_end_to_attempts(story: Story) -> None:
    for _ in range(ATTEMPTS):
        again(story, anew=True)
    before = everything()

    with pytest.raises(Conflict, match="Nothing is to be paid"):
        again(story, anew=True)

    assert everything() == before


@pytest.mark.parametrize("outcome", ["fail", "cancel"])
def test_a_failed_attempt_keeps_the_time_for_another(story: Story, sandbox: Sandbox, outcome: str) -> None:
    first = again(story)
    sandbox.settle(first.reference, outcome)
    failed = heard_of(first.reference)
    kept = story.keeps()

    second = comes_in(sandbox, again(story, now=SOON).reference)

    assert failed.state in ("failed", "canceled")
    assert [state for _, state in kept] == ["held"]
    assert second.wins
    assert story.states == ["completed", "confirmed"]
    assert_all_is_well()


def test_nobody_pays_after_a_failed_attempt_and_the_order_is_open_again(
    story: Story, sandbox: Sandbox
) -> None:
    first = again(story)
    sandbox.settle(first.reference, "fail")
    heard_of(first.reference)

    expire_orders(now=LATE)

    assert story.states == ["open", "expired"]
    assert story.keeps() == []
    assert_all_is_well(now=LATE)


@pytest.mark.spec("BC-9")
def test_late_money_for_an_order_that_is_open_again_completes_it_if_its_time_is_free(
    story: Story, sandbox: Sandbox
) -> None:
    first = again(story)
    expire_orders(now=LATE)

    late = comes_in(sandbox, first.reference, now=LATE)

    assert late.wins
    assert story.states == ["completed", "confirmed"]
    assert [state for _, state in story.keeps()] == ["taken"]
    assert_all_is_well(now=LATE)


@pytest.mark.spec("BC-9")
def test_late_money_for_an_order_that_is_open_again_goes_back_if_its_time_is_gone(
    story: Story, practice: Practice, sandbox: Sandbox
) -> None:
    first = again(story)
    expire_orders(now=LATE)
    ordered(at(practice.offering, "10:00"), now=LATE)

    late = comes_in(sandbox, first.reference, now=LATE)

    assert (late.wins, late.reason, late.left) == (False, "slot_lost", 0)
    assert story.states == ["open", "expired"]
    assert_all_is_well(now=LATE)


def test_where_a_failed_payment_frees_the_time_it_is_free_at_once(
    practice: Practice, sandbox: Sandbox
) -> None:
    story = ordered(at(practice.offering, "10:00"), terms=AT_ONCE)
    sandbox.settle(story.payment.reference, "fail")

    heard_of(story.payment.reference)

    assert story.order.state == "expired"
    assert story.keeps() == []
    with pytest.raises(HoldExpired):
        again(story, now=SOON)
    assert_all_is_well()


def test_a_gateway_that_opens_no_page_costs_the_attempt_and_not_the_time(
    story: Story, sandbox: Sandbox
) -> None:
    sandbox.arm("pay_401", 2)

    with pytest.raises(Unavailable):
        again(story)
    first = story.payment
    second = comes_in(sandbox, again(story).reference)

    assert (first.state, first.reason) == ("failed", "error")
    assert second.wins
    assert_all_is_well()


def test_a_business_without_a_gateway_takes_no_payments(story: Story) -> None:
    GatewayAccount.objects.update(active=False)
    before = everything()

    with pytest.raises(Unavailable):
        again(story)

    assert everything() == before


def test_a_page_that_outlives_the_hold_makes_the_hold_longer(story: Story, sandbox: Sandbox) -> None:
    almost_over = NOW + 9 * MINUTE
    sandbox.advance(9 * 60)

    again(story, now=almost_over)

    payment = story.payment
    assert payment.expires_at is not None
    assert story.order.expires_at == payment.expires_at + timedelta(seconds=CART.margin)
    assert Allocation.objects.get().held_until == story.order.expires_at


def test_the_customer_is_told_that_what_came_later_is_paid(practice: Practice, sandbox: Sandbox) -> None:
    story = bought(sandbox, at(practice.offering, "10:00"), terms=replace(CART, deposit_percent=30))

    paid(sandbox, story, Kind.BALANCE)

    assert emails()[-1] == "paid"
    assert Payment.objects.filter(wins=True).count() == 2

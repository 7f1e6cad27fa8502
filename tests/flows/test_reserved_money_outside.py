"""Reserved money that moves without us, or comes late or twice."""

from __future__ import annotations

from datetime import timedelta

import pytest

from holdfast.flows.ending import expire_orders
from holdfast.flows.reconciliation import reconcile
from holdfast.flows.settlement import settle
from holdfast.kernel.errors import CaptureFailed
from tests.flows.books import everything
from tests.support.practice import NOW, Practice
from tests.support.sandbox import Sandbox
from tests.support.toy import capture_outside, void_outside
from tests.support.ways import (
    AUTHORIZE,
    EACH_THAT_RESERVES,
    PRICE,
    SOON,
    Sold,
    assert_all_is_well,
    assert_the_money_goes_back,
    at_the_gateway,
    calls_since,
    emails,
    paid,
    sold,
    waiting,
)
from tests.support.worker import work

pytestmark = pytest.mark.spec("BC-2", "BC-9")
RESERVED = ("authorize", "succeeded")
LATER = SOON + timedelta(hours=1)
AFTER = NOW + timedelta(minutes=15)  # every hold is over


@pytest.fixture
def story(practice: Practice, reserving: Sandbox) -> Sold:
    """A booking whose money is reserved, and which waits for its answer."""
    return waiting(practice, reserving, AUTHORIZE)


def captured_outside(reserving: Sandbox, story: Sold) -> None:
    capture_outside(reserving, story.checkout.reference)
    settle(story.payment.pk, now=SOON)


def test_money_that_was_taken_in_the_dashboard_is_written_down_and_whoever_answers_still_decides(
    reserving: Sandbox, story: Sold
) -> None:
    captured_outside(reserving, story)

    assert story.stands == ("captured", "completed", "pending_approval", "taken")
    assert story.movements == [RESERVED, ("capture", "succeeded")]
    assert story.payment.captured == PRICE
    assert_all_is_well()
    before = reserving.calls()
    story.approve()
    assert story.booking.state == "confirmed"
    assert calls_since(reserving, before) == {}
    assert_all_is_well()


@EACH_THAT_RESERVES
def test_money_that_was_taken_in_the_dashboard_is_refunded_on_a_decline(
    reserving: Sandbox, story: Sold
) -> None:
    captured_outside(reserving, story)

    story.decline()

    assert story.stands == ("captured", "canceled", "declined", "released")
    assert story.movements == [RESERVED, ("capture", "succeeded"), ("refund", "pending")]
    assert_the_money_goes_back(reserving, story)


def test_accepting_what_the_dashboard_has_taken_meanwhile_confirms_it(
    reserving: Sandbox, story: Sold
) -> None:
    capture_outside(reserving, story.checkout.reference)
    before = reserving.calls()

    story.approve()

    assert story.stands == ("captured", "completed", "confirmed", "taken")
    assert story.movements == [RESERVED, ("capture", "succeeded")]
    assert calls_since(reserving, before) == {}
    assert_all_is_well()


def test_a_decline_of_what_the_dashboard_has_taken_meanwhile_refunds_it(
    reserving: Sandbox, story: Sold
) -> None:
    capture_outside(reserving, story.checkout.reference)
    story.decline()

    story.resolve()

    assert story.stands == ("captured", "canceled", "declined", "released")
    assert story.movements == [
        RESERVED,
        ("void", "failed"),
        ("capture", "succeeded"),
        ("refund", "pending"),
    ]
    assert_all_is_well()
    assert_the_money_goes_back(reserving, story)


@pytest.mark.spec("GW-56")
@EACH_THAT_RESERVES
def test_a_void_that_is_refused_because_the_money_has_just_been_taken_becomes_a_refund(
    reserving: Sandbox, story: Sold
) -> None:
    story.decline()
    reserving.arm("captured_outside", only=story.checkout.reference)
    reserving.arm("look_up_lag", only=story.checkout.reference)

    story.resolve()
    reconcile(now=SOON + timedelta(minutes=5))

    assert story.stands == ("captured", "canceled", "declined", "released")
    assert_all_is_well()
    assert_the_money_goes_back(reserving, story)
    assert at_the_gateway(reserving, story.checkout.reference) == ("captured", PRICE)


def test_money_that_was_set_free_in_the_dashboard_is_asked_for_anew(reserving: Sandbox, story: Sold) -> None:
    void_outside(reserving, story.checkout.reference)

    settle(story.payment.pk, now=SOON)

    assert story.stands == ("expired", "placed", "pending_payment", "held")
    assert story.payment.reason == "canceled"
    assert story.movements == [RESERVED]
    assert emails() == ["received", "payment_failed"]
    assert_all_is_well()


@EACH_THAT_RESERVES
def test_accepting_what_the_dashboard_has_set_free_confirms_nothing(reserving: Sandbox, story: Sold) -> None:
    void_outside(reserving, story.checkout.reference)

    with pytest.raises(CaptureFailed):
        story.approve()

    assert story.stands == ("expired", "placed", "pending_payment", "held")
    assert story.movements == [RESERVED, ("capture", "failed")]
    assert_all_is_well()


@EACH_THAT_RESERVES
def test_late_reserved_money_whose_time_is_gone_is_set_free_once(
    practice: Practice, reserving: Sandbox
) -> None:
    story = sold(practice, AUTHORIZE)
    expire_orders(now=AFTER)
    sold(practice, AUTHORIZE, now=AFTER)
    before = reserving.calls()
    paid(story, reserving, now=AFTER)
    books = everything()

    settle(story.payment.pk, now=AFTER)
    assert everything()["Transaction"] == books["Transaction"]
    work()

    assert story.movements == [RESERVED, ("void", "succeeded")]
    assert calls_since(reserving, before) == {"void": 1}
    assert at_the_gateway(reserving, story.checkout.reference) == ("voided", 0)
    assert_all_is_well(now=AFTER)


@pytest.mark.spec("GW-27")
@EACH_THAT_RESERVES
def test_two_authorizations_of_one_due_are_both_written_down_and_the_second_is_set_free(
    practice: Practice, reserving: Sandbox
) -> None:
    story = sold(practice, AUTHORIZE)
    second = story.pay_again(now=SOON)
    paid(story, reserving)
    before = reserving.calls()

    paid(second, reserving)
    work()

    assert story.movements == [RESERVED]
    assert second.movements == [RESERVED, ("void", "succeeded")]
    assert calls_since(reserving, before) == {"void": 1}
    story.approve()
    assert at_the_gateway(reserving, story.checkout.reference) == ("captured", 0)
    assert at_the_gateway(reserving, second.checkout.reference) == ("voided", 0)
    assert_all_is_well()

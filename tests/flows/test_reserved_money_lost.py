"""Reserved money that cannot be had: nothing is confirmed without it, and the customer may pay anew."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from holdfast.availability.models import Allocation
from holdfast.flows.ending import expire_orders
from holdfast.flows.reconciliation import reconcile
from holdfast.kernel.errors import CaptureFailed, Conflict, HoldExpired
from tests.flows.books import everything
from tests.support.practice import NOW, Practice
from tests.support.sandbox import Sandbox
from tests.support.ways import (
    AUTHORIZE,
    EACH_THAT_RESERVES,
    SOON,
    Sold,
    assert_all_is_well,
    at_the_gateway,
    calls_since,
    emails,
    lapse,
    paid,
    sold,
    waiting,
)
from tests.support.worker import work

pytestmark = pytest.mark.spec("BC-2", "BC-14")
LATER = SOON + timedelta(hours=1)
A_DAY = timedelta(days=1)
RESERVED = ("authorize", "succeeded")


@pytest.fixture
def story(practice: Practice, reserving: Sandbox) -> Sold:
    """A booking whose money is reserved, and which waits for its answer."""
    return waiting(practice, reserving, AUTHORIZE)


def refuse_the_capture(reserving: Sandbox, story: Sold, **how: Any) -> None:
    """The bank declines the capture that accepting asks for."""
    reserving.arm("capture_declined", only=story.checkout.reference, **how)
    with pytest.raises(CaptureFailed):
        story.approve()


def test_a_capture_that_is_declined_confirms_nothing_and_asks_the_customer_to_pay_anew(
    reserving: Sandbox, story: Sold
) -> None:
    refuse_the_capture(reserving, story)

    assert story.stands == ("authorized", "placed", "pending_payment", "held")
    assert story.movements == [RESERVED, ("capture", "failed"), ("void", "pending")]
    assert story.booking.answer_by is None
    assert story.order.expires_at == SOON + A_DAY
    assert Allocation.objects.get().held_until == SOON + A_DAY
    assert not story.payment.wins
    assert emails() == ["received", "payment_failed"]
    assert_all_is_well()

    work()
    assert story.movements[-1] == ("void", "succeeded")
    assert at_the_gateway(reserving, story.checkout.reference) == ("voided", 0)
    assert_all_is_well()


@EACH_THAT_RESERVES
def test_a_customer_who_pays_anew_waits_for_an_answer_anew(reserving: Sandbox, story: Sold) -> None:
    refuse_the_capture(reserving, story)
    work()

    second = story.pay_again(now=LATER)
    paid(second, reserving, now=LATER)

    assert second.stands == ("authorized", "completed", "pending_approval", "taken")
    assert second.booking.answer_by == LATER + 2 * A_DAY
    assert second.order.expires_at is None
    assert emails() == ["received", "payment_failed", "received"]
    assert_all_is_well(now=LATER)
    before = reserving.calls()
    second.approve(now=LATER)
    assert second.stands == ("captured", "completed", "confirmed", "taken")
    assert calls_since(reserving, before) == {"capture": 1}
    assert at_the_gateway(reserving, second.checkout.reference) == ("captured", 0)
    assert_all_is_well(now=LATER)


def test_while_the_customer_is_to_pay_anew_nobody_accepts_declines_or_takes_the_time(
    practice: Practice, reserving: Sandbox, story: Sold
) -> None:
    refuse_the_capture(reserving, story)
    books = everything()

    for answer in (story.approve, story.decline):
        with pytest.raises(Conflict, match="is pending payment"):
            answer(now=LATER)
    with pytest.raises(Conflict):
        sold(practice, AUTHORIZE, now=LATER)

    assert everything() == books


def test_who_does_not_pay_anew_in_time_has_no_booking(
    practice: Practice, reserving: Sandbox, story: Sold
) -> None:
    refuse_the_capture(reserving, story)
    work()

    expire_orders(now=SOON + A_DAY - timedelta(microseconds=1))
    assert story.stands[1:] == ("placed", "pending_payment", "held")
    expire_orders(now=SOON + A_DAY)

    assert story.stands == ("voided", "expired", "expired", "released")
    assert_all_is_well(now=SOON + A_DAY)
    with pytest.raises(HoldExpired):
        story.pay_again(now=SOON + A_DAY)
    assert sold(practice, AUTHORIZE, now=SOON + A_DAY).stands[-1] == "held"


def test_nobody_is_asked_to_pay_anew_beyond_the_start(practice: Practice, reserving: Sandbox) -> None:
    story = waiting(practice, reserving, AUTHORIZE, day=(NOW + A_DAY).date().isoformat(), at="09:00")
    begins = story.booking.starts_at

    refuse_the_capture(reserving, story)

    assert story.order.expires_at == begins < SOON + A_DAY
    assert Allocation.objects.get().held_until == begins


@pytest.mark.spec("GW-51")
@EACH_THAT_RESERVES
def test_a_capture_that_finds_the_authorization_lapsed_asks_to_pay_anew_and_sets_nothing_free(
    reserving: Sandbox, story: Sold
) -> None:
    refuse_the_capture(reserving, story, then="lapsed")

    assert story.stands == ("expired", "placed", "pending_payment", "held")
    assert story.movements == [RESERVED, ("capture", "failed")]
    assert emails() == ["received", "payment_failed"]
    assert_all_is_well()


@pytest.mark.spec("GW-51")
@EACH_THAT_RESERVES
def test_an_authorization_that_lapsed_early_is_found_out_on_acceptance(
    reserving: Sandbox, story: Sold
) -> None:
    lapse(reserving)

    with pytest.raises(CaptureFailed):
        story.approve()

    assert story.stands == ("expired", "placed", "pending_payment", "held")
    assert story.movements == [RESERVED, ("capture", "failed")]
    assert_all_is_well()


@pytest.mark.spec("GW-51")
@EACH_THAT_RESERVES
def test_an_authorization_that_lapsed_early_is_found_out_by_looking(reserving: Sandbox, story: Sold) -> None:
    lapse(reserving)

    reconcile(now=SOON + timedelta(hours=7))

    assert story.stands == ("expired", "placed", "pending_payment", "held")
    assert story.payment.reason == "expired"
    assert emails() == ["received", "payment_failed"]
    assert_all_is_well(now=SOON + timedelta(hours=7))


def test_what_lapsed_is_declined_all_the_same(reserving: Sandbox, story: Sold) -> None:
    lapse(reserving)

    story.decline()
    work()

    assert story.stands == ("voided", "canceled", "declined", "released")
    assert story.movements == [RESERVED, ("void", "succeeded")]
    assert at_the_gateway(reserving, story.checkout.reference) == ("lapsed", 0)
    assert_all_is_well()

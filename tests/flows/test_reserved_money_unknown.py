"""A gateway that does not say what became of a capture or a void: it is asked on, and moves money once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from holdfast.flows.approval import decline_unanswered
from holdfast.flows.asking import StillUnknown
from holdfast.flows.ending import expire_orders
from holdfast.flows.in_hand import LEASE
from holdfast.flows.reconciliation import reconcile
from holdfast.flows.settlement import settle
from holdfast.kernel.errors import Conflict
from holdfast.payments.models import Payment
from tests.flows.books import everything
from tests.flows.died import Died, died_after
from tests.support.practice import Practice
from tests.support.sandbox import Sandbox
from tests.support.ways import (
    AUTHORIZE,
    EACH_THAT_RESERVES,
    SOON,
    Sold,
    asked_for,
    assert_all_is_well,
    at_the_gateway,
    calls_since,
    emails,
    waiting,
)

pytestmark = pytest.mark.spec("BC-2", "BC-7")
RESERVED = ("authorize", "succeeded")
A_MINUTE = timedelta(minutes=1)
NOT_DONE = ["500_before", "reset_before", "429", "401"]
DONE = ["500_after", "reset_after", "html", "empty", "truncated"]


@pytest.fixture
def story(practice: Practice, reserving: Sandbox) -> Sold:
    """A booking whose money is reserved, and which waits for its answer."""
    return waiting(practice, reserving, AUTHORIZE)


def ask_on(story: Sold, *, turns: int) -> None:
    """The reconciler looks whenever it is time to."""
    for _ in range(turns):
        when = story.payment.next_look_at
        assert when is not None
        reconcile(now=when)


@pytest.mark.parametrize("trouble", [*NOT_DONE, *DONE])
def test_a_capture_without_a_clear_answer_is_asked_about_until_it_is_made_once(
    reserving: Sandbox, story: Sold, trouble: str
) -> None:
    reserving.arm(f"capture_{trouble}", only=story.checkout.reference)

    with pytest.raises(StillUnknown):
        story.approve()

    assert story.stands == ("authorized", "completed", "pending_approval", "taken")
    assert story.movements == [RESERVED, ("capture", "unknown")]
    assert_all_is_well()
    ask_on(story, turns=1)
    assert story.stands == ("captured", "completed", "confirmed", "taken")
    assert story.movements == [RESERVED, ("capture", "succeeded")]
    assert at_the_gateway(reserving, story.checkout.reference) == ("captured", 0)
    assert asked_for("booking", "approve") == [f"staff:{story.owner.pk}"]
    assert emails() == ["received", "confirmed"]
    assert_all_is_well()


@pytest.mark.parametrize("trouble", ["500_before", "500_after", "reset_before", "html", "401"])
def test_a_void_without_a_clear_answer_is_asked_about_until_it_is_made(
    reserving: Sandbox, story: Sold, trouble: str
) -> None:
    reserving.arm(f"void_{trouble}", only=story.checkout.reference)
    story.decline()

    assert not story.resolve()
    assert story.movements == [RESERVED, ("void", "unknown")]
    assert_all_is_well()
    ask_on(story, turns=1)

    assert story.stands == ("voided", "canceled", "declined", "released")
    assert story.movements == [RESERVED, ("void", "succeeded")]
    assert at_the_gateway(reserving, story.checkout.reference) == ("voided", 0)
    assert_all_is_well()


@pytest.mark.parametrize("trouble", ["500_before", "html", "unknown_state"])
def test_a_gateway_that_cannot_be_read_is_not_asked_to_take_anything(
    reserving: Sandbox, story: Sold, trouble: str
) -> None:
    reserving.arm(f"look_up_{trouble}", only=story.checkout.reference)
    before = reserving.calls()

    with pytest.raises(StillUnknown):
        story.approve()

    assert calls_since(reserving, before) == {}
    ask_on(story, turns=1)
    assert story.booking.state == "confirmed"
    assert calls_since(reserving, before) == {"capture": 1}


@pytest.mark.parametrize("trouble", ["capture_500_before", "capture_500_after"])
def test_while_a_capture_is_unknown_nobody_else_answers_nor_does_the_clock(
    reserving: Sandbox, story: Sold, trouble: str
) -> None:
    reserving.arm(trouble, only=story.checkout.reference)
    until = story.booking.answer_by
    assert until is not None
    with pytest.raises(StillUnknown):
        story.approve()
    books = everything()

    for answer in (story.approve, story.decline):
        with pytest.raises(Conflict, match="being accepted at this moment"):
            answer(now=SOON + A_MINUTE)
    decline_unanswered(now=until)
    expire_orders(now=until)

    assert everything() == books


def test_a_bank_that_takes_its_time_is_waited_for(reserving: Sandbox, story: Sold) -> None:
    reserving.arm("capture_pending", only=story.checkout.reference, reads=2)
    before = reserving.calls()

    with pytest.raises(StillUnknown):
        story.approve()
    ask_on(story, turns=3)

    assert story.stands == ("captured", "completed", "confirmed", "taken")
    assert calls_since(reserving, before) == {"capture": 1}
    assert_all_is_well()


def test_a_bank_that_takes_its_time_and_then_declines_asks_the_customer_to_pay_anew(
    reserving: Sandbox, story: Sold
) -> None:
    reserving.arm("capture_pending", only=story.checkout.reference, reads=1, ends="authorized")

    with pytest.raises(StillUnknown):
        story.approve()
    ask_on(story, turns=3)

    assert story.stands == ("voided", "placed", "pending_payment", "held")
    assert story.movements == [RESERVED, ("capture", "failed"), ("void", "succeeded")]
    assert at_the_gateway(reserving, story.checkout.reference) == ("voided", 0)
    assert emails() == ["received", "payment_failed"]
    assert_all_is_well()


# Where the transaction that writes down what was captured breaks off.
STEPS = (
    'UPDATE "holdfast_payments_transaction" SET state',
    'UPDATE "holdfast_payments_payment" SET state',
    'UPDATE "holdfast_booking_booking" SET state',
)


@pytest.mark.parametrize("step", STEPS)
@EACH_THAT_RESERVES
def test_who_dies_between_the_capture_and_writing_it_down_has_captured_once(
    reserving: Sandbox, story: Sold, step: str
) -> None:
    before = reserving.calls()
    with pytest.raises(Died), died_after(step):
        story.approve()
    assert at_the_gateway(reserving, story.checkout.reference) == ("captured", 0)
    assert story.stands == ("authorized", "completed", "pending_approval", "taken")

    ask_on(story, turns=1)

    assert story.stands == ("captured", "completed", "confirmed", "taken")
    assert story.movements == [RESERVED, ("capture", "succeeded")]
    assert calls_since(reserving, before) == {"capture": 1}
    assert asked_for("booking", "approve") == [f"staff:{story.owner.pk}"]
    assert emails() == ["received", "confirmed"]
    assert_all_is_well()


def test_who_dies_before_the_gateway_is_asked_has_it_asked_by_the_next_when_the_lease_is_over(
    reserving: Sandbox, story: Sold
) -> None:
    before = reserving.calls()
    with pytest.raises(Died), died_after('"in_hand_until" ='):
        story.approve()
    assert story.movements == [RESERVED, ("capture", "pending")]

    story.resolve(now=SOON + LEASE / 2)
    assert calls_since(reserving, before) == {}
    ask_on(story, turns=1)

    assert story.stands == ("captured", "completed", "confirmed", "taken")
    assert calls_since(reserving, before) == {"capture": 1}
    assert_all_is_well()


def test_a_webhook_may_say_what_became_of_a_capture_that_is_unknown(reserving: Sandbox, story: Sold) -> None:
    reserving.arm("capture_500_after", only=story.checkout.reference)
    with pytest.raises(StillUnknown):
        story.approve()

    settle(story.payment.pk, now=SOON + A_MINUTE)

    assert story.stands == ("captured", "completed", "confirmed", "taken")
    assert story.movements == [RESERVED, ("capture", "succeeded")]
    assert_all_is_well()


def test_an_unknown_capture_is_asked_about_at_its_gateways_pace(reserving: Sandbox, story: Sold) -> None:
    reserving.arm("capture_500_before", times=50, only=story.checkout.reference)
    with pytest.raises(StillUnknown):
        story.approve()

    looks = sum(reconcile(now=SOON + minutes * A_MINUTE) for minutes in range(1, 11))

    assert 5 <= looks <= 10
    assert Payment.objects.get().next_look_at is not None

"""An answer of a gateway may be overtaken on its way to our books: then it is asked for once more."""

from __future__ import annotations

import pytest

from holdfast.flows.reconciliation import reconcile
from holdfast.flows.settlement import apply, ask, settle
from holdfast.kernel.errors import CaptureFailed
from holdfast.payments.gateways.base import Became, Outcome
from holdfast.payments.models import Payment
from holdfast.platform.models import Transition
from tests.support.practice import NOW, Practice
from tests.support.sandbox import Sandbox
from tests.support.ways import (
    AUTHORIZE,
    RESERVED_FOR,
    SOON,
    Sold,
    assert_all_is_well,
    at_the_gateway,
    lapse,
    paid,
    sold,
    waiting,
)

pytestmark = pytest.mark.spec("BC-10")
AFTERWARDS = NOW + RESERVED_FOR
NO = Outcome(Became.FAILED, word="declined", reason="declined")


def declined_after_a_slow_no(practice: Practice, reserving: Sandbox) -> tuple[Sold, Payment]:
    """The gateway says no, the customer tries again and it works, and the business declines; with the payment
    as it was when the gateway said no.
    """
    story = sold(practice, AUTHORIZE)
    when_asked = story.payment
    paid(story, reserving)
    story.decline()
    return story, when_asked


def test_a_no_of_before_the_money_was_reserved_does_not_say_that_it_is_free_again(
    practice: Practice, reserving: Sandbox
) -> None:
    story, when_asked = declined_after_a_slow_no(practice, reserving)
    moves = Transition.objects.count()

    apply(when_asked, NO, now=SOON)

    assert Transition.objects.count() == moves  # nothing has moved
    assert story.resolve()
    assert story.movements == [("authorize", "succeeded"), ("void", "succeeded")]
    assert at_the_gateway(reserving, story.checkout.reference) == ("voided", 0)
    assert_all_is_well()


def test_taken_for_a_new_one_it_would_leave_the_money_reserved(
    practice: Practice, reserving: Sandbox
) -> None:
    story, _ = declined_after_a_slow_no(practice, reserving)

    apply(story.payment, NO, now=SOON)

    assert story.movements == [("authorize", "succeeded"), ("void", "succeeded")]
    assert at_the_gateway(reserving, story.checkout.reference) == ("authorized", 0)


def test_a_no_of_before_the_money_was_reserved_takes_nobodys_booking_back(
    practice: Practice, reserving: Sandbox
) -> None:
    story = sold(practice, AUTHORIZE)
    when_asked = story.payment
    paid(story, reserving)
    moves = Transition.objects.count()

    apply(when_asked, NO, now=SOON)

    assert Transition.objects.count() == moves  # nothing has moved
    assert story.stands == ("authorized", "completed", "pending_approval", "taken")
    story.approve()
    assert story.stands == ("captured", "completed", "confirmed", "taken")
    assert_all_is_well()


def test_a_reservation_that_has_lapsed_meanwhile_pays_nothing(practice: Practice, reserving: Sandbox) -> None:
    story = waiting(practice, reserving, AUTHORIZE)
    when_asked = story.payment
    still_reserved = ask(when_asked, now=SOON)
    lapse(reserving)
    settle(when_asked.pk, now=AFTERWARDS)
    moves = Transition.objects.count()

    apply(when_asked, still_reserved, now=AFTERWARDS)

    assert Transition.objects.count() == moves  # nothing has moved
    assert story.stands == ("expired", "placed", "pending_payment", "held")


def test_that_money_has_been_taken_is_news_whenever_it_comes(practice: Practice, reserving: Sandbox) -> None:
    story = waiting(practice, reserving, AUTHORIZE)
    when_asked = story.payment
    lapse(reserving)
    settle(when_asked.pk, now=AFTERWARDS)

    apply(when_asked, Outcome(Became.CAPTURED, word="captured", amount=when_asked.money), now=AFTERWARDS)

    assert story.stands == ("captured", "completed", "pending_approval", "taken")
    assert story.payment.wins


def test_whoever_was_overtaken_is_asked_again_soon(practice: Practice, reserving: Sandbox) -> None:
    story = waiting(practice, reserving, AUTHORIZE)
    when_asked = story.payment
    lapse(reserving)
    settle(when_asked.pk, now=AFTERWARDS)

    apply(when_asked, NO, now=AFTERWARDS)

    look_at = story.payment.next_look_at
    assert look_at is not None
    assert reconcile(now=look_at) == 1
    assert story.stands == ("expired", "placed", "pending_payment", "held")


def test_money_that_was_lost_and_is_reserved_anew_is_written_down_anew(
    practice: Practice, reserving: Sandbox
) -> None:
    story = waiting(practice, reserving, AUTHORIZE)
    lapse(reserving)
    settle(story.payment.pk, now=AFTERWARDS)
    lapses = AFTERWARDS + RESERVED_FOR
    anew = Outcome(Became.AUTHORIZED, word="authorized", amount=story.payment.money, capture_before=lapses)

    apply(story.payment, anew, now=AFTERWARDS)

    assert story.movements == [("authorize", "succeeded"), ("authorize", "succeeded")]
    assert story.stands == ("authorized", "completed", "pending_approval", "taken")
    assert_all_is_well(now=AFTERWARDS)


def test_a_refusal_of_what_has_been_concluded_meanwhile_refuses_nothing_else(
    practice: Practice, reserving: Sandbox
) -> None:
    story = waiting(practice, reserving, AUTHORIZE)
    reserving.arm("capture_declined", only=story.checkout.reference)
    with pytest.raises(CaptureFailed):
        story.approve()
    capture = story.payment.transactions.get(kind="capture")
    assert story.movements[1:] == [("capture", "failed"), ("void", "pending")]
    still_reserved = ask(story.payment, now=SOON)

    apply(story.payment, still_reserved, refused=capture.pk, now=SOON)

    assert story.movements[1:] == [("capture", "failed"), ("void", "pending")]
    assert story.resolve()
    assert at_the_gateway(reserving, story.checkout.reference) == ("voided", 0)
    assert_all_is_well()

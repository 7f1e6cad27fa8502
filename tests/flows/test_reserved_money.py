"""Reserved money is taken once when a booking is accepted, and set free once when it is declined."""

from __future__ import annotations

from datetime import timedelta

import pytest

from holdfast.catalog.terms import Terms
from holdfast.flows.ending import expire_orders
from holdfast.flows.reconciliation import reconcile
from holdfast.kernel.errors import Conflict
from holdfast.payments.models import Transaction
from tests.flows.books import everything
from tests.flows.door import deliver
from tests.support.practice import Practice
from tests.support.sandbox import Sandbox
from tests.support.toy import WEBHOOK_PATH, authorize
from tests.support.ways import (
    AT_ONCE,
    AUTHORIZE,
    HOLD_AT_ONCE,
    PRICE,
    SOON,
    Sold,
    asked_for,
    assert_all_is_well,
    at_the_gateway,
    calls_since,
    emails,
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


def test_reserved_money_is_written_down_as_the_gateway_says_and_nothing_is_taken(
    reserving: Sandbox, story: Sold
) -> None:
    payment = story.payment

    assert (payment.authorized, payment.captured, payment.wins) == (PRICE, 0, True)
    assert payment.capture_before is not None
    assert payment.next_look_at is not None
    assert story.movements == [RESERVED]
    assert at_the_gateway(reserving, payment.reference) == ("authorized", 0)


@pytest.mark.spec("BC-11")
def test_a_webhook_that_says_so_twice_reserves_it_once(practice: Practice, reserving: Sandbox) -> None:
    story = sold(practice, AUTHORIZE)
    authorize(reserving, story.checkout.reference)
    sent = reserving.webhooks(story.checkout.reference)[-1]

    statuses = [deliver(sent["body"].encode(), sent["headers"], path=WEBHOOK_PATH) for _ in range(2)]
    work()

    assert statuses == [200, 200]
    assert story.stands == ("authorized", "completed", "pending_approval", "taken")
    assert story.movements == [RESERVED]
    assert emails() == ["received"]


def test_accepting_takes_it_once_and_names_who_accepted(reserving: Sandbox, story: Sold) -> None:
    before = reserving.calls()

    story.approve()
    work()  # the message that would have done it finds it done

    assert calls_since(reserving, before) == {"capture": 1}
    assert story.movements == [RESERVED, ("capture", "succeeded")]
    assert at_the_gateway(reserving, story.checkout.reference) == ("captured", 0)
    assert asked_for("booking", "approve") == [f"staff:{story.owner.pk}"]
    assert asked_for("payment", "capture") == ["gateway:toy"]
    assert_all_is_well()


def test_accepting_twice_takes_it_once_and_is_no_error(reserving: Sandbox, story: Sold) -> None:
    before = reserving.calls()
    story.approve()
    books = everything()

    story.approve(now=LATER)

    assert everything() == books
    assert calls_since(reserving, before) == {"capture": 1}


def test_declining_sets_it_free_once(practice: Practice, reserving: Sandbox, story: Sold) -> None:
    before = reserving.calls()

    story.decline()
    assert story.movements == [RESERVED, ("void", "pending")]
    work()
    work()

    assert calls_since(reserving, before) == {"void": 1}
    assert story.movements == [RESERVED, ("void", "succeeded")]
    assert story.stands == ("voided", "canceled", "declined", "released")
    assert at_the_gateway(reserving, story.checkout.reference) == ("voided", 0)
    assert sold(practice, AUTHORIZE, now=SOON).stands[-1] == "held"
    assert_all_is_well()


def test_declining_twice_sets_it_free_once_and_is_no_error(reserving: Sandbox, story: Sold) -> None:
    story.decline()
    books = everything()

    story.decline(now=LATER)

    assert everything() == books
    assert emails() == ["received", "declined"]


def test_what_was_accepted_is_not_declined_and_what_was_declined_is_not_accepted(
    practice: Practice, reserving: Sandbox, story: Sold
) -> None:
    declined = waiting(practice, reserving, AUTHORIZE, at="12:00")
    story.approve()
    declined.decline()
    books = everything()

    with pytest.raises(Conflict, match="is confirmed: it can no longer be declined"):
        story.decline(now=LATER)
    with pytest.raises(Conflict, match="is declined: there is nothing to accept"):
        declined.approve(now=LATER)

    assert everything() == books


def test_a_decline_that_no_worker_has_heard_of_is_carried_out_by_the_next_look(
    reserving: Sandbox, story: Sold
) -> None:
    story.decline()

    reconcile(now=SOON + timedelta(minutes=2))

    assert story.stands[0] == "voided"
    assert at_the_gateway(reserving, story.checkout.reference) == ("voided", 0)


@pytest.mark.parametrize("terms", [AT_ONCE, HOLD_AT_ONCE], ids=["first", "hold"])
def test_money_that_was_reserved_although_it_was_to_be_taken_is_taken_at_once(
    practice: Practice, only_reserving: Sandbox, terms: Terms
) -> None:
    story = waiting(practice, only_reserving, terms)

    assert story.stands == ("authorized", "completed", "pending_approval", "taken")
    assert story.movements == [RESERVED, ("capture", "pending")]
    assert emails() == []
    assert_all_is_well()
    with pytest.raises(Conflict, match="being accepted at this moment"):
        story.decline()

    work()
    assert story.stands == ("captured", "completed", "confirmed", "taken")
    assert emails() == ["confirmed"]
    assert at_the_gateway(only_reserving, story.checkout.reference) == ("captured", 0)
    assert_all_is_well()


@pytest.mark.parametrize("terms", [AT_ONCE, HOLD_AT_ONCE], ids=["first", "hold"])
def test_what_nobody_need_accept_goes_back_to_payment_and_is_confirmed_when_it_is_paid_anew(
    practice: Practice, only_reserving: Sandbox, terms: Terms
) -> None:
    story = waiting(practice, only_reserving, terms)
    only_reserving.arm("capture_declined", only=story.checkout.reference)
    story.resolve()
    assert story.stands == ("authorized", "placed", "pending_payment", "held")

    second = story.pay_again(now=LATER)
    paid(second, only_reserving, now=LATER)
    second.resolve(now=LATER)

    assert second.stands == ("captured", "completed", "confirmed", "taken")
    assert Transaction.objects.filter(kind="capture", state="succeeded").count() == 1
    assert_all_is_well(now=LATER)
    work()
    assert story.stands[0] == "voided"


@pytest.mark.parametrize("terms", [AT_ONCE, HOLD_AT_ONCE], ids=["first", "hold"])
def test_what_went_back_to_payment_and_is_not_paid_anew_ends_with_its_order(
    practice: Practice, only_reserving: Sandbox, terms: Terms
) -> None:
    story = waiting(practice, only_reserving, terms)
    only_reserving.arm("capture_declined", only=story.checkout.reference)
    story.resolve()
    work()

    expire_orders(now=SOON + 2 * A_DAY)

    assert story.stands == ("voided", "expired", "expired", "released")
    assert_all_is_well(now=SOON + 2 * A_DAY)

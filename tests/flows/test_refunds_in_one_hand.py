"""One worker at a time pursues a refund: nothing is sent that another has seen refused and made anew."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection

from holdfast.flows.ending import expire_orders
from holdfast.flows.in_hand import LEASE, ONE_CALL, TakenOver, taken_in_hand
from holdfast.flows.reconciliation import reconcile
from holdfast.flows.refunds import pursue
from holdfast.flows.settlement import settle
from holdfast.payments.models import Payment, Transaction
from tests.flows.books import everything
from tests.flows.died import Died, died_after
from tests.support.practice import NOW, Practice, held, payment_of
from tests.support.racing import race
from tests.support.sandbox import Sandbox

AFTER = NOW + timedelta(minutes=13)
LATE = NOW + timedelta(minutes=20)


@pytest.fixture
def refund(practice: Practice, sandbox: Sandbox) -> Transaction:
    """Money that came when its time was gone, and is owed back."""
    checkout = held(practice)
    expire_orders(now=AFTER)
    held(practice, now=AFTER)
    sandbox.settle(checkout.reference)
    settle(payment_of(checkout).pk, now=LATE)
    return Transaction.objects.get(kind="refund")


def refund_calls(sandbox: Sandbox) -> int:
    calls = sandbox.calls()
    return calls.get("refund", 0) + calls.get("refund_status", 0)


@pytest.mark.spec("BC-12")
def test_a_refund_that_another_worker_has_in_hand_is_left_to_it(
    refund: Transaction, sandbox: Sandbox
) -> None:
    assert taken_in_hand(refund, now=LATE)
    before, calls = everything(), refund_calls(sandbox)

    pursue(refund.pk, now=LATE + LEASE / 2)

    assert everything() == before
    assert refund_calls(sandbox) == calls


@pytest.mark.spec("BC-12", "BC-26")
def test_a_refund_whose_worker_has_died_is_taken_over_by_another(
    refund: Transaction, sandbox: Sandbox
) -> None:
    assert taken_in_hand(refund, now=LATE)
    calls = refund_calls(sandbox)

    pursue(refund.pk, now=LATE + LEASE)

    assert refund_calls(sandbox) > calls
    refund.refresh_from_db()
    assert (refund.state, refund.in_hand_until) == ("pending", None)


@pytest.mark.spec("BC-12")
def test_a_refund_that_another_worker_has_just_seen_refused_is_taken_in_hand_by_nobody(
    refund: Transaction, sandbox: Sandbox
) -> None:
    sandbox.arm("refund_not_eligible")
    as_it_was = Transaction.objects.get(pk=refund.pk)
    pursue(refund.pk, now=LATE)
    assert Transaction.objects.get(pk=refund.pk).state == "failed"
    before = everything()

    assert taken_in_hand(as_it_was, now=LATE) is None

    assert everything() == before


@pytest.mark.spec("BC-12")
def test_a_refusal_is_not_believed_by_a_worker_from_whom_the_refund_has_been_taken_over(
    refund: Transaction, sandbox: Sandbox
) -> None:
    sandbox.arm("refund_not_eligible")
    rival = Transaction.objects.filter(pk=refund.pk)

    def taken_over_before_it_is_recorded(execute: Any, sql: str, *rest: Any) -> Any:
        if "FOR UPDATE" in sql:
            rival.update(in_hand_until=LATE + 2 * LEASE)
        return execute(sql, *rest)

    with connection.execute_wrapper(taken_over_before_it_is_recorded):
        pursue(refund.pk, now=LATE)

    assert [(one.state, one.in_hand_until) for one in rival] == [("pending", LATE + 2 * LEASE)]
    assert Transaction.objects.filter(kind="refund").count() == 1


@pytest.mark.spec("BC-12")
def test_a_refund_that_is_taken_over_between_two_calls_is_not_sent_by_who_has_lost_it(
    refund: Transaction, sandbox: Sandbox
) -> None:
    hand = taken_in_hand(refund, now=LATE)
    assert hand is not None
    with hand.call():
        """The first is within the lease that was taken."""
    Transaction.objects.filter(pk=refund.pk).update(in_hand_until=LATE + 2 * LEASE)
    before = everything()

    with pytest.raises(TakenOver), hand.call():
        pytest.fail("nothing may be sent now")

    assert not hand.put_down()
    assert everything() == before


def test_each_call_is_given_the_whole_lease(refund: Transaction) -> None:
    hand = taken_in_hand(refund, now=LATE)
    assert hand is not None
    with hand.call():
        taken_until = hand.until

    with hand.call():
        refund.refresh_from_db()

    assert refund.in_hand_until == hand.until > taken_until == LATE + LEASE
    assert LEASE > ONE_CALL


@pytest.mark.spec("BC-12")
def test_a_refund_refused_while_others_pursue_it_is_given_once_all_the_same(
    refund: Transaction, sandbox: Sandbox
) -> None:
    sandbox.arm("refund_not_eligible")

    race([partial(pursue, refund.pk, now=LATE) for _ in range(8)])
    for minutes in range(2, 8, 2):
        for owed in Transaction.objects.filter(kind="refund", state__in=("pending", "unknown")):
            pursue(owed.pk, now=LATE + timedelta(minutes=minutes))
        sandbox.advance(10)

    refunds = list(Transaction.objects.filter(kind="refund").order_by("pk").values_list("key", "state"))
    reference = refund.payment.reference
    assert refunds == [(f"{reference}-R1", "failed"), (f"{reference}-R2", "succeeded")]
    ledger = next(entry for entry in sandbox.ledger() if entry["reference"] == reference)
    assert ledger["refunded"] == 199_900


@pytest.mark.spec("BC-12")
def test_a_refund_whose_answer_was_lost_is_asked_about_soon(refund: Transaction, sandbox: Sandbox) -> None:
    sandbox.arm("refund_500_after")
    now = LATE + timedelta(seconds=30)

    assert not pursue(refund.pk, now=now)

    assert Payment.objects.get(pk=refund.payment_id).next_look_at == now + timedelta(seconds=10)


@pytest.mark.spec("GW-45")
def test_a_gateway_that_asks_us_to_wait_is_asked_about_a_refund_after_that(
    refund: Transaction, sandbox: Sandbox
) -> None:
    sandbox.arm("refund_429", seconds=300)
    now = LATE + timedelta(seconds=30)

    assert not pursue(refund.pk, now=now)

    assert Payment.objects.get(pk=refund.payment_id).next_look_at == now + timedelta(minutes=5)


def test_one_that_the_gateway_has_on_its_way_is_asked_about_in_a_minute(refund: Transaction) -> None:
    now = LATE + timedelta(seconds=30)

    assert pursue(refund.pk, now=now)

    assert Payment.objects.get(pk=refund.payment_id).next_look_at == now + timedelta(minutes=1)


@pytest.mark.spec("BC-12", "BC-26")
def test_one_whose_worker_dies_is_looked_at_when_it_is_out_of_its_hand(
    refund: Transaction, sandbox: Sandbox
) -> None:
    """News may have it asked about long before its time, as of an hour after a refund that failed."""
    Payment.objects.filter(pk=refund.payment_id).update(next_look_at=LATE + timedelta(hours=1))
    calls = refund_calls(sandbox)

    with pytest.raises(Died), died_after('UPDATE "holdfast_payments_payment"'):
        pursue(refund.pk, now=LATE)

    assert Payment.objects.get(pk=refund.payment_id).next_look_at == LATE + LEASE
    reconcile(now=LATE + LEASE)
    assert refund_calls(sandbox) == calls + 2  # is it known, and then: please make it

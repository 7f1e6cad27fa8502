"""Money that moves without us: a refund made in a dashboard, or one that fails after it has succeeded."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from holdfast.kernel.money import Money
from holdfast.orders.actions import lock
from holdfast.payments.actions import record_reversal, reopen_refund
from holdfast.payments.gateways.base import Can, RefundBecame, RefundOutcome
from holdfast.payments.models import Payment, Transaction
from holdfast.platform.db import transaction
from holdfast.platform.outbox import post

from .actors import gateway_actor
from .gateways import about, gateway_class, gateway_for
from .movements import OPEN, give_back
from .settlement import apply, ask

log = structlog.get_logger(__name__)

REFUND = Transaction.Kind.REFUND
# A refund may fail for so long after the gateway said that it succeeded.
STILL_FAILS_WITHIN = timedelta(days=30)


def look_at_refunds(payment_id: int, *, now: datetime) -> None:
    """Whether the refunds of a payment that have succeeded still stand. Raises Unknown."""
    young = Transaction.objects.filter(
        payment_id=payment_id,
        kind=REFUND,
        state="succeeded",
        by_hand=False,
        created_at__gt=now - STILL_FAILS_WITHIN,
    )
    for refund in young.select_related("payment__account").order_by("pk"):
        outcome = gateway_for(refund.payment.account).look_up_refund(
            refund.key, of=about(refund.payment), now=now
        )
        if outcome.became is RefundBecame.FAILED:
            _owe_again(refund, outcome, now=now)


def look_at_disputes(payment_id: int, *, now: datetime) -> None:
    """Whether a bank has withdrawn some of a payment while a refund of it is under way: then it is the refund
    that is asked about otherwise, perhaps for days. Raises Unknown.
    """
    refunds = Transaction.objects.filter(payment_id=payment_id, kind=REFUND, state__in=OPEN, by_hand=False)
    if not refunds.exists():
        return
    payment = Payment.objects.select_related("account").get(pk=payment_id)
    # What has gone back is left out: it may be this very refund, which fails before that is written down.
    apply(payment, replace(ask(payment, now=now), refunded=None), now=now)


def look_at_foreign_refund(payment: Payment, refund_reference: str, *, now: datetime) -> None:
    """A refund that is none of ours has been told of: if it is of this payment, it is written down once.

    Where the gateway says of a payment how much of it has gone, in all, its settlement writes that down.
    Raises Unknown.
    """
    if Can.REFUND not in gateway_class(payment.account).can:
        return
    gateway = gateway_for(payment.account)
    if gateway.look_up(about(payment), now=now).refunded is not None:
        return
    outcome = gateway.look_up_refund(refund_reference, of=about(payment), now=now)
    is_of_it = outcome.payment_reference == payment.reference and outcome.amount is not None
    if outcome.became is RefundBecame.SUCCEEDED and is_of_it:
        _write_down(payment, refund_reference, outcome, now=now)


def _owe_again(seen: Transaction, outcome: RefundOutcome, *, now: datetime) -> None:
    """It is owed once more, by a new refund; and told once, however often it is looked at."""
    with transaction():
        lock(seen.payment.order_id)
        payment = (
            Payment.objects.select_related("account").select_for_update(of=("self",)).get(pk=seen.payment_id)
        )
        if Transaction.objects.filter(key=f"{seen.key}-failed").exists():
            return
        by = gateway_actor(payment.account.gateway)
        reopen_refund(seen, word=outcome.word, now=now)
        give_back(payment, seen.money, reason=seen.reason, by=by, now=now)
    log.error("refund_failed_after_all", refund=seen.key, word=outcome.word)


def _write_down(seen: Payment, refund_reference: str, outcome: RefundOutcome, *, now: datetime) -> None:
    assert outcome.amount is not None  # what it rests on
    with transaction():
        lock(seen.order_id)
        payment = Payment.objects.select_for_update().get(pk=seen.pk)
        key = f"outside-{refund_reference}"[:63]
        known = Transaction.objects.filter(key__in=(key, refund_reference)).exists()
        if known or payment.left < outcome.amount.amount:
            log.warning("foreign_refund", reference=payment.reference, refund=refund_reference, known=known)
            return
        record_reversal(
            payment,
            Money(outcome.amount.amount, payment.currency),
            key=key,
            word=outcome.word,
            gateway_reference=outcome.gateway_reference or "",
            now=now,
        )
        post("email", name="reversed", payment=payment.pk, step=payment.transactions.count())
    log.error(
        "refunded_outside", reference=seen.reference, refund=refund_reference, amount=str(outcome.amount)
    )

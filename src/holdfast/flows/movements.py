"""What we ask a gateway to do with money: written down first, sent by the worker.

Reserved money is taken, or set free; money that was taken is given back. Where a gateway cannot give back
by itself, a person does, and says so.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from holdfast.kernel.money import Money
from holdfast.payments.actions import owe, owe_refund, owe_void
from holdfast.payments.gateways.base import Can
from holdfast.payments.models import Payment, Transaction
from holdfast.platform.db import transaction_required
from holdfast.platform.outbox import post

from .gateways import gateway_class

OPEN = ("pending", "unknown")
ASK_AGAIN = timedelta(minutes=1)
RESERVED = (Transaction.Kind.CAPTURE, Transaction.Kind.VOID)
AT_ONCE = timedelta(0)


@transaction_required
def take_reserved(payment: Payment, *, by: str, now: datetime) -> Transaction:
    """Have the gateway take what it has reserved. Raises IntegrityError beside another capture or void."""
    amount = Money(payment.authorized, payment.currency)
    capture = owe(payment, Transaction.Kind.CAPTURE, amount, reason="accepted", by=by, now=now)
    _send_later("resolve", payment, capture, after=AT_ONCE, now=now)
    return capture


@transaction_required
def give_back(
    payment: Payment,
    amount: Money,
    *,
    reason: str,
    by: str,
    now: datetime,
    after: timedelta = AT_ONCE,
) -> None:
    """Owe the customer ``amount`` of a payment and have the worker see to it, ``after`` a while.

    Money that is only reserved is set free, all of it. A gateway with one refund of this payment in hand gets
    the next when that is done; one that knows no refunds leaves it to a person.
    """
    if payment.is_reserved:
        void = owe_void(payment, reason=reason, by=by, now=now)
        _send_later("resolve", payment, void, after=after, now=now)
    elif amount:
        by_hand = Can.REFUND not in gateway_class(payment.account).can
        refund = owe_refund(payment, amount, reason=reason, by_hand=by_hand, by=by, now=now)
        if refund.state == "pending" and not by_hand:
            _send_later("refund", payment, refund, after=after, now=now)


@transaction_required
def next_refund(payment: Payment, *, by: str, now: datetime) -> None:
    """A refund is done with: the one that waited for it has its turn, unless it is tried anew itself."""
    if payment.transactions.filter(kind=Transaction.Kind.REFUND, state__in=OPEN).exists():
        return
    waiting = payment.transactions.filter(kind=Transaction.Kind.REFUND, state="owed").order_by("pk").first()
    if waiting is not None:
        waiting.move("send", by=by, at=now)
        if not waiting.by_hand:
            _send_later("refund", payment, waiting, after=AT_ONCE, now=now)


def under_way(payment: Payment) -> Transaction | None:
    """The capture or void of reserved money that the gateway has been asked for and has not answered."""
    return payment.transactions.filter(kind__in=RESERVED, state__in=OPEN).first()


def _send_later(
    kind: str, payment: Payment, movement: Transaction, *, after: timedelta, now: datetime
) -> None:
    """The worker sends it; should it die, the next look at the payment does."""
    Payment.objects.filter(pk=payment.pk).update(next_look_at=now + after + ASK_AGAIN)
    post(kind, in_seconds=int(after.total_seconds()), **{kind: movement.pk})

"""Writing down what became of money. Nothing here asks a gateway or decides what follows."""

from __future__ import annotations

from datetime import datetime

from django.db.models import F, Q

from holdfast.kernel.money import Money
from holdfast.orders.models import Due, Order
from holdfast.platform.db import transaction_required
from holdfast.platform.moves import remember_births

from .models import GatewayAccount, Payment, Transaction


@transaction_required
def write_intent(
    due: Due, *, order: Order, account: GatewayAccount, reference: str, first_look_at: datetime, now: datetime
) -> Payment:
    """The payment as we mean to make it, before the gateway hears of it."""
    return Payment.objects.create(
        order=order,
        due=due,
        account=account,
        reference=reference,
        currency=order.currency,
        amount=due.amount,
        state="created",
        next_look_at=first_look_at,
        created_at=now,
    )


@transaction_required
def record_purchase(
    payment: Payment, took: Money, *, word: str, gateway_reference: str, now: datetime
) -> None:
    """The gateway says that it took ``took``: written as it says, whatever we think of it."""
    Transaction.objects.create(
        payment=payment,
        kind=Transaction.Kind.PURCHASE,
        amount=took.amount,
        key=f"purchase-{payment.pk}",
        gateway_reference=gateway_reference,
        word=word[:60],
        state="succeeded",
        created_at=now,
    )


@transaction_required
def owe_refund(
    payment: Payment, amount: Money, *, key: str, reason: str, by: str, now: datetime
) -> Transaction:
    """Write down that money goes back. The caller posts the message that sends it.

    A payment of which everything goes back wins no longer.
    """
    refund = Transaction.objects.create(
        payment=payment,
        kind=Transaction.Kind.REFUND,
        amount=amount.amount,
        key=key,
        reason=reason,
        state="pending",
        created_at=now,
    )
    remember_births([refund], by=by, at=now, why=reason)
    Payment.objects.filter(pk=payment.pk).update(
        refunding=F("refunding") + amount.amount,
        wins=Q(wins=True, captured__gt=F("refunding") + F("refunded") + amount.amount),
    )
    return refund


@transaction_required
def conclude_refund(
    refund: Transaction, *, succeeded: bool, word: str, gateway_reference: str, by: str, now: datetime
) -> None:
    """The gateway's final word on a refund. A refund that failed is owed no more: a person decides."""
    refund.move(
        "succeed" if succeeded else "fail",
        by=by,
        at=now,
        why=word,
        word=word[:60],
        gateway_reference=gateway_reference,
    )
    back = refund.amount if succeeded else 0
    Payment.objects.filter(pk=refund.payment_id).update(
        refunding=F("refunding") - refund.amount, refunded=F("refunded") + back
    )

"""Writing down what became of money. Nothing here asks a gateway or decides what follows."""

from __future__ import annotations

from datetime import datetime

from django.db.models import F, Q

from holdfast.kernel.money import Money
from holdfast.orders.models import Due, Order
from holdfast.platform.db import transaction_required
from holdfast.platform.moves import born
from holdfast.platform.rows import append

from .models import GatewayAccount, Payment, Transaction

# In the keys of what we ask a gateway to do: ``…-R2`` is the second refund of a payment.
LETTERS = {Transaction.Kind.CAPTURE: "C", Transaction.Kind.VOID: "V", Transaction.Kind.REFUND: "R"}


@transaction_required
def write_intent(
    due: Due,
    *,
    order: Order,
    account: GatewayAccount,
    reference: str,
    first_look_at: datetime | None,
    by: str,
    now: datetime,
    recorded_by: str = "",
    why: str = "",
) -> Payment:
    """The payment as we mean to make it, before the gateway hears of it; or as somebody has taken it."""
    payment = Payment(
        order=order,
        due=due,
        account=account,
        reference=reference,
        currency=order.currency,
        amount=due.amount,
        state="created",
        recorded_by=recorded_by,
        next_look_at=first_look_at,
        created_at=now,
    )
    born([payment], by=by, at=now, why=why)
    return payment


@transaction_required
def record(
    payment: Payment,
    kind: Transaction.Kind,
    amount: Money,
    *,
    key: str,
    word: str,
    gateway_reference: str = "",
    now: datetime,
) -> None:
    """The gateway says that this much moved: written as it says, whatever we think of it."""
    movement = Transaction(
        payment=payment,
        kind=kind,
        amount=amount.amount,
        key=key,
        gateway_reference=gateway_reference,
        word=word[:60],
        state="succeeded",
        created_at=now,
    )
    append([movement])


@transaction_required
def owe(
    payment: Payment,
    kind: Transaction.Kind,
    amount: Money,
    *,
    reason: str,
    by: str,
    now: datetime,
    state: str = "pending",
    by_hand: bool = False,
) -> Transaction:
    """Write down a movement that the gateway shall make. The caller posts the message that asks for it.

    Raises IntegrityError for a second capture or void of one payment, and a second refund in the gateway's
    hands.
    """
    number = payment.transactions.filter(kind=kind).count() + 1
    owed = Transaction(
        payment=payment,
        kind=kind,
        amount=amount.amount,
        key=f"{payment.reference}-{LETTERS[kind]}{number}",
        reason=reason[:200],
        state=state,
        by_hand=by_hand,
        created_at=now,
    )
    born([owed], by=by, at=now, why=reason)
    return owed


@transaction_required
def owe_refund(
    payment: Payment, amount: Money, *, reason: str, by: str, now: datetime, by_hand: bool = False
) -> Transaction:
    """Write down that money goes back; ``owed`` while the gateway has another refund of it in hand.

    A payment of which everything goes back wins no longer.
    """
    in_hand = payment.transactions.filter(kind=Transaction.Kind.REFUND, state__in=("pending", "unknown"))
    state = "owed" if in_hand.exists() else "pending"
    refund = owe(
        payment,
        Transaction.Kind.REFUND,
        amount,
        reason=reason,
        state=state,
        by_hand=by_hand,
        by=by,
        now=now,
    )
    gone = F("refunding") + F("refunded") + F("reversed") + amount.amount
    Payment.objects.filter(pk=payment.pk).update(
        refunding=F("refunding") + amount.amount, wins=Q(wins=True, captured__gt=gone)
    )
    return refund


@transaction_required
def owe_void(payment: Payment, *, reason: str, by: str, now: datetime) -> Transaction:
    """Write down that reserved money is set free. It wins no longer."""
    amount = Money(payment.authorized, payment.currency)
    void = owe(payment, Transaction.Kind.VOID, amount, reason=reason, by=by, now=now)
    Payment.objects.filter(pk=payment.pk).update(wins=False)
    payment.wins = False
    return void


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


@transaction_required
def reopen_refund(refund: Transaction, *, word: str, now: datetime) -> None:
    """A refund that had succeeded has failed after all: a new row says so, and the money is owed again."""
    payment = refund.payment
    record(
        payment,
        Transaction.Kind.REFUND_FAILED,
        refund.money,
        key=f"{refund.key}-failed",
        word=word,
        gateway_reference=refund.gateway_reference,
        now=now,
    )
    Payment.objects.filter(pk=payment.pk).update(refunded=F("refunded") - refund.amount)


@transaction_required
def record_reversal(
    payment: Payment, amount: Money, *, key: str, word: str, gateway_reference: str, now: datetime
) -> None:
    """Money has left without us. A payment of which nothing is left wins no longer."""
    record(
        payment,
        Transaction.Kind.REVERSAL,
        amount,
        key=key,
        word=word,
        gateway_reference=gateway_reference,
        now=now,
    )
    _has_left(payment, amount)


@transaction_required
def record_dispute(
    payment: Payment,
    amount: Money,
    *,
    key: str,
    word: str,
    gateway_reference: str,
    is_open: bool,
    by: str,
    now: datetime,
) -> Transaction:
    """A bank has withdrawn money; while that is open, somebody is to answer it. It may come back."""
    dispute = Transaction(
        payment=payment,
        kind=Transaction.Kind.DISPUTE,
        amount=amount.amount,
        key=key,
        gateway_reference=gateway_reference,
        word=word[:60],
        state="pending" if is_open else "succeeded",
        by_hand=True,
        created_at=now,
    )
    born([dispute], by=by, at=now, why=word)
    _has_left(payment, amount)
    return dispute


@transaction_required
def record_dispute_won(dispute: Transaction, *, word: str, now: datetime) -> None:
    """What a bank had withdrawn has come back: a new row says so. What it pays is for the caller to say."""
    record(
        dispute.payment,
        Transaction.Kind.DISPUTE_WON,
        dispute.money,
        key=f"{dispute.key}-won",
        word=word,
        gateway_reference=dispute.gateway_reference,
        now=now,
    )
    Payment.objects.filter(pk=dispute.payment_id).update(reversed=F("reversed") - dispute.amount)


def _has_left(payment: Payment, amount: Money) -> None:
    gone = F("refunding") + F("refunded") + F("reversed") + amount.amount
    Payment.objects.filter(pk=payment.pk).update(
        reversed=F("reversed") + amount.amount, wins=Q(wins=True, captured__gt=gone)
    )

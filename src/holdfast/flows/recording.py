"""Money that a person takes: cash, a bank transfer. Whoever took it says so, and is named with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import structlog

from holdfast.kernel.errors import Conflict, Invalid
from holdfast.kernel.ids import new_reference
from holdfast.kernel.money import Money
from holdfast.orders.actions import lock
from holdfast.orders.dues import COMES_LATER
from holdfast.orders.models import Due, Order
from holdfast.payments.actions import write_intent
from holdfast.payments.gateways.base import Became, Outcome
from holdfast.payments.models import GatewayAccount, Payment
from holdfast.payments.queries import BY_HAND, is_only_reserved, open_dues
from holdfast.platform.db import retried_once, transaction, transaction_required
from holdfast.platform.models import User

from .changing import Change, change_from_inside
from .paying import NOT_YET, PAID
from .settlement import carry_out

log = structlog.get_logger(__name__)

CANCELED = "This was canceled: nothing is to be paid for it."
GONE = "This time has been given to somebody else meanwhile: take no money for it."


class Method(StrEnum):
    """How a person took it."""

    CASH = "cash"
    BANK = "bank transfer"


@dataclass(frozen=True)
class Taken:
    """What was taken, and how; ``note`` is a receipt's or a transfer's number."""

    amount: Money
    method: Method
    note: str = ""


def record_payment(reference: str, taken: Taken, *, by: User, trade: str, now: datetime) -> Payment:
    """Somebody of the business has taken what a booking's order asks for next.

    It is settled as any payment is: the booking is confirmed, or goes on to be accepted. Raises NotFound and
    Forbidden as for all that only the business may do, Invalid for another amount than is due, and Conflict
    where nothing is due any more.
    """
    change = change_from_inside(reference, by=by, trade=trade)
    payment = _record(change, taken, now=now)
    log.info(
        "recorded", booking=reference, reference=payment.reference, by=change.by, method=taken.method.value
    )
    return payment


@retried_once
def _record(change: Change, taken: Taken, *, now: datetime) -> Payment:
    with transaction():
        return take_by_hand(lock(change.order_id), taken, by=change.by, now=now)


@transaction_required
def take_by_hand(order: Order, taken: Taken, *, by: str, now: datetime) -> Payment:
    """Write down and settle what ``by`` has taken for the next due of an order, whose lock the caller has.

    Raises Invalid and Conflict as ``record_payment``; the caller's transaction then rolls back.
    """
    due = _next_due(order)
    if taken.amount != due.money:
        raise Invalid({"amount": [f"Payment amount must be exactly {due.money.decimal}."]})
    payment = write_intent(
        due,
        order=order,
        account=_account(order),
        reference=_reference(order, now=now),
        first_look_at=None,
        recorded_by=by,
        by=by,
        now=now,
        why=taken.method.value,
    )
    outcome = Outcome(
        Became.CAPTURED,
        word=taken.method.value,
        amount=taken.amount,
        transaction_reference=taken.note[:80],
    )
    payment = carry_out(payment, outcome, by=by, now=now)
    if not payment.wins:
        raise Conflict(GONE)  # and nothing is written: nobody need take it
    return payment


def _next_due(order: Order) -> Due:
    """What is asked for next, and not yet paid. Raises Conflict."""
    if order.state == "canceled":
        raise Conflict(CANCELED)
    due = open_dues(order.pk).exclude(kind=Due.Kind.DIFFERENCE).first()
    if due is None:
        raise Conflict(PAID)
    if due.kind in COMES_LATER and is_only_reserved(order.pk):
        raise Conflict(NOT_YET)
    return due


def _reference(order: Order, *, now: datetime) -> str:
    today = now.astimezone(order.business.zone).date()
    return new_reference(order.terms.payment_reference, offering=0, day=today)


def _account(order: Order) -> GatewayAccount:
    """Where a business's own hands are kept: made when somebody first takes money by hand."""
    account, _ = GatewayAccount.objects.select_related("business").get_or_create(
        business_id=order.business_id,
        gateway=BY_HAND,
        mode=GatewayAccount.Mode.LIVE,
        defaults={"position": 99},
    )
    return account

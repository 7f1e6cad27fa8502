"""Cancellation: the booking ends, its time is free again, and what the terms owe goes back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import structlog
from django.db.models import QuerySet

from holdfast.booking.models import Booking
from holdfast.booking.refund_terms import percent_back, refund_owed
from holdfast.catalog.terms import Terms
from holdfast.kernel.errors import Conflict
from holdfast.kernel.money import Money
from holdfast.orders.actions import lock
from holdfast.payments.models import Payment
from holdfast.platform.db import retried_once, transaction, transaction_required
from holdfast.platform.models import User
from holdfast.platform.outbox import post

from .changing import Change, change_of
from .ending import free
from .refunds import give_back

log = structlog.get_logger(__name__)

ALL_OF_IT = 100  # percent, when it is the business that cancels
BEGUN = "This has begun. Only the business can cancel it now."


@dataclass(frozen=True)
class Owed:
    """What a cancellation gives back, and how much of the price that is by the terms."""

    refund: Money
    percent: int


def preview_cancellation(reference: str, *, by: User, trade: str, now: datetime) -> Owed:
    """What canceling now would give back. Changes nothing, and refuses as ``cancel_booking`` does."""
    change = change_of(reference, by=by, trade=trade)
    booking = Booking.objects.select_related("line__order").get(pk=change.booking_id)
    booking.lifecycle.after(booking.state, "cancel")
    return _owed(booking, _winners(change.order_id).first(), change, now=now)


def cancel_booking(reference: str, *, by: User, trade: str, now: datetime) -> Owed:
    """Cancel a booking and give back what its terms allow; all of it when the business cancels.

    Raises NotFound for another's booking, and Conflict for one that is over, or has begun for its customer.
    """
    change = change_of(reference, by=by, trade=trade)
    owed = _cancel(change, now=now)
    log.info("canceled", booking=reference, by=change.by, percent=owed.percent, refund=str(owed.refund))
    return owed


@retried_once
def _cancel(change: Change, *, now: datetime) -> Owed:
    """The one transaction of a cancellation. Under the order's lock the second one finds it canceled."""
    with transaction():
        order = lock(change.order_id)
        payment = _winners(order.pk).select_for_update().first()
        booking = Booking.objects.select_related("line__order").get(pk=change.booking_id)
        booking.move("cancel", by=change.by, at=now)
        owed = _owed(booking, payment, change, now=now)
        free(order, event="cancel", reason="canceled", by=change.by, now=now)
        if payment is not None:
            give_back(payment, owed.refund, reason="canceled", by=change.by, now=now)
        _tell(booking, owed, change)
    return owed


def _winners(order_id: int) -> QuerySet[Payment]:
    """The payment that pays for the booking, if one does."""
    return Payment.objects.filter(order_id=order_id, wins=True)


def _owed(booking: Booking, payment: Payment | None, change: Change, *, now: datetime) -> Owed:
    assert payment is None or payment.state == "captured"  # money that is only reserved is voided instead
    order = booking.line.order
    percent = _percent(order.terms, booking, change, now=now)
    price = Money(booking.line.price, order.currency)
    left = Money(payment.left if payment else 0, order.currency)
    return Owed(refund_owed(price, percent=percent, left=left), percent)


def _percent(terms: Terms, booking: Booking, change: Change, *, now: datetime) -> int:
    """Raises Conflict for a customer's booking that has begun."""
    if change.for_business:
        return ALL_OF_IT
    if booking.starts_at <= now:
        raise Conflict(BEGUN)
    return percent_back(terms.refund_shares, notice=booking.starts_at - now)


@transaction_required
def _tell(booking: Booking, owed: Owed, change: Change) -> None:
    post(
        "email",
        name="canceled",
        booking=booking.pk,
        back=owed.refund.amount,
        by_business=change.for_business,
    )

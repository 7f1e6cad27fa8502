"""Cancellation: the booking ends, its time is free again, and what the terms owe goes back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import structlog

from holdfast.booking.models import Booking
from holdfast.booking.refund_terms import percent_back
from holdfast.catalog.terms import Terms
from holdfast.kernel.errors import Conflict
from holdfast.kernel.money import Money
from holdfast.orders.actions import lock
from holdfast.orders.models import Order
from holdfast.payments.models import Payment
from holdfast.platform.db import retried_once, transaction, transaction_required
from holdfast.platform.models import User
from holdfast.platform.outbox import post

from .changing import Change, change_of
from .ending import free
from .entering import bookings_of
from .parting import BEING_ANSWERED, ENDED, is_being_taken, owed_for, part, winners

log = structlog.get_logger(__name__)

ALL_OF_IT = 100  # percent, when it is the business that cancels
BEGUN = "This has begun. Only the business can cancel it now."
TOGETHER = "Its money is reserved together with that of other bookings. Cancel it once that has been taken."


@dataclass(frozen=True)
class Owed:
    """What a cancellation gives back, and how much of the price that is by the terms."""

    refund: Money
    percent: int


def preview_cancellation(
    reference: str, *, by: User, trade: str, now: datetime, by_terms: bool = False
) -> Owed:
    """What canceling now would give back. Changes nothing, and refuses as ``cancel_booking`` does."""
    return preview(change_of(reference, by=by, trade=trade, to_cancel=True), by_terms=by_terms, now=now)


def preview(change: Change, *, now: datetime, by_terms: bool = False) -> Owed:
    """The same for whoever has shown that they may change it."""
    booking = Booking.objects.select_related("line__order").get(pk=change.booking_id)
    booking.lifecycle.after(booking.state, "cancel")
    order, payments = booking.line.order, winners(change.order_id)
    percent = _percent(order.terms, booking, payments, change, by_terms=by_terms, now=now)
    return Owed(owed_for(booking, order, payments, percent=percent), percent)


def cancel_booking(
    reference: str, *, by: User, trade: str, now: datetime, by_terms: bool = False, why: str = ""
) -> Owed:
    """Cancel a booking and give back what its terms allow; all of it when the business cancels.

    ``by_terms`` says that the business does it because its customer has asked for it. One that is not paid
    yet ends with all that was ordered together. Raises NotFound for another's booking, and Conflict for one
    that is over, or has begun for its customer, or is being accepted at this moment.
    """
    change = change_of(reference, by=by, trade=trade, to_cancel=True)
    owed = cancel(change, by_terms=by_terms, why=why, now=now)
    log.info("canceled", booking=reference, by=change.by, percent=owed.percent, refund=str(owed.refund))
    return owed


@retried_once
def cancel(change: Change, *, now: datetime, by_terms: bool = False, why: str = "") -> Owed:
    """The same for whoever has shown that they may change it, in one transaction.

    Under the order's lock the second one finds it canceled.
    """
    with transaction():
        order = lock(change.order_id)
        booking = Booking.objects.select_related("line__order").get(pk=change.booking_id)
        payments = winners(order.pk)
        _refuse_reserved(order, booking, payments)
        booking.move("cancel", by=change.by, at=now, why=why, answer_by=None)
        percent = _percent(order.terms, booking, payments, change, by_terms=by_terms, now=now)
        if order.state == "placed":
            free(order, event="cancel", reason="canceled", by=change.by, now=now)
            refund = Money(0, order.currency)
        else:
            back = part(order, [booking], reason="canceled", percent=percent, by=change.by, now=now)
            refund = back[booking.pk]
        owed = Owed(refund, percent)
        _tell(booking, owed, by_business=change.for_business and not by_terms)
    return owed


def _refuse_reserved(order: Order, booking: Booking, payments: list[Payment]) -> None:
    """Reserved money that is being taken, or that is reserved for others as well, lets nobody go now."""
    if is_being_taken(payments):
        raise Conflict(BEING_ANSWERED)
    if any(payment.is_reserved for payment in payments) and any(
        one.pk != booking.pk and one.state not in ENDED for one in bookings_of(order)
    ):
        raise Conflict(TOGETHER)


def _percent(
    terms: Terms,
    booking: Booking,
    payments: list[Payment],
    change: Change,
    *,
    by_terms: bool,
    now: datetime,
) -> int:
    """Raises Conflict for a customer's booking that has begun."""
    if change.for_business and not by_terms:
        return ALL_OF_IT
    if booking.starts_at <= now and not change.for_business:
        raise Conflict(BEGUN)
    if any(payment.is_reserved for payment in payments):
        return ALL_OF_IT  # reserved money is set free
    return percent_back(terms.refund_shares, notice=booking.starts_at - now)


@transaction_required
def _tell(booking: Booking, owed: Owed, *, by_business: bool) -> None:
    post("email", name="canceled", booking=booking.pk, back=owed.refund.amount, by_business=by_business)

"""Giving back some of what was paid for one booking, or all of it, while the booking stays as it is.

What goes back is taken off the price of that booking, and of no other: so whatever is ordered together keeps
its own money, and what a later cancellation gives back is a share of what is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from holdfast.booking.models import Booking
from holdfast.booking.refund_terms import percent_back, refund_owed
from holdfast.kernel.errors import Conflict, Invalid
from holdfast.kernel.money import Money
from holdfast.orders.actions import lock, take_off, withdraw
from holdfast.orders.dues import COMES_LATER
from holdfast.orders.models import Due, Line, Order
from holdfast.orders.queries import totals_of
from holdfast.payments.models import Payment
from holdfast.platform.db import retried_once, transaction, transaction_required
from holdfast.platform.models import User
from holdfast.platform.outbox import post

from .changing import Change, change_of_money
from .entering import bookings_of
from .parting import ENDED, give_back_over, shares_of, winners

log = structlog.get_logger(__name__)

TITLE = "Refund"
ONLY_RESERVED = (
    "Its money is only reserved, so nothing can go back: decline or cancel it, and it is set free."
)
MEANWHILE = "Something has gone back meanwhile. Please look again before you give back more."


@dataclass(frozen=True)
class Refundable:
    """What of a booking's money can go back: all that is left of it, or what the terms would give back if its
    customer canceled now.
    """

    all_of_it: Money
    by_terms: Money
    percent: int


def preview_refund(reference: str, *, by: User, trade: str, now: datetime) -> Refundable:
    """How much can go back of what was paid for a booking. Changes nothing, and refuses as ``refund_booking``
    does; where nothing has been paid, nothing can.
    """
    change = change_of_money(reference, by=by, trade=trade)
    booking = Booking.objects.select_related("line__order").get(pk=change.booking_id)
    order = booking.line.order
    left = _left_of(booking, order, _taken(order))
    if booking.state in ENDED:  # its end has given back what the terms say
        return Refundable(left, Money(0, left.currency), 0)
    percent = percent_back(order.terms.refund_shares, notice=booking.starts_at - now)
    return Refundable(left, refund_owed(left, percent=percent, left=left), percent)


def refund_booking(
    reference: str, amount: Money, *, left: Money, reason: str, by: User, trade: str, now: datetime
) -> None:
    """Give back ``amount`` of what was paid for a booking, which stays as it is; its customer is told why.

    ``left`` is what could go back when whoever asks has looked: two who look at the same page do not both
    give back. Raises NotFound and Forbidden as for all that only who runs the business may do, Invalid for
    nothing at all or another currency, and Conflict for more than is left, or where it has changed.
    """
    change = change_of_money(reference, by=by, trade=trade)
    _refund(change, amount, seen=left, reason=reason, now=now)
    log.info("refunded_by_hand", booking=reference, amount=str(amount), by=change.by)


@retried_once
def _refund(change: Change, amount: Money, *, seen: Money, reason: str, now: datetime) -> None:
    with transaction():
        order = lock(change.order_id)
        booking = Booking.objects.select_related("line").get(pk=change.booking_id)
        payments = _taken(order)
        left = _left_of(booking, order, payments)
        if amount.currency != left.currency or amount.amount <= 0:
            raise Invalid({"amount": [f"This must be an amount in {left.currency}."]})
        if seen != left:
            raise Conflict(MEANWHILE)
        if amount.amount > left.amount:
            raise Conflict(f"Of what was paid for this, {left} can go back.")
        line = Line.objects.get(pk=booking.line_id)
        take_off(order, of=line, title=TITLE, amount=amount.amount)
        given = give_back_over(payments, amount.amount, reason=reason, by=change.by, now=now)
        assert given == amount.amount, "what is left of a booking is left of its payments"
        _ask_no_more(order, now=now)
        latest = payments[-1]
        step = latest.transactions.count()
        post("email", name="refunded", payment=latest.pk, step=step, back=given, why=reason)


def _taken(order: Order) -> list[Payment]:
    """What has been taken for an order and pays for it. Raises Conflict where it is only reserved."""
    payments = winners(order.pk)
    if any(payment.is_reserved for payment in payments):
        raise Conflict(ONLY_RESERVED)
    return payments


def _left_of(booking: Booking, order: Order, payments: Sequence[Payment]) -> Money:
    """What was paid for one booking and has not gone back; of one that has ended, what its end has kept."""
    kept = sum(payment.left for payment in payments)
    others = [one for one in bookings_of(order) if one.pk != booking.pk and one.state not in ENDED]
    if booking.state not in ENDED:
        own, _ = shares_of([booking], order) if kept else (0, 0)
        return Money(min(own, kept), order.currency)
    theirs, _ = shares_of(others, order) if others else (0, 0)
    price = totals_of(order).get(booking.pk, 0)  # of what a cart was placed with before, nothing was kept
    return Money(max(0, min(kept - theirs, price)), order.currency)


@transaction_required
def _ask_no_more(order: Order, *, now: datetime) -> None:
    """What was asked for first has been given back whole: it is not asked for once more."""
    first = Due.objects.filter(order=order, withdrawn_at=None).exclude(kind__in=COMES_LATER)
    for due in first:
        if not Payment.objects.filter(due=due, wins=True).exists():
            withdraw(due, now)

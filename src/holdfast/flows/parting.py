"""What a booking that ends leaves behind: its time is free, and what its terms owe goes back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from holdfast.availability.actions import release
from holdfast.booking.models import Booking
from holdfast.booking.refund_terms import paid_for, refund_owed
from holdfast.kernel.money import Money
from holdfast.orders.actions import withdraw
from holdfast.orders.models import Due, Order, owner_of
from holdfast.orders.queries import totals_of
from holdfast.payments.models import Payment
from holdfast.platform.db import transaction_required

from .entering import bookings_of
from .movements import give_back
from .moving import withdraw_moves

ENDED = ("declined", "canceled", "expired")


def winners(order_id: int) -> list[Payment]:
    """The payments that pay for an order, oldest first; locked, where a transaction is open."""
    return list(Payment.objects.select_related("account").filter(order_id=order_id, wins=True).order_by("pk"))


def owed_for(booking: Booking, order: Order, payments: Sequence[Payment], *, percent: int) -> Money:
    """What ending this booking gives back of what was paid for it. Reserved money is set free, all of it."""
    service = totals_of(order)[booking.pk]
    left = Money(sum(payment.kept.amount for payment in payments), order.currency)
    if any(payment.is_reserved for payment in payments):
        return Money(min(service, left.amount), order.currency)
    paid = sum(payment.captured for payment in payments)
    share = Money(paid_for(service, total=order.total, paid=paid) if order.total else 0, order.currency)
    return refund_owed(share, percent=percent, left=left)


@transaction_required
def part(
    order: Order, bookings: Sequence[Booking], *, reason: str, percent: int, by: str, now: datetime
) -> dict[int, Money]:
    """Free the time of bookings that have just ended, and owe so many percent of what was paid for each.

    Answers what each gives back. When nothing of the order is left, it ends as well, and asks for no more.
    """
    payments = winners(order.pk)
    owed = {one.pk: owed_for(one, order, payments, percent=percent) for one in bookings}
    release(*(owner_of(one.pk) for one in bookings))
    withdraw_moves(bookings, by=by, now=now)
    if all(one.state in ENDED for one in bookings_of(order)):
        order.move("cancel", by=by, at=now, why=reason, reason=_reason(reason), expires_at=None)
        for due in Due.objects.filter(order=order, withdrawn_at=None).exclude(payments__wins=True):
            withdraw(due, now)
    give_back_over(payments, sum(one.amount for one in owed.values()), reason=reason, by=by, now=now)
    return owed


@transaction_required
def give_back_over(payments: Sequence[Payment], amount: int, *, reason: str, by: str, now: datetime) -> int:
    """Give so much back of all that was paid, the latest first; reserved money is set free whole.

    Answers how much of it there was to give.
    """
    given = 0
    for payment in reversed(payments):
        share = Money(min(amount - given, payment.kept.amount), payment.currency)
        if share:
            give_back(payment, share, reason=reason, by=by, now=now)
        given += share.amount
    return given


def _reason(reason: str) -> str:
    return reason if reason in Order.Reason.values else Order.Reason.CANCELED

"""What a booking that ends leaves behind: its time is free, and what its terms owe goes back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import QuerySet

from holdfast.availability.actions import release
from holdfast.booking.models import Booking
from holdfast.booking.refund_terms import paid_for, refund_owed
from holdfast.kernel.money import Money
from holdfast.orders.actions import ask_for, withdraw
from holdfast.orders.models import Due, Order, owner_of
from holdfast.orders.queries import totals_of
from holdfast.payments.models import Payment
from holdfast.payments.queries import open_dues
from holdfast.platform.db import transaction_required

from .entering import bookings_of
from .movements import give_back, under_way
from .moving import withdraw_moves

ENDED = ("declined", "canceled", "expired")
BEING_ANSWERED = "This is being answered at this moment. Please look again shortly."


def winners(order_id: int) -> list[Payment]:
    """The payments that pay for an order, oldest first. Who changes one has the order's lock."""
    return list(Payment.objects.select_related("account").filter(order_id=order_id, wins=True).order_by("pk"))


def is_being_taken(payments: Sequence[Payment]) -> bool:
    """Whether a gateway has been asked for any of this money, which it has reserved, and has not answered."""
    return any(payment.is_reserved and under_way(payment) is not None for payment in payments)


def owed_for(booking: Booking, order: Order, payments: Sequence[Payment], *, percent: int) -> Money:
    """What ending this booking gives back of what was paid for it. Reserved money is set free, all of it."""
    left = Money(sum(payment.kept.amount for payment in payments), order.currency)
    if any(payment.is_reserved for payment in payments):
        return Money(min(totals_of(order)[booking.pk], left.amount), order.currency)
    paid, _ = shares_of([booking], order)
    return refund_owed(Money(paid, order.currency), percent=percent, left=left)


def shares_of(ending: Sequence[Booking], order: Order) -> tuple[int, int]:
    """What has been paid for these bookings, and what is still asked for them: of a balance, their share.

    What others of the order cost that ended before was given back then, and is asked for no more.
    """
    totals, those = totals_of(order), {one.pk for one in ending}
    standing = sum(totals[one.pk] for one in bookings_of(order) if one.pk in those or one.state not in ENDED)
    asked = sum(due.amount for due in _balance(order))
    paid = sum(paid_for(totals[one], total=standing, paid=standing - asked) for one in those)
    return paid, sum(totals[one] for one in those) - paid


@transaction_required
def part(
    order: Order, bookings: Sequence[Booking], *, reason: str, percent: int, by: str, now: datetime
) -> dict[int, Money]:
    """Free the time of bookings that have just ended, and owe so many percent of what was paid for each.

    Answers what each gives back. When nothing of the order is left, it ends as well, and asks for no more.
    """
    payments = winners(order.pk)
    owed = {one.pk: owed_for(one, order, payments, percent=percent) for one in bookings}
    _, unpaid = shares_of(bookings, order)
    release(*(owner_of(one.pk) for one in bookings))
    withdraw_moves(bookings, by=by, now=now)
    if all(one.state in ENDED for one in bookings_of(order)):
        order.move("cancel", by=by, at=now, why=reason, reason=_reason(reason), expires_at=None)
        for due in open_dues(order.pk):
            withdraw(due, now)
    ask_less(order, unpaid, now=now)
    give_back_over(payments, sum(one.amount for one in owed.values()), reason=reason, by=by, now=now)
    return owed


@transaction_required
def ask_less(order: Order, amount: int, *, now: datetime) -> int:
    """Take so much off the balance that is still asked for. Answers how much of it could be."""
    for due in _balance(order):
        withdraw(due, now)
        off = min(amount, due.amount)
        if off < due.amount:
            ask_for(order, Due.Kind.BALANCE, due.amount - off, due.due_at)
        return off
    return 0


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


def _balance(order: Order) -> QuerySet[Due]:
    """The balance that an order still asks for, if it does: one at most."""
    return open_dues(order.pk).filter(kind=Due.Kind.BALANCE)


def _reason(reason: str) -> str:
    return reason if reason in Order.Reason.values else Order.Reason.CANCELED

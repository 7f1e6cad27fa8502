"""An order has its money, or needs none: its bookings are confirmed, or wait for an answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from holdfast.booking.actions import book, paid
from holdfast.booking.models import Booking
from holdfast.orders.models import Line, Order
from holdfast.payments.models import Payment
from holdfast.platform.db import transaction_required
from holdfast.platform.outbox import post

from .answers import answer_by, warnings_missed
from .movements import take_reserved


@transaction_required
def enter(
    order: Order, lines: Sequence[Line], payment: Payment | None, *, by: str, now: datetime, why: str = ""
) -> None:
    """Complete an order whose time is taken, make its bookings or move them on, and tell their customer.

    ``payment`` is the one that has just won. Reserved money that nobody need accept is taken at once.
    """
    order.move("complete", by=by, at=now, why=why, expires_at=None)
    waits_until = _waits_until(order, lines, payment, now=now)
    warned = warnings_missed(since=now, until=waits_until) if waits_until else 0
    bookings = bookings_of(order) if may_have_bookings(order) else []
    if bookings:
        paid(bookings, answer_by=waits_until, warned=warned, by=by, now=now, why=why)
    else:
        state = "pending_approval" if waits_until else "confirmed"
        bookings = book(order, lines, state=state, answer_by=waits_until, warned=warned, by=by, now=now)
    if payment is not None and payment.is_reserved and not order.terms.asks_approval:
        take_reserved(payment, by=by, now=now)
    elif waits_until is None:
        tell(bookings, "confirmed")
    else:
        tell_received(bookings)


def bookings_of(order: Order) -> list[Booking]:
    """The bookings of an order, oldest first; not those of what a cart was placed with before."""
    standing = Booking.objects.filter(line__order_id=order.pk, line__withdrawn_at=None)
    return list(standing.order_by("pk"))


def may_have_bookings(order: Order) -> bool:
    """Whether an order that has just ended or been paid may have some already; else there is no need to ask.

    Its terms may have made them before the money; or this is not its first end, as when its money was lost.
    """
    return order.terms.books_at_once or order.terms.asks_approval or order.seq > 1


@transaction_required
def tell(bookings: Sequence[Booking], name: str, **told: str) -> None:
    """Send one email about each booking, which may be sent again when it has come so far once more.

    ``told`` is what the email needs to know of this moment.
    """
    for booking in bookings:
        also: dict[str, Any] = {**told, **({"step": booking.seq} if booking.seq else {})}
        post("email", name=name, booking=booking.pk, **also)


@transaction_required
def tell_received(bookings: Sequence[Booking]) -> None:
    """Tell the customer that each booking waits to be accepted, and the business that it must answer."""
    for booking in bookings:
        assert booking.answer_by is not None  # who waits for an answer waits until some time
        tell([booking], "received", until=booking.answer_by.isoformat())
        ask_the_business(booking, booking.answer_by, warning=0)


@transaction_required
def ask_the_business(booking: Booking, until: datetime, *, warning: int) -> None:
    """One email for each time that it is asked, and for each ``warning`` of that time."""
    step, by = f"{booking.seq}.{warning}", until.isoformat()
    post("email", name="waits_for_you", booking=booking.pk, step=step, until=by, warning=warning)


def _waits_until(
    order: Order, lines: Sequence[Line], payment: Payment | None, *, now: datetime
) -> datetime | None:
    """Until when somebody must answer; None where nobody need, and the money is in."""
    reserved = payment is not None and payment.is_reserved
    if not order.terms.asks_approval and not reserved:
        return None
    return answer_by(
        since=now,
        within=timedelta(seconds=order.terms.approve_within),
        starts_at=min(line.period.start for line in lines),
        capture_before=payment.capture_before if payment is not None and reserved else None,
    )

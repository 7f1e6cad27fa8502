"""Making bookings, and moving them on when their money has come or gone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from holdfast.kernel.ids import new_reference
from holdfast.orders.models import Line, Order
from holdfast.platform.db import transaction_required
from holdfast.platform.moves import born
from holdfast.platform.rows import insert

from .models import Booking, Stay


@transaction_required
def book(
    order: Order,
    lines: Sequence[Line],
    *,
    state: str,
    by: str,
    now: datetime,
    answer_by: datetime | None = None,
    warned: int = 0,
) -> list[Booking]:
    """Make the booking of each service line, named in its trade's format by today's date there."""
    made = [
        Booking(
            line=line,
            business_id=order.business_id,
            customer_id=order.customer_id,
            provider_id=line.provider_id,
            trade=order.trade,
            reference=_reference(order, line, now=now),
            state=state,
            starts_at=line.starts_at,
            ends_at=line.ends_at,
            answer_by=answer_by,
            warned=warned,
            created_at=now,
        )
        for line in lines
    ]
    born(made, by=by, at=now)
    if stays := [one for one in made if one.line.offering.by_night]:
        insert([Stay(booking=one, guests=one.line.details.get("guests", 1)) for one in stays])
    return made


def _reference(order: Order, line: Line, *, now: datetime) -> str:
    if order.booking_reference:  # a draft's, known since before it was placed
        return order.booking_reference
    today = now.astimezone(line.offering.business.zone).date()
    return new_reference(order.terms.booking_reference, offering=line.offering.pk, day=today)


@transaction_required
def paid(
    bookings: Sequence[Booking],
    *,
    answer_by: datetime | None,
    warned: int = 0,
    by: str,
    now: datetime,
    why: str = "",
) -> None:
    """Their money has come: they are confirmed, or wait for approval where somebody must answer by a time."""
    event = "confirm" if answer_by is None else "await_approval"
    for booking in bookings:
        booking.move(event, by=by, at=now, why=why, answer_by=answer_by, warned=warned)


@transaction_required
def end(bookings: Sequence[Booking], event: str, *, by: str, now: datetime, why: str = "") -> None:
    """End those of these bookings that can end so; the others have ended already."""
    for booking in bookings:
        if booking.lifecycle.allows(booking.state, event):
            booking.move(event, by=by, at=now, why=why, answer_by=None)

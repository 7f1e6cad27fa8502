"""Completion: the service has been given."""

from __future__ import annotations

from datetime import datetime

from holdfast.booking.models import Booking
from holdfast.kernel.errors import Conflict
from holdfast.orders.actions import lock
from holdfast.platform.db import transaction
from holdfast.platform.models import User

from .changing import change_from_inside


def complete_booking(reference: str, *, by: User, trade: str, now: datetime) -> None:
    """Say that a booking has been given, which its provider and whoever runs the business may.

    Raises NotFound, Forbidden for its customer, and Conflict before it has begun or when it is over.
    """
    change = change_from_inside(reference, by=by, trade=trade)
    with transaction():
        lock(change.order_id)
        booking = Booking.objects.get(pk=change.booking_id)
        booking.lifecycle.after(booking.state, "complete")
        if now < booking.starts_at:
            raise Conflict("This has not begun yet.")
        booking.move("complete", by=change.by, at=now)

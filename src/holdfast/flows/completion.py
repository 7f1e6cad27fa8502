"""What came of an appointment: it has begun, it has been given, or nobody came."""

from __future__ import annotations

from datetime import datetime, timedelta

from holdfast.booking.models import Booking
from holdfast.kernel.errors import Conflict
from holdfast.orders.actions import lock
from holdfast.platform.db import transaction
from holdfast.platform.models import User

from .changing import change_from_inside

NOT_YET = "This has not begun yet."
AT_THE_START = timedelta(0)
EARLY = timedelta(minutes=30)  # who comes early need not wait for the clock


def begin_booking(reference: str, *, by: User, trade: str, now: datetime) -> None:
    """Say that a booking is being given now, up to half an hour before its time.

    Raises NotFound, Forbidden for its customer, and Conflict before that or when it is over.
    """
    _say(reference, "begin", early=EARLY, by=by, trade=trade, now=now)


def complete_booking(reference: str, *, by: User, trade: str, now: datetime) -> None:
    """Say that a booking has been given, which its provider and whoever runs the business may.

    Raises NotFound, Forbidden for its customer, and Conflict before it has begun or when it is over.
    """
    _say(reference, "complete", early=AT_THE_START, by=by, trade=trade, now=now)


def miss_booking(reference: str, *, by: User, trade: str, now: datetime) -> None:
    """Say that nobody came to a booking. Its money stays where it is: what goes back is a refund.

    Raises NotFound, Forbidden for its customer, and Conflict before it has begun or when it is over.
    """
    _say(reference, "miss", early=AT_THE_START, by=by, trade=trade, now=now)


def _say(reference: str, event: str, *, early: timedelta, by: User, trade: str, now: datetime) -> None:
    change = change_from_inside(reference, by=by, trade=trade)
    with transaction():
        lock(change.order_id)
        booking = Booking.objects.get(pk=change.booking_id)
        booking.lifecycle.after(booking.state, event)
        if now < booking.starts_at - early and booking.state != "in_progress":
            raise Conflict(NOT_YET)
        booking.move(event, by=change.by, at=now)

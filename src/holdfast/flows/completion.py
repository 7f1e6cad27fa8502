"""What came of an appointment: it has begun, it has been given, or nobody came."""

from __future__ import annotations

from datetime import datetime, timedelta

from holdfast.booking.models import Booking
from holdfast.kernel.errors import Conflict
from holdfast.orders.actions import lock
from holdfast.platform.db import transaction
from holdfast.platform.models import User

from .changing import change_from_inside
from .rooms import STAYS

NOT_YET = "This has not begun yet."
# How long before its time each may be said: who comes early need not wait for the clock.
EARLY = {"begin": timedelta(minutes=30), "complete": timedelta(0), "miss": timedelta(0)}


def begin_booking(reference: str, *, by: User, trade: str, now: datetime) -> None:
    """Say that a booking is being given now, up to half an hour before its time.

    Raises NotFound, Forbidden for its customer, and Conflict before that or when it is over.
    """
    say(reference, "begin", by=by, trade=trade, now=now)


def complete_booking(reference: str, *, by: User, trade: str, now: datetime) -> None:
    """Say that a booking has been given, which its provider and whoever runs the business may.

    Raises NotFound, Forbidden for its customer, and Conflict before it has begun or when it is over.
    """
    say(reference, "complete", by=by, trade=trade, now=now)


def miss_booking(reference: str, *, by: User, trade: str, now: datetime) -> None:
    """Say that nobody came to a booking. Its money stays where it is: what goes back is a refund.

    Raises NotFound, Forbidden for its customer, and Conflict before it has begun or when it is over.
    """
    say(reference, "miss", by=by, trade=trade, now=now)


def may_be_said(booking: Booking, event: str, *, now: datetime) -> bool:
    """Whether it is time to say this of a booking, and its state allows it."""
    return booking.lifecycle.allows(booking.state, event) and _is_time(booking, event, now=now)


def say(reference: str, event: str, *, by: User, trade: str, now: datetime, room: int | None = None) -> None:
    """Any of these. Of a stay a ``room`` is given with it, or the nights that are left are freed."""
    change = change_from_inside(reference, by=by, trade=trade)
    with transaction():
        lock(change.order_id)
        booking = Booking.objects.select_related("line", "stay", "business").get(pk=change.booking_id)
        booking.lifecycle.after(booking.state, event)
        if not _is_time(booking, event, now=now):
            raise Conflict(NOT_YET)
        why = STAYS[event](booking, room=room, now=now) if hasattr(booking, "stay") else ""
        booking.move(event, by=change.by, at=now, why=why)


def _is_time(booking: Booking, event: str, *, now: datetime) -> bool:
    if booking.state == "in_progress":
        return True
    if not hasattr(booking, "stay"):
        return now >= booking.starts_at - EARLY[event]
    zone = booking.business.zone
    has_come = now.astimezone(zone).date() >= booking.starts_at.astimezone(zone).date()
    return {"begin": has_come, "miss": now >= booking.starts_at, "complete": False}[event]

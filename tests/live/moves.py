"""Moves of bookings, made without the money that they would cost."""

from __future__ import annotations

from holdfast.booking.models import Booking
from holdfast.kernel.clock import utc_now
from holdfast.platform.db import transaction
from holdfast.platform.models import User
from tests.support.academy import Academy


def a_booking(academy: Academy, user: User, *, at: str = "10:00") -> Booking:
    """One that waits for its payment."""
    return academy.reserved(user, at=at)


def move(booking: Booking, *events: str) -> None:
    """Move it on, each time in a transaction of its own."""
    for event in events:
        with transaction():
            booking.move(event, by="clock", at=utc_now(), answer_by=utc_now())

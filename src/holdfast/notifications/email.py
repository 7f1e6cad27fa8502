"""Email about bookings and payments: the one table of what is told, and by whom it is worded."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from . import booking_mail, payment_mail
from .sending import Fact, send

FACTS: dict[str, Callable[..., Fact]] = {
    "received": booking_mail.received,
    "waits_for_you": booking_mail.waits_for_you,
    "confirmed": booking_mail.confirmed,
    "declined": booking_mail.declined,
    "payment_failed": booking_mail.payment_failed,
    "rescheduled": booking_mail.rescheduled,
    "canceled": booking_mail.canceled,
    "paid": payment_mail.paid,
    "refunded": payment_mail.refunded,
    "quarantined": payment_mail.quarantined,
    "reversed": payment_mail.left_without_us,
}


def deliver(
    name: str,
    *,
    now: datetime,
    booking: int | None = None,
    payment: int | None = None,
    step: int | str | None = None,
    again: int = 0,
    **told: object,
) -> None:
    """Send the email ``name`` about a booking or a payment, unless it has been sent.

    What can happen to it more than once is told apart by its ``step``; what its template needs beside the
    row is ``told``. A person may want it sent ``again``, for the first, second, … time.
    """
    fact = FACTS[name](booking if booking is not None else payment, **told)
    said = {"name": name, "booking": booking, "payment": payment, "step": step, **told}
    kept = {key: value for key, value in said.items() if value is not None}
    send(name, fact, now=now, step=step, again=again, told=kept)

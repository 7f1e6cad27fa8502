"""Email about bookings and payments: the one table of what is told, and by whom it is worded."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from . import booking_mail, due_mail, payment_mail, provider_mail
from .sending import Fact, send

# Each words the email of a fact, or says by None that there is nothing to tell any more.
Tells = Callable[..., Fact | None]

FACTS: dict[str, Tells] = {
    "received": booking_mail.received,
    "waits_for_you": booking_mail.waits_for_you,
    "confirmed": booking_mail.confirmed,
    "declined": booking_mail.declined,
    "payment_failed": booking_mail.payment_failed,
    "rescheduled": booking_mail.rescheduled,
    "canceled": booking_mail.canceled,
    "expired": booking_mail.expired,
    "reminder_24h": booking_mail.reminder,
    "reminder_2h": booking_mail.reminder,
    "paid": payment_mail.paid,
    "not_paid": payment_mail.not_paid,
    "refunded": payment_mail.refunded,
    "quarantined": payment_mail.quarantined,
    "reversed": payment_mail.left_without_us,
    "disputed": payment_mail.disputed,
    "pay_link": due_mail.pay_link,
    "waits_for_you_for_provider": provider_mail.waits_for_you,
    "confirmed_for_provider": provider_mail.confirmed,
    "rescheduled_for_provider": provider_mail.rescheduled,
    "canceled_for_provider": provider_mail.canceled,
    "declined_for_provider": provider_mail.declined,
}
# What is told at the same time to whoever gives the service, in an email of its own.
BESIDE = {
    name: f"{name}_for_provider"
    for name in ("waits_for_you", "confirmed", "rescheduled", "canceled", "declined")
}


def deliver(
    name: str,
    *,
    now: datetime,
    booking: int | None = None,
    payment: int | None = None,
    due: int | None = None,
    step: int | str | None = None,
    again: int = 0,
    **told: object,
) -> None:
    """Send the email ``name`` about a booking, a payment or a due, unless it has been sent.

    What can happen to it more than once is told apart by its ``step``; what its template needs beside the
    row is ``told``. A person may want it sent ``again``, for the first, second, … time.
    """
    about = {"booking": booking, "payment": payment, "due": due}
    row = next(one for one in about.values() if one is not None)
    beside = [BESIDE[name]] if name in BESIDE and not again else []
    for named in [name, *beside]:
        fact = FACTS[named](row, now=now, **told)
        if fact is None:
            continue
        said = {"name": named, **about, "step": step, **told}
        kept = {key: value for key, value in said.items() if value is not None}
        send(named, fact, now=now, step=step, again=again, told=kept)

"""Email: one message a fact, with the fact's own Message-ID, sent and then recorded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import parseaddr
from typing import Any
from urllib.parse import quote

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from holdfast.booking.models import Booking
from holdfast.kernel.money import Money
from holdfast.kernel.wording import amount_in_words, day_in_words, hours_in_words
from holdfast.orders.models import Line, Order
from holdfast.payments.models import Payment

from .models import Email

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Fact:
    """What an email is about: a row, whom it concerns, and what its template needs."""

    subject_kind: str
    subject_id: int
    to: str
    subject: str
    context: dict[str, Any]


def deliver(
    name: str,
    *,
    now: datetime,
    booking: int | None = None,
    payment: int | None = None,
    step: int | None = None,
    **told: Any,
) -> None:
    """Send the email ``name`` about a booking or a payment, unless it has been sent.

    What can happen to it more than once is told apart by its ``step``; what its template needs beside the
    row is ``told``.
    """
    send(name, FACTS[name](booking if booking is not None else payment, **told), now=now, step=step)


def send(name: str, fact: Fact, *, now: datetime, step: int | None = None) -> None:
    """Send the email ``name`` of a fact, unless it has been sent or there is nobody to send it to."""
    host = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].partition("@")[2]
    which = f".{step}" if step is not None else ""
    message_id = f"<{name}.{fact.subject_kind}.{fact.subject_id}{which}@{host}>"
    if not fact.to or Email.objects.filter(message_id=message_id).exists():
        return
    mail = EmailMultiAlternatives(
        subject=fact.subject,
        body=render_to_string(f"email/{name}.txt", fact.context),
        to=[fact.to],
        headers={"Message-ID": message_id},
    )
    mail.attach_alternative(render_to_string(f"email/{name}.html", fact.context), "text/html")
    mail.send()
    Email.objects.create(
        message_id=message_id,
        kind=name,
        subject_kind=fact.subject_kind,
        subject_id=fact.subject_id,
        sent_at=now,
    )
    log.info("email_sent", message_id=message_id)


def _confirmed(booking_id: Any) -> Fact:
    return _of_booking(booking_id, "Confirmed")


def _rescheduled(booking_id: Any, *, was: str) -> Fact:
    """``was`` is when it would have started, as ISO 8601."""
    fact = _of_booking(booking_id, "Moved")
    before = datetime.fromisoformat(was).astimezone(fact.context["business"].zone)
    return replace(fact, context=fact.context | {"was": f"{day_in_words(before)}, {before:%H:%M}"})


def _canceled(booking_id: Any, *, back: int, by_business: bool) -> Fact:
    """``back`` is what is given back, in minor units."""
    fact = _of_booking(booking_id, "Canceled")
    money = Money(back, fact.context["business"].currency)
    told = {"back": amount_in_words(money) if money else "", "by_business": by_business}
    return replace(fact, context=fact.context | told)


def _of_booking(booking_id: Any, what: str) -> Fact:
    booking = Booking.objects.select_related("line__offering__business", "line__order__customer").get(
        pk=booking_id
    )
    line = booking.line
    return Fact(
        subject_kind="booking",
        subject_id=booking.pk,
        to=_address(line),
        subject=f"{what}: {line.title}, {day_in_words(_when(line))}, {_when(line):%H:%M}",
        context=_about(line)
        | {"reference": booking.reference, "page": _confirmation_page(line.order, booking.reference)},
    )


def _confirmation_page(order: Order, reference: str) -> str:
    address = order.terms.confirmation_address.format(booking=quote(reference))
    return f"{settings.HOLDFAST_PUBLIC_URL}{address}"


def _refunded(payment_id: Any) -> Fact:
    payment = Payment.objects.get(pk=payment_id)
    line = Line.objects.select_related("offering__business", "order__customer").get(order_id=payment.order_id)
    return Fact(
        subject_kind="payment",
        subject_id=payment.pk,
        to=_address(line),
        subject=f"Your payment for {line.title} goes back to you",
        context=_about(line)
        | {"amount": amount_in_words(Money(payment.captured, payment.currency))}
        | {
            "why": WHY_BACK.get(payment.reason, "It could not be booked any more."),
            "reference": payment.reference,
        },
    )


WHY_BACK = {
    "slot_lost": "When your payment arrived, this time had already been given to somebody else.",
    "paid twice": "You have paid for this twice. Your other payment stands, and your booking with it.",
    "canceled": "This was canceled before your payment arrived.",
}


def _quarantined(payment_id: Any) -> Fact:
    """To the business, not to the customer: somebody there must look."""
    payment = Payment.objects.get(pk=payment_id)
    line = Line.objects.select_related("offering__business", "order").get(order_id=payment.order_id)
    return Fact(
        subject_kind="payment",
        subject_id=payment.pk,
        to=line.offering.business.email,
        subject=f"Money waits for you: {payment.reference}",
        context=_about(line)
        | {
            "asked": amount_in_words(payment.money),
            "took": amount_in_words(Money(payment.captured, payment.currency)),
            "why": payment.reason,
            "reference": payment.reference,
            "page": f"{settings.HOLDFAST_PUBLIC_URL}/desk/payments/{quote(payment.reference)}/",
        },
    )


FACTS: dict[str, Callable[..., Fact]] = {
    "confirmed": _confirmed,
    "rescheduled": _rescheduled,
    "canceled": _canceled,
    "refunded": _refunded,
    "quarantined": _quarantined,
}


def _about(line: Line) -> dict[str, Any]:
    return {
        "business": line.offering.business,
        "title": line.title,
        "day": day_in_words(_when(line)),
        "hours": hours_in_words(_when(line), line.ends_at),
        "price": amount_in_words(Money(line.price, line.order.currency)),
        "site": settings.HOLDFAST_PUBLIC_URL,
    }


def _when(line: Line) -> datetime:
    return line.starts_at.astimezone(line.offering.business.zone)


def _address(line: Line) -> str:
    """The address given for this booking; else the customer's own."""
    return line.details.get("contact_email") or line.order.customer.email

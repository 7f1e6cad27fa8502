"""Our data in the words of the consultation API."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from holdfast.flows.bookings import BookingView, views
from holdfast.flows.cancellation import Owed
from holdfast.flows.catalogue import Offering
from holdfast.flows.paying import Checkout
from holdfast.flows.returning import Standing
from holdfast.kernel.money import Money

from .terms import WORDS

CONTACT_IS_SHOWN_FOR = timedelta(hours=24)


def service(offering: Offering) -> dict[str, Any]:
    return {
        "id": offering.pk,
        "title": offering.title,
        "description": offering.description,
        "price": Money(offering.price, offering.business.currency).decimal,
        "currency": offering.business.currency,
        "duration": int(offering.duration.total_seconds() // 60),
        "languages": offering.languages,
        "image": offering.image or None,
    }


def services(offerings: Sequence[Offering]) -> list[dict[str, Any]]:
    return [service(offering) for offering in offerings]


def started(checkout: Checkout, offering: Offering) -> dict[str, Any]:
    return {
        "message": "Payment initiated successfully. Booking will be created after successful payment.",
        "data": {
            "payment": {
                "payment_url": checkout.payment_url,
                "merchant_order_id": checkout.reference,
                "amount": checkout.amount.amount,
                "amount_in_rupees": checkout.amount.decimal,
            },
            "service": service(offering),
            "redirect_urls": {
                "success": _as_known(checkout.success_url),
                "failure": _as_known(checkout.failed_url),
            },
        },
    }


def confirmation(booking: BookingView, *, now: datetime) -> dict[str, Any]:
    """The public confirmation: contact details are shown for a day, then masked."""
    shown = contact(booking, now)
    masked = {"contact_email": shown["Email"], "contact_phone": shown["Phone"]}
    return {"data": {"booking": _booking(booking) | masked}}


def contact(booking: BookingView, now: datetime) -> dict[str, str]:
    """The contact details as they may be shown to whoever holds the booking's reference."""
    email, phone = booking.details.get("contact_email", ""), booking.details.get("contact_phone", "")
    if now - booking.created_at > CONTACT_IS_SHOWN_FOR:
        email, phone = masked_email(email), masked_phone(phone)
    return {"Email": email, "Phone": phone}


def own_booking(booking: BookingView) -> dict[str, Any]:
    details = booking.details
    also = ("language", "birth_place", "birth_date", "birth_time", "gender", "questions")
    return {
        **_booking(booking),
        "merchant_order_id": booking.payment_reference,
        **{field: details.get(field, "") for field in also},
    }


def own_bookings(bookings: Sequence[Any]) -> list[dict[str, Any]]:
    return [own_booking(view) for view in views(bookings)]


def owed(back: Owed) -> dict[str, Any]:
    return {"refund": back.refund.decimal, "currency": back.refund.currency, "percent": back.percent}


def canceled(booking: BookingView, back: Owed) -> dict[str, Any]:
    return {
        "data": {"astro_book_id": booking.reference, "status": WORDS[booking.state], **owed(back)},
    }


def status(standing: Standing) -> dict[str, Any]:
    return {
        "data": {
            "merchant_order_id": standing.reference,
            "payment_status": standing.status,
            "astro_book_id": standing.booking_reference,
            "reason": standing.reason,
        }
    }


def masked_email(address: str) -> str:
    """``user@example.com`` as ``u***@example.com``."""
    name, _, domain = address.partition("@")
    return f"{name[:1]}***@{domain}" if domain else ""


def masked_phone(number: str) -> str:
    """The last two digits are enough to know one's own."""
    return f"{'*' * max(0, len(number) - 2)}{number[-2:]}"


def _as_known(address: str) -> str:
    """The address without the parameters that nobody knows before the payment is decided."""
    parts = urlsplit(address)
    return urlunsplit(parts._replace(query=urlencode(parse_qsl(parts.query))))


def _booking(booking: BookingView) -> dict[str, Any]:
    return {
        "astro_book_id": booking.reference,
        "payment_id": booking.payment_uuid,
        "service": {"title": booking.title, "price": booking.price.decimal},
        "preferred_date": booking.starts_at.date(),
        "preferred_time": booking.starts_at.strftime("%H:%M:%S"),
        "status": WORDS[booking.state],
        "contact_email": booking.details.get("contact_email", ""),
        "contact_phone": booking.details.get("contact_phone", ""),
    }

"""Our data in the words of the puja API."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from holdfast.flows.bookings import BookingView, views
from holdfast.flows.cancellation import Owed
from holdfast.flows.catalogue import Offering, Package
from holdfast.flows.own_payments import PaymentView, payment_views
from holdfast.flows.paying import Checkout
from holdfast.kernel.money import Money

from .schemas import AddressIn
from .terms import CONSULTATIONS, WORDS

HELD_BACK = "Payment successful but booking creation pending"
HAS_COME = "SUCCESS"  # so that nobody pays a second time what a person looks into
CLOCK = "%H:%M:%S"


def service(offering: Offering, packages: Iterable[Package]) -> dict[str, Any]:
    return {**_brief(offering), "packages": [_package(one, offering) for one in packages]}


def services(offerings: Sequence[Offering]) -> list[dict[str, Any]]:
    """They come with their packages."""
    return [service(offering, offering.packages.all()) for offering in offerings]


def categories(found: Sequence[tuple[str, int]]) -> dict[str, Any]:
    return {"categories": [{"name": name, "services": count} for name, count in found]}


def started(checkout: Checkout) -> dict[str, Any]:
    is_free = checkout.payment_id is None
    return {
        "payment_id": checkout.payment_id,
        "transaction_id": None if is_free else transaction_id(checkout.reference),
        "merchant_transaction_id": None if is_free else checkout.reference,
        "amount": checkout.amount.decimal,
        "currency": checkout.amount.currency,
        "payment_url": checkout.success_url if is_free else checkout.payment_url,
        "status": "SUCCESS" if is_free else "PENDING",
        "cart_id": checkout.order_id,
    }


def payment(seen: PaymentView) -> dict[str, Any]:
    return {
        "id": seen.id,
        "transaction_id": transaction_id(seen.reference),
        "merchant_transaction_id": seen.reference,
        "cart_id": seen.order_id,
        "amount": seen.amount.decimal,
        "currency": seen.amount.currency,
        "method": seen.gateway.upper(),
        "status": HAS_COME if seen.quarantined else seen.status,
        "reason": None if seen.quarantined else seen.reason,
        "bookings": seen.booking_references,
        "payment_url": seen.payment_url or None,
        "created_at": seen.created_at,
    }


def payments(rows: Sequence[Any]) -> list[dict[str, Any]]:
    return [payment(seen) for seen in payment_views(rows)]


def booked(made: PaymentView, seen: BookingView) -> dict[str, Any]:
    return {
        "success": True,
        "payment_status": made.status,
        "booking_created": True,
        "booking": booking(seen),
    }


def not_booked(made: PaymentView) -> dict[str, Any]:
    """Of a payment that has made no booking; it may yet, if a person has to look into it first."""
    if made.quarantined:
        said = {"success": True, "payment_status": HAS_COME, "message": HELD_BACK}
    else:
        words = made.status.capitalize().replace("_", " ")
        said = {"success": False, "payment_status": made.status, "message": f"Payment status: {words}"}
    return {**said, "booking_created": False}


def booking(seen: BookingView) -> dict[str, Any]:
    seen_as = chosen(seen.offering, seen.package, seen.starts_at, clock=CLOCK)
    user = {"id": seen.user.pk, "email": seen.user.email} if seen.user else None
    return {
        "id": seen.id,
        "book_id": seen.reference,
        "user": user,
        "cart": {"cart_id": seen.order_uuid, "total_price": seen.order_total.decimal},
        **seen_as,
        "title": seen.title,
        "status": WORDS[seen.state],
        "total_amount": seen.price.decimal,
        "currency": seen.price.currency,
        "merchant_transaction_id": seen.payment_reference,
        "created_at": seen.created_at,
        "address": _address(seen.details),
        "reschedule_reason": seen.details.get("reschedule_reason", ""),
    }


def bookings(rows: Sequence[Any]) -> list[dict[str, Any]]:
    return [booking(seen) for seen in views(rows)]


def owed(back: Owed) -> dict[str, Any]:
    return {"refund": back.refund.decimal, "currency": back.refund.currency, "percent": back.percent}


def canceled(seen: BookingView, back: Owed) -> dict[str, Any]:
    return {"book_id": seen.reference, "status": WORDS[seen.state], **owed(back)}


def _address(details: Mapping[str, Any]) -> dict[str, str] | None:
    fields = AddressIn.model_fields
    return {field: details.get(field, "") for field in fields} if details.get("address_line1") else None


def transaction_id(reference: str) -> str:
    """Our own name of a payment, for those who keep it apart from what the gateway is told."""
    return f"TXN{reference.removeprefix('MT')}"


def _brief(offering: Offering) -> dict[str, Any]:
    return {
        "id": offering.pk,
        "title": offering.title,
        "description": offering.description,
        "category": offering.category,
        "price": Money(offering.price, offering.business.currency).decimal,
        "currency": offering.business.currency,
        "duration": int(offering.duration.total_seconds() // 60),
        "languages": offering.languages,
        "image": offering.image or None,
    }


def _package(package: Package, offering: Offering) -> dict[str, Any]:
    duration = package.duration or offering.duration
    return {
        "id": package.pk,
        "name": package.name,
        "price": Money(package.price, offering.business.currency).decimal,
        "currency": offering.business.currency,
        "location": package.location,
        "language": package.language,
        "duration": int(duration.total_seconds() // 60),
        "description": package.description,
    }


def chosen(offering: Offering, package: Package | None, starts_at: datetime, *, clock: str) -> dict[str, Any]:
    """A service in this trade's fields: which of the two it fills says what it is."""
    is_consultation = offering.trade == CONSULTATIONS
    return {
        "service_type": "ASTROLOGY" if is_consultation else "PUJA",
        "puja_service": None if is_consultation else _brief(offering),
        "package": _package(package, offering) if package else None,
        "astrology_service": _brief(offering) if is_consultation else None,
        "selected_date": starts_at.date(),
        "selected_time": starts_at.strftime(clock),
    }

"""Our data in the words of the coaching API."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from holdfast.availability.slots import Slot
from holdfast.flows import catalogue
from holdfast.flows.bookings import BookingView, views
from holdfast.flows.cancellation import Owed
from holdfast.flows.catalogue import Offering, Provider
from holdfast.flows.paying import Checkout
from holdfast.kernel.clock import utc_now
from holdfast.kernel.money import Money
from holdfast.web.slots import slots_out

from .terms import REASONS, WORDS

NO_NAME = "Customer"


def coach(provider: Provider) -> dict[str, Any]:
    return {
        "id": provider.pk,
        "name": provider.resource.name,
        "profile": provider.profile,
        "business": provider.resource.business.slug,
    }


def coaches(providers: Sequence[Provider]) -> list[dict[str, Any]]:
    return [coach(provider) for provider in providers]


def course(offering: Offering) -> dict[str, Any]:
    business, gives, places = (
        offering.business,
        catalogue.provider_of(offering),
        catalogue.places_of(offering),
    )
    return {
        "id": offering.pk,
        "title": offering.title,
        "description": offering.description,
        "price": Money(offering.price, business.currency).decimal,
        "currency": business.currency,
        "duration": int(offering.duration.total_seconds() // 60),
        "is_class": places is not None,
        "places": places or 1,
        "languages": offering.languages,
        "image": offering.image or None,
        "business": business.slug,
        "timezone": business.timezone,
        "coach": coach(gives) if gives else None,
    }


def courses(offerings: Sequence[Offering]) -> list[dict[str, Any]]:
    return [course(offering) for offering in offerings]


def course_slots(offering: Offering, slots: Sequence[Slot], zone: ZoneInfo) -> list[dict[str, Any]]:
    """The slots, each with how many may still book it."""
    left = catalogue.places_at(offering, slots, now=utc_now())
    shown = slots_out(slots, zone)
    return [{**slot, "places_left": places} for slot, places in zip(shown, left, strict=True)]


def created(booking: BookingView, *, reserved_until: datetime | None) -> dict[str, Any]:
    until = reserved_until.astimezone(booking.starts_at.tzinfo) if reserved_until else None
    return {
        "booking_id": booking.id,
        "start_datetime": clock(booking.starts_at),
        "end_datetime": clock(booking.ends_at),
        "status": WORDS[booking.state],
        "reserved_until": clock(until) if until else None,
    }


def booking(view: BookingView) -> dict[str, Any]:
    zone = view.offering.business.zone
    return {
        "id": view.id,
        "user_name": view.customer or NO_NAME,
        "coach_name": view.provider,
        "course_title": view.title,
        "start_datetime": clock(view.starts_at),
        "end_datetime": clock(view.ends_at),
        "date": view.starts_at.date().isoformat(),
        "start_time": view.starts_at.strftime("%H:%M"),
        "end_time": view.ends_at.strftime("%H:%M"),
        "status": WORDS[view.state],
        "created_at": clock(view.created_at.astimezone(zone)),
        "reference": view.reference,
        "reason": REASONS.get(view.state),
        "timezone": zone.key,
        "price": view.price.decimal,
        "currency": view.price.currency,
    }


def bookings(found: Sequence[Any]) -> list[dict[str, Any]]:
    return [booking(view) for view in views(found)]


def changed(view: BookingView, message: str) -> dict[str, Any]:
    return {"message": message, "booking_id": view.id, "status": WORDS[view.state]}


def canceled(view: BookingView, owed: Owed) -> dict[str, Any]:
    refund = {"refund": owed.refund.decimal, "currency": owed.refund.currency, "percent": owed.percent}
    return changed(view, "Booking canceled successfully") | refund


def started(checkout: Checkout, booking_id: int) -> dict[str, Any]:
    return {
        "booking_id": booking_id,
        "payment_id": checkout.reference,
        "payment_url": checkout.payment_url,
        "amount": checkout.amount.decimal,
        "currency": checkout.amount.currency,
    }


def clock(moment: datetime) -> str:
    """``2025-10-25T09:00:00``: what the clock on the business's wall shows."""
    return moment.replace(tzinfo=None, microsecond=0).isoformat()

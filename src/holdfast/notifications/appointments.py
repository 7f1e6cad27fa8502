"""A booking as an entry of a calendar: its customer's, or that of the business and of who gives it."""

from __future__ import annotations

from datetime import datetime
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.db.models import OuterRef, QuerySet, Subquery

from holdfast.booking.models import Booking
from holdfast.platform.models import Transition

from .ics import Appointment, Person, invitation
from .said import businesss_address, confirmation_page, customers_address, desk_page, place_of

STATUS = {
    "pending_payment": "TENTATIVE",
    "pending_approval": "TENTATIVE",
    "confirmed": "CONFIRMED",
    "in_progress": "CONFIRMED",
    "completed": "CONFIRMED",
    "declined": "CANCELLED",
    "canceled": "CANCELLED",
    "expired": "CANCELLED",
    "no_show": "CONFIRMED",
}


def with_changes(bookings: QuerySet[Booking]) -> QuerySet[Any]:
    """These bookings with all that a calendar says of them, and since when they are as they are."""
    steps = Transition.objects.filter(subject="booking", subject_id=OuterRef("pk")).order_by("-seq")
    related = ("business", "customer", "provider__resource", "line__order__customer", "line__offering")
    return bookings.select_related(*related, "line__package").annotate(
        changed_at=Subquery(steps.values("at")[:1])
    )


def for_customer(booking: Any) -> Appointment:
    """``booking`` is one of ``with_changes``."""
    said = [f"{booking.business.name}", f"Reference: {booking.reference}"]
    if booking.provider:
        said.insert(0, f"With {booking.provider}")
    page = confirmation_page(booking.line.order, booking.reference)
    return _appointment(
        booking, title=f"{booking.line.title} ({booking.business.name})", said=said, page=page
    )


def for_the_business(booking: Any) -> Appointment:
    """``booking`` is one of ``with_changes``."""
    who = booking.customer.name or customers_address(booking.line) or "a customer"
    said = [f"Customer: {who}", f"Reference: {booking.reference}"]
    if booking.provider:
        said.insert(0, f"Given by {booking.provider}")
    page = desk_page("bookings", booking.reference)
    return _appointment(booking, title=f"{booking.line.title}: {who}", said=said, page=page)


def customers_file(booking_id: int, *, now: datetime) -> bytes | None:
    """The calendar file for a booking's customer; none before it has ever been confirmed."""
    booking = _once_confirmed(booking_id)
    if booking is None:
        return None
    guest = Person(booking.customer.name, customers_address(booking.line))
    return invitation(for_customer(booking), organizer=_organizer(booking), guest=guest, now=now)


def providers_file(booking_id: int, *, now: datetime) -> bytes | None:
    """The same for who gives it, who must have an address."""
    booking = _once_confirmed(booking_id)
    if booking is None:
        return None
    guest = Person(str(booking.provider), booking.provider.user.email)
    return invitation(for_the_business(booking), organizer=_organizer(booking), guest=guest, now=now)


def _once_confirmed(booking_id: int) -> Any | None:
    was = Transition.objects.filter(subject="booking", subject_id=booking_id, after="confirmed")
    bookings = with_changes(Booking.objects.filter(pk=booking_id)).select_related("provider__user")
    return bookings.get() if was.exists() else None


def _organizer(booking: Booking) -> Person:
    return Person(booking.business.name, businesss_address(booking.business))


def _appointment(booking: Any, *, title: str, said: list[str], page: str) -> Appointment:
    host = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].partition("@")[2]
    return Appointment(
        uid=f"{booking.reference}@{host}",
        sequence=booking.seq,
        starts_at=booking.starts_at,
        ends_at=booking.ends_at,
        changed_at=booking.changed_at,
        title=title,
        status=STATUS[booking.state],
        said="\n".join([*said, page]),
        place=place_of(booking.line),
        page=page,
    )

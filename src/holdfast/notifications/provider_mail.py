"""What mail tells whoever gives a service: it is booked, waits for an answer, has moved, or is canceled."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from holdfast.booking.models import Booking
from holdfast.kernel.wording import day_in_words

from .appointments import providers_file
from .ics import attached
from .said import about, businesss_address, customers_address, desk_page, moment, place_of, when
from .sending import Fact

TEMPLATE = "for_provider"


def confirmed(booking_id: int, *, now: datetime) -> Fact | None:
    return _fact(booking_id, "Booked with you", "This is booked with you, and confirmed.", now=now)


def waits_for_you(booking_id: int, *, now: datetime, until: str, warning: int = 0) -> Fact | None:
    """Unless the business has the same address, and so is told already."""
    booking = _booking(booking_id)
    if booking is None or booking.provider.user.email == businesss_address(booking.business):
        return None
    subject = "Please answer soon" if warning else "Please answer"
    by = moment(until, booking.business)
    return _fact(booking_id, subject, f"Please accept or decline it by {by}.", now=now, with_file=False)


def rescheduled(booking_id: int, *, now: datetime, was: str) -> Fact | None:
    booking = _booking(booking_id)
    if booking is None:
        return None
    before = datetime.fromisoformat(was).astimezone(booking.business.zone)
    said = f"This has moved. It was on {day_in_words(before)}, at {before:%H:%M}."
    return _fact(booking_id, "Moved", said, now=now)


def canceled(booking_id: int, *, now: datetime, **told: object) -> Fact | None:
    return _fact(booking_id, "Canceled", "This is canceled: the time is free again.", now=now)


def declined(booking_id: int, *, now: datetime, why: str, **told: object) -> Fact | None:
    """Also to whoever has declined it: it may have been the office, or the clock."""
    because = f" Why: {why}." if why else ""
    return _fact(booking_id, "Declined", f"This was declined: the time is free again.{because}", now=now)


def _booking(booking_id: int) -> Any | None:
    """With a provider who can be written to; None where nobody can."""
    related = ("business", "customer", "provider__user", "line__order__customer", "line__offering__business")
    found = Booking.objects.select_related(*related, "line__provider__resource", "line__package")
    return found.filter(pk=booking_id, provider__user__is_active=True).first()


def _fact(booking_id: int, what: str, said: str, *, now: datetime, with_file: bool = True) -> Fact | None:
    booking = _booking(booking_id)
    if booking is None:
        return None
    line = booking.line
    file = providers_file(booking_id, now=now) if with_file else None
    return Fact(
        subject_kind="booking",
        subject_id=booking.pk,
        to=booking.provider.user.email,
        subject=f"{what}: {line.title}, {day_in_words(when(line))}, {when(line):%H:%M}",
        context=about(line)
        | {
            "what": what,
            "said": said,
            "customer": booking.customer.name or customers_address(line),
            "place": place_of(line),
            "reference": booking.reference,
            "page": desk_page("bookings", booking.reference),
        },
        template=TEMPLATE,
        attached=(attached(file),) if file else (),
    )

"""Bookings that were made of carts, over HTTP: look, move, cancel. Described in docs/api/puja.md."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Query, Router

from holdfast.flows.bookings import BookingView, booking_seen_by, bookings_seen_by
from holdfast.flows.cancellation import cancel_booking, preview_cancellation
from holdfast.flows.rescheduling import reschedule_booking
from holdfast.kernel.clock import utc_now
from holdfast.kernel.errors import SlotTaken
from holdfast.web.answers import BAD, MISSING, SIGNED_IN, THROTTLED, Problem, SlotProblem, documented
from holdfast.web.auth import signed_in, who
from holdfast.web.naming import named
from holdfast.web.paging import Page, Paging, paged
from holdfast.web.slots import slots_out
from holdfast.web.throttles import limit

from . import present
from .schemas import NewTime, PujaBooking, PujaCanceled, PujaCancelPreview
from .terms import FIELDS, TRADE

router = Router(tags=["booking"])

REFUSED = {409: Problem}
ALSO = (BAD, SIGNED_IN, MISSING, THROTTLED)


@router.get("/", response=documented({200: Page[PujaBooking]}, BAD, SIGNED_IN, THROTTLED), auth=signed_in)
def bookings(request: HttpRequest, paging: Query[Paging], business: str | None = None) -> dict[str, Any]:
    """One's own bookings, newest first; all of a business's for those who run it."""
    limit(request, "look_up")
    seen = bookings_seen_by(who(request), trade=TRADE, business=business)
    return paged(request, seen, paging, present.bookings)


@router.get("/{booking_id}/", response=documented({200: PujaBooking}, *ALSO), auth=signed_in)
def booking(request: HttpRequest, booking_id: str) -> dict[str, Any]:
    """One booking, for its customer and for those who run the business."""
    limit(request, "look_up")
    return present.booking(_seen(request, booking_id))


@router.get(
    "/{booking_id}/cancel/", response=documented({200: PujaCancelPreview}, REFUSED, *ALSO), auth=signed_in
)
def cancel_preview(request: HttpRequest, booking_id: str) -> dict[str, Any]:
    """What canceling now would give back."""
    limit(request, "look_up")
    found = _seen(request, booking_id)
    return present.owed(preview_cancellation(found.reference, by=who(request), trade=TRADE, now=utc_now()))


@router.post(
    "/{booking_id}/cancel/", response=documented({200: PujaCanceled}, REFUSED, *ALSO), auth=signed_in
)
def cancel(request: HttpRequest, booking_id: str) -> dict[str, Any]:
    """Cancel a booking; what its terms owe goes back. What else was in the cart stays as it is."""
    _limit_changes(request)
    found = _seen(request, booking_id)
    owed = cancel_booking(found.reference, by=who(request), trade=TRADE, now=utc_now())
    return present.canceled(_seen(request, booking_id), owed)


@router.post(
    "/{booking_id}/reschedule/",
    response=documented({200: PujaBooking, 409: SlotProblem | Problem}, *ALSO),
    auth=signed_in,
)
def reschedule(request: HttpRequest, booking_id: str, body: NewTime) -> dict[str, Any]:
    """Move a booking to another free time. Nothing is paid; refused, it stands as it was."""
    _limit_changes(request)
    found = _seen(request, booking_id)
    try:
        with named(FIELDS):
            reschedule_booking(
                found.reference,
                body.starts_at,
                by=who(request),
                trade=TRADE,
                now=utc_now(),
                because=body.reason,
            )
    except SlotTaken as taken:
        raise SlotTaken(slots_out(taken.nearest, found.offering.business.zone)) from None
    return present.booking(_seen(request, booking_id))


def _seen(request: HttpRequest, booking_id: str) -> BookingView:
    """A booking by its ``id`` or by its ``book_id``, as this user may see it."""
    is_number = booking_id.isascii() and booking_id.isdecimal() and len(booking_id) < 19
    return booking_seen_by(who(request), int(booking_id) if is_number else booking_id, trade=TRADE)


def _limit_changes(request: HttpRequest) -> None:
    """As payment starts are, by user."""
    limit(request, "start_by_user", user=who(request).pk)

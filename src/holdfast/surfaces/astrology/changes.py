"""What may become of a booked consultation: cancel, move, complete. Described in docs/api/astrology.md."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router

from holdfast.flows.bookings import booking_by_reference
from holdfast.flows.cancellation import cancel_booking, preview_cancellation
from holdfast.flows.completion import complete_booking
from holdfast.flows.rescheduling import reschedule_booking
from holdfast.kernel.clock import utc_now
from holdfast.kernel.errors import SlotTaken
from holdfast.web.answers import BAD, MISSING, SIGNED_IN, THROTTLED, Problem, SlotProblem, documented
from holdfast.web.auth import signed_in, who
from holdfast.web.naming import named
from holdfast.web.slots import slots_out
from holdfast.web.throttles import limit

from . import present
from .schemas import CancelPreview, ConsultationCanceled, OwnBooking, Reschedule
from .terms import FIELDS, TRADE

router = Router(tags=["astrology"])

REFUSED = {409: Problem}
ALSO = (BAD, SIGNED_IN, MISSING, THROTTLED)


@router.get(
    "/{astro_book_id}/cancel/", response=documented({200: CancelPreview}, REFUSED, *ALSO), auth=signed_in
)
def cancel_preview(request: HttpRequest, astro_book_id: str) -> dict[str, Any]:
    """What canceling now would give back."""
    limit(request, "look_up")
    return present.owed(preview_cancellation(astro_book_id, by=who(request), trade=TRADE, now=utc_now()))


@router.post(
    "/{astro_book_id}/cancel/",
    response=documented({200: ConsultationCanceled}, REFUSED, *ALSO),
    auth=signed_in,
)
def cancel(request: HttpRequest, astro_book_id: str) -> dict[str, Any]:
    """Cancel a booking; what its terms owe goes back."""
    _limit_changes(request)
    owed = cancel_booking(astro_book_id, by=who(request), trade=TRADE, now=utc_now())
    return present.canceled(booking_by_reference(astro_book_id, trade=TRADE), owed)


@router.post(
    "/{astro_book_id}/reschedule/",
    response=documented({200: OwnBooking, 409: SlotProblem | Problem}, *ALSO),
    auth=signed_in,
)
def reschedule(request: HttpRequest, astro_book_id: str, body: Reschedule) -> dict[str, Any]:
    """Move a booking to another free time. Nothing is paid; refused, it stands as it was."""
    _limit_changes(request)
    try:
        with named(FIELDS):
            reschedule_booking(astro_book_id, body.starts_at, by=who(request), trade=TRADE, now=utc_now())
    except SlotTaken as taken:
        zone = booking_by_reference(astro_book_id, trade=TRADE).offering.business.zone
        raise SlotTaken(slots_out(taken.nearest, zone)) from None
    return _booking(astro_book_id)


@router.post(
    "/{astro_book_id}/complete/", response=documented({200: OwnBooking}, REFUSED, *ALSO), auth=signed_in
)
def complete(request: HttpRequest, astro_book_id: str) -> dict[str, Any]:
    """Say that a consultation has been given: for its provider, and for those who run the business."""
    _limit_changes(request)
    complete_booking(astro_book_id, by=who(request), trade=TRADE, now=utc_now())
    return _booking(astro_book_id)


def _limit_changes(request: HttpRequest) -> None:
    """As payment starts are, by user."""
    limit(request, "start_by_user", user=who(request).pk)


def _booking(reference: str) -> dict[str, Any]:
    return {"data": present.own_booking(booking_by_reference(reference, trade=TRADE))}

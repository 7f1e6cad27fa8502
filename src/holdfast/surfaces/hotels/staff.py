"""What a hotel's staff do over HTTP: see, approve, decline, check in and out. See docs/api/hotels.md."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Query, Router
from ninja.responses import Status as Answer

from holdfast.flows.approval import approve_booking, decline_booking
from holdfast.flows.asking import StillUnknown
from holdfast.flows.completion import miss_booking
from holdfast.flows.stay_lists import Sought, staffs_stay, stays_sought
from holdfast.flows.stays import StayView, check_in, check_out, free_rooms_for
from holdfast.kernel.clock import utc_now
from holdfast.kernel.errors import Invalid, NotFound
from holdfast.web.answers import BAD, MISSING, SIGNED_IN, THROTTLED, Problem, Unanswered, documented
from holdfast.web.auth import signed_in, who
from holdfast.web.paging import Page, paged
from holdfast.web.throttles import limit

from . import present
from .schemas import CheckIn, Decline, FreeRooms, StaffBooking, StaffFilter
from .terms import TRADE, WORDS

router = Router(tags=["hotels"])

AT = "/{slug}/room-bookings"
ONE = f"{AT}/{{booking_id}}"
ALSO = (BAD, SIGNED_IN, MISSING, THROTTLED)
CHANGED = documented({200: StaffBooking, 409: Problem}, *ALSO)


@router.get(f"{AT}/", response=documented({200: Page[StaffBooking]}, *ALSO), auth=signed_in)
def bookings(request: HttpRequest, slug: str, query: Query[StaffFilter]) -> dict[str, Any]:
    """The hotel's bookings, newest first: all, or by status, days of arrival and departure, or name."""
    limit(request, "look_up")
    sought = Sought(
        states=tuple(state for state, word in WORDS.items() if query.status in (None, word)),
        arrives=(query.arrives_from, query.arrives_to),
        leaves=(query.leaves_from, query.leaves_to),
        said=query.q,
    )
    return paged(request, stays_sought(slug, sought, by=who(request)), query, present.staffs_bookings)


@router.get(f"{ONE}/", response=documented({200: StaffBooking}, *ALSO), auth=signed_in)
def booking(request: HttpRequest, slug: str, booking_id: str) -> dict[str, Any]:
    """One booking, with its guest and who has decided."""
    limit(request, "look_up")
    return present.staffs_booking(_found(request, slug, booking_id))


@router.post(
    f"{ONE}/approve/",
    response=documented({200: StaffBooking, 202: Unanswered, 409: Problem}, *ALSO),
    auth=signed_in,
)
def approve(request: HttpRequest, slug: str, booking_id: str) -> Any:
    """Take the money that is reserved, and confirm the booking once it has been taken."""
    _may_change(request, slug, booking_id)
    try:
        approve_booking(booking_id, by=who(request), trade=TRADE, now=utc_now())
    except StillUnknown:
        return Answer(202, Unanswered(status="PENDING", status_url=_address(slug, booking_id)))
    return _as_it_is(request, slug, booking_id)


@router.post(f"{ONE}/decline/", response=CHANGED, auth=signed_in)
def decline(request: HttpRequest, slug: str, booking_id: str, body: Decline | None = None) -> dict[str, Any]:
    """Turn the booking away: what is reserved is set free, and what was charged goes back."""
    _may_change(request, slug, booking_id)
    why = body.reason if body else ""
    decline_booking(booking_id, by=who(request), trade=TRADE, why=why, now=utc_now())
    return _as_it_is(request, slug, booking_id)


@router.get(f"{ONE}/rooms/", response=documented({200: FreeRooms}, *ALSO), auth=signed_in)
def rooms(request: HttpRequest, slug: str, booking_id: str) -> dict[str, Any]:
    """The rooms that its guests could be given now."""
    limit(request, "look_up")
    _found(request, slug, booking_id)
    free = free_rooms_for(booking_id, by=who(request), now=utc_now())
    return {"booking_id": booking_id, "rooms": [{"id": room.pk, "name": room.name} for room in free]}


@router.post(f"{ONE}/check-in/", response=CHANGED, auth=signed_in)
def arrive(request: HttpRequest, slug: str, booking_id: str, body: CheckIn | None = None) -> dict[str, Any]:
    """The guests are here, and are given a room: the one that is named, or the first that is free."""
    _may_change(request, slug, booking_id)
    try:
        check_in(booking_id, by=who(request), room=body.room if body else None, now=utc_now())
    except NotFound as no:  # the booking has been found: it is the room that is not
        raise Invalid({"room": [no.message]}) from None
    return _as_it_is(request, slug, booking_id)


@router.post(f"{ONE}/check-out/", response=CHANGED, auth=signed_in)
def leave(request: HttpRequest, slug: str, booking_id: str) -> dict[str, Any]:
    """The guests have left, and their room is free."""
    _may_change(request, slug, booking_id)
    check_out(booking_id, by=who(request), now=utc_now())
    return _as_it_is(request, slug, booking_id)


@router.post(f"{ONE}/no-show/", response=CHANGED, auth=signed_in)
def no_show(request: HttpRequest, slug: str, booking_id: str) -> dict[str, Any]:
    """Nobody came."""
    _may_change(request, slug, booking_id)
    miss_booking(booking_id, by=who(request), trade=TRADE, now=utc_now())
    return _as_it_is(request, slug, booking_id)


def _found(request: HttpRequest, slug: str, booking_id: str) -> StayView:
    """A booking of a hotel that the user runs. Raises NotFound for anything else."""
    return staffs_stay(booking_id, business=slug, by=who(request))


def _may_change(request: HttpRequest, slug: str, booking_id: str) -> None:
    limit(request, "start_by_user", user=who(request).pk)
    _found(request, slug, booking_id)


def _as_it_is(request: HttpRequest, slug: str, booking_id: str) -> dict[str, Any]:
    return present.staffs_booking(_found(request, slug, booking_id))


def _address(slug: str, booking_id: str) -> str:
    return f"/api/staff/hotel/{slug}/room-bookings/{booking_id}/"

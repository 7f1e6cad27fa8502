"""Bookings of courses over HTTP: look, answer, finish, cancel. Described in docs/api/coaching.md."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Query, Router
from ninja.errors import HttpError
from ninja.responses import Status as Answer

from holdfast.flows.approval import approve_booking, decline_booking
from holdfast.flows.asking import StillUnknown
from holdfast.flows.bookings import (
    BookingView,
    booking_by_id,
    booking_seen_by,
    bookings_given_by,
    bookings_made_by,
)
from holdfast.flows.cancellation import cancel_booking
from holdfast.flows.completion import complete_booking
from holdfast.kernel.clock import utc_now
from holdfast.kernel.errors import Conflict, Forbidden, MoveRefused, NotFound
from holdfast.web.answers import BAD, MISSING, SIGNED_IN, THROTTLED, Problem, Unanswered, documented
from holdfast.web.auth import signed_in, who
from holdfast.web.paging import Paging, paged
from holdfast.web.throttles import limit

from . import present
from .schemas import STATUS, BookingOut, Bookings, Canceled, Changed, Reject
from .terms import (
    NO_BOOKING,
    NOT_YOURS,
    TO_ACCEPT,
    TO_CANCEL,
    TO_FINISH,
    TO_REJECT,
    TRADE,
    WORDS,
    Only,
)

router = Router(tags=["coaching"])

LISTS: dict[str, Callable[..., Any]] = {"user": bookings_made_by, "coach": bookings_given_by}
ALSO = ({202: Unanswered, 409: Problem}, BAD, SIGNED_IN, MISSING, THROTTLED)


class Roles(Paging):
    """As customer or as coach; of one status, or of all."""

    role: Literal["user", "coach"] = "user"
    status: STATUS | None = None


@router.get("/bookings/", response=documented({200: Bookings}, BAD, SIGNED_IN, THROTTLED), auth=signed_in)
def bookings(request: HttpRequest, query: Query[Roles]) -> dict[str, Any]:
    """One's own bookings, newest first: those that one has made, or those that one gives."""
    limit(request, "look_up")
    found = LISTS[query.role](who(request), trade=TRADE)
    if query.status is not None:
        found = found.filter(state__in=[state for state, word in WORDS.items() if word == query.status])
    page = paged(request, found, query, present.bookings)
    return {"bookings": page.pop("results"), **page}


@router.get(
    "/booking/{int:booking_id}/",
    response=documented({200: BookingOut}, BAD, SIGNED_IN, MISSING, THROTTLED),
    auth=signed_in,
)
def booking(request: HttpRequest, booking_id: int) -> dict[str, Any]:
    """One booking, for its customer, its coach, and those who run the business."""
    limit(request, "look_up")
    with as_known(booking_id):
        return present.booking(booking_seen_by(who(request), booking_id, trade=TRADE))


@router.post("/booking/{int:booking_id}/accept/", response=documented({200: Changed}, *ALSO), auth=signed_in)
def accept(request: HttpRequest, booking_id: int) -> Any:
    """The coach accepts."""
    changes(request)
    try:
        with as_known(booking_id, TO_ACCEPT) as found:
            approve_booking(found.reference, by=who(request), trade=TRADE, now=utc_now())
    except StillUnknown:
        return still_asking(booking_id)
    return present.changed(now_at(booking_id), "Booking accepted successfully")


@router.post("/booking/{int:booking_id}/reject/", response=documented({200: Changed}, *ALSO), auth=signed_in)
def reject(request: HttpRequest, booking_id: int, body: Reject | None = None) -> dict[str, Any]:
    """The coach rejects, and all of the money goes back."""
    changes(request)
    why = body.reason if body else ""
    with as_known(booking_id, TO_REJECT) as found:
        decline_booking(found.reference, by=who(request), trade=TRADE, why=why, now=utc_now())
    return present.changed(now_at(booking_id), "Booking rejected successfully")


@router.post("/booking/{int:booking_id}/done/", response=documented({200: Changed}, *ALSO), auth=signed_in)
def done(request: HttpRequest, booking_id: int) -> dict[str, Any]:
    """The coach says that the course has been given."""
    changes(request)
    with as_known(booking_id, TO_FINISH) as found:
        complete_booking(found.reference, by=who(request), trade=TRADE, now=utc_now())
    return present.changed(now_at(booking_id), "Booking marked as done successfully")


@router.post("/booking/{int:booking_id}/cancel/", response=documented({200: Canceled}, *ALSO), auth=signed_in)
def cancel(request: HttpRequest, booking_id: int) -> dict[str, Any]:
    """Its customer cancels, and gets back what the terms say; or the coach, and all of it goes back."""
    changes(request)
    with as_known(booking_id, TO_CANCEL) as found:
        owed = cancel_booking(found.reference, by=who(request), trade=TRADE, now=utc_now())
    return present.canceled(now_at(booking_id), owed)


def now_at(booking_id: int) -> BookingView:
    """The booking as it stands, whosever it is. Raises NotFound in this trade's words."""
    try:
        return booking_by_id(booking_id, trade=TRADE)
    except NotFound:
        raise NotFound(NO_BOOKING) from None


@contextmanager
def as_known(booking_id: int, only: Only | None = None) -> Iterator[BookingView]:
    """Whatever is refused inside is refused as this trade's callers know it.

    There is no such booking, or it is not theirs; and of a status that this is not for, it is a bad request.
    """
    found = now_at(booking_id)
    try:
        yield found
    except (NotFound, Forbidden):
        raise Forbidden(NOT_YOURS) from None
    except Conflict as conflict:
        status = WORDS[now_at(booking_id).state]
        if only is None or status in only.those:
            raise _said_plainly(conflict, only) from None
        raise HttpError(400, only.refusal(status)) from None


def _said_plainly(conflict: Conflict, only: Only | None) -> Conflict:
    """What a lifecycle refuses, in words of this trade; all else speaks for itself."""
    if only is None or not isinstance(conflict, MoveRefused):
        return conflict
    return Conflict(f"A booking that is {conflict.state.replace('_', ' ')} can no longer be {only.can_be}.")


def changes(request: HttpRequest) -> None:
    """As payment starts are, by user."""
    limit(request, "start_by_user", user=who(request).pk)


def still_asking(booking_id: int) -> Answer[Unanswered]:
    return Answer(202, Unanswered(status="PENDING", status_url=f"/booking/api/booking/{booking_id}/"))

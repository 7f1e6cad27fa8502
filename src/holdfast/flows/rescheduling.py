"""Rescheduling: the same service at the same price, at another time. Nothing is paid, nothing goes back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from holdfast.availability.actions import claim_instead
from holdfast.availability.queries import nearest_free_slots, resources_of, wanted_by
from holdfast.booking.models import Booking
from holdfast.catalog.models import Resource
from holdfast.catalog.terms import Terms
from holdfast.kernel.errors import Conflict, Invalid, SlotTaken
from holdfast.kernel.period import Period
from holdfast.orders.actions import lock
from holdfast.orders.models import Line
from holdfast.platform.db import retried_once, transaction, transaction_required
from holdfast.platform.models import User
from holdfast.platform.outbox import post

from .changing import Change, change_of
from .choosing import open_period, provider_among

log = structlog.get_logger(__name__)

NOT_AT_ALL = "This cannot be moved to another time."
TOO_LATE = "It is too late to move this to another time."
SAME_TIME = "It is at this time already."


def reschedule_booking(reference: str, starts_at: datetime, *, by: User, trade: str, now: datetime) -> None:
    """Move a booking to the slot that starts at ``starts_at``, by the clock on the business's wall.

    Raises NotFound for another's booking, Invalid for a time that is not open, Conflict for a booking that
    is over or, by its terms, too near for its customer to move, and SlotTaken with the nearest slots. When it
    is refused, the booking stands as it was.
    """
    change = change_of(reference, by=by, trade=trade)
    line = Line.objects.select_related("offering__business").get(pk=change.booking_id)
    resources = list(resources_of(line.offering).select_related("provider"))
    period = open_period(line.offering, starts_at, resources, now=now)
    try:
        _move(change, period, resources, now=now)
    except SlotTaken:
        raise SlotTaken(nearest_free_slots(line.offering, period.start, now=now)) from None
    log.info("rescheduled", booking=reference, by=change.by, to=period.start.isoformat())


@retried_once
def _move(change: Change, period: Period, resources: Sequence[Resource], *, now: datetime) -> None:
    """The one transaction of a move: the booking, its line and its allocations agree before and after."""
    with transaction():
        order = lock(change.order_id)
        booking = Booking.objects.select_related("line__offering__business").get(pk=change.booking_id)
        was = booking.period
        _write(booking, period, resources, by=change.by, now=now)
        _refuse_by_terms(order.terms, was, period, change, now=now)
        claim_instead(wanted_by(booking.line.offering, resources, period), owner=booking.line.owner, now=now)
        post("email", name="rescheduled", booking=booking.pk, step=booking.seq, was=was.start.isoformat())


@transaction_required
def _write(
    booking: Booking, period: Period, resources: Sequence[Resource], *, by: str, now: datetime
) -> None:
    """The new time, and in the transition both of them. Raises MoveRefused."""
    provider = provider_among(resources)
    now_is = {
        "starts_at": period.start,
        "ends_at": period.end,
        "provider_id": provider.pk if provider else None,
    }
    why = f"from {booking.starts_at:%Y-%m-%d %H:%M} to {period.start:%Y-%m-%d %H:%M} UTC"
    booking.move("reschedule", by=by, at=now, why=why, **now_is)
    Line.objects.filter(pk=booking.line_id).update(**now_is)


def _refuse_by_terms(terms: Terms, was: Period, period: Period, change: Change, *, now: datetime) -> None:
    if was == period:
        raise Invalid({"preferred_time": [SAME_TIME]})
    if change.for_business:
        return
    if not terms.may_reschedule:
        raise Conflict(NOT_AT_ALL)
    if was.start - now < timedelta(seconds=terms.reschedule_notice):
        raise Conflict(TOO_LATE)

"""What is chosen: a time that is open for an offering, and who gives it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from holdfast.availability.queries import free_slots, slots_between
from holdfast.availability.slots import wall_time
from holdfast.catalog.models import Offering, Provider, Resource
from holdfast.kernel.errors import Invalid
from holdfast.kernel.period import Period

TOO_SOON = "too_soon"
NOT_OPEN = {
    "past": "This time has passed.",
    TOO_SOON: "This time is too soon: more notice is needed.",
    "too_far": "This date is too far ahead to be booked yet.",
}


def open_period(
    offering: Offering,
    starts_at: datetime,
    resources: Sequence[Resource],
    *,
    now: datetime,
    at_short_notice: bool = False,
) -> Period:
    """The slot that starts at ``starts_at``, which is naive: the clock on the business's wall.

    Raises Invalid when there is none. Whether it is still free is for the claim to say. The business itself
    may choose one ``at_short_notice``.
    """
    zone: ZoneInfo = offering.business.zone
    day = starts_at.date()
    if day < now.astimezone(zone).date():
        raise Invalid({"date": ["This date has passed."]})
    start = wall_time(starts_at, zone)
    if start is None:
        raise Invalid({"time": ["This time does not exist on that day: the clocks change."]})
    slots = slots_between(offering, first=day, last=day, now=now, resources=resources, at=starts_at)
    slot = next((slot for slot in slots if slot.period.start == start), None)
    if slot is None:
        raise Invalid({"time": ["This is not one of the open times of that day."]})
    if slot.reason is not None and not (at_short_notice and slot.reason == TOO_SOON):
        raise Invalid({"time": [NOT_OPEN[slot.reason]]})
    return slot.period


def free_among(wanted: Sequence[tuple[Offering, Period]], *, now: datetime) -> list[tuple[Offering, Period]]:
    """Those of these times at which nobody else is; whether they stay so is for the claim to say."""
    return [(offering, period) for offering, period in wanted if _is_free(offering, period, now=now)]


def _is_free(offering: Offering, period: Period, *, now: datetime) -> bool:
    day = period.start.astimezone(offering.business.zone).date()
    slots = free_slots(offering, first=day, last=day, now=now)
    return any(slot.period == period and slot.reason is None for slot in slots)


def provider_among(resources: Sequence[Resource]) -> Provider | None:
    """The person who gives the service, if one of the resources is a person."""
    return next(
        (r.provider for r in resources if r.kind == Resource.Kind.PERSON and hasattr(r, "provider")), None
    )

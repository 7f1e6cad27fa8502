"""Questions about time: what is open, what is free."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Q

from holdfast.catalog.models import Offering, Resource
from holdfast.kernel.period import Period

from .lifecycle import KEEPS_TIME
from .models import Allocation, DateOverride, WeeklyHours
from .slots import Calendar, Hours, Rules, Slot, mark_taken, nearest, open_slots

A_WEEK = timedelta(days=7)


def rules_of(offering: Offering) -> Rules:
    """The offering's rules as the plain data that ``slots`` computes with."""
    return Rules(
        zone=offering.business.zone,
        duration=offering.duration,
        step=offering.slot_step,
        before=offering.buffer_before,
        after=offering.buffer_after,
        minimum_notice=offering.minimum_notice,
        horizon=offering.horizon,
    )


def slots_between(
    offering: Offering, *, first: date, last: date, now: datetime, resources: Sequence[Resource] | None = None
) -> list[Slot]:
    """The slots that are open by the calendars, whether or not they are taken: three queries at most."""
    needed = list(offering.resources.all()) if resources is None else resources
    calendars = _calendars([r.id for r in needed if r.keeps_hours], first=first, last=last)
    return open_slots(rules_of(offering), calendars, first=first, last=last, now=now)


def free_slots(offering: Offering, *, first: date, last: date, now: datetime) -> list[Slot]:
    """The slots from ``first`` to ``last`` with the taken ones marked: four queries whatever the size."""
    resources = list(offering.resources.all())
    found = slots_between(offering, first=first, last=last, now=now, resources=resources)
    if not found:
        return []
    rules = rules_of(offering)
    span = Period(rules.stored(found[0].period).start, rules.stored(found[-1].period).end)
    busy = _busy([resource.id for resource in resources], span, now=now)
    return mark_taken(rules, found, busy)


def nearest_free_slots(offering: Offering, wanted: datetime, *, now: datetime) -> list[Slot]:
    """Up to five free slots around a time that could not be had."""
    day = wanted.astimezone(offering.business.zone).date()
    today = now.astimezone(offering.business.zone).date()
    around = free_slots(offering, first=max(today, day - A_WEEK), last=day + A_WEEK, now=now)
    return nearest(around, wanted)


def holds_all(owner: str) -> bool:
    """Whether an owner still holds all that it claimed. Its allocations stay locked until commit."""
    own = Allocation.objects.filter(owner=owner).order_by("resource_id", "seat", "period")
    states = set(own.select_for_update().values_list("state", flat=True))
    return states == {"held"}


def _calendars(resources: Sequence[UUID], *, first: date, last: date) -> list[Calendar]:
    weekly: dict[UUID, dict[int, list[Hours]]] = {resource: defaultdict(list) for resource in resources}
    for week in WeeklyHours.objects.filter(resource__in=resources).order_by("weekday", "opens"):
        weekly[week.resource_id][week.weekday].append(Hours(week.opens, week.closes))
    overrides: dict[UUID, dict[date, list[Hours]]] = {resource: defaultdict(list) for resource in resources}
    days = (first - timedelta(days=1), last)
    for other in DateOverride.objects.filter(resource__in=resources, day__range=days).order_by("opens"):
        hours = overrides[other.resource_id][other.day]
        if other.opens is not None and other.closes is not None:
            hours.append(Hours(other.opens, other.closes))
    return [Calendar(weekly[resource], overrides[resource]) for resource in resources]


def _busy(resources: Sequence[UUID], span: Period, *, now: datetime) -> list[Period]:
    """What is kept by others; a hold that has run out keeps nothing."""
    rows = Allocation.objects.filter(
        ~Q(state="held", held_until__lt=now),
        resource__in=resources,
        state__in=KEEPS_TIME,
        period__overlap=DateTimeTZRange(span.start, span.end),
    ).values_list("period", flat=True)
    return [as_period(row) for row in rows]


def as_period(stored: Any) -> Period:
    return Period(stored.lower, stored.upper)

"""Questions about time: what is open, what is free."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Q, QuerySet

from holdfast.catalog.models import Offering, Resource
from holdfast.kernel.period import Period
from holdfast.platform.prepared import Prepared
from holdfast.platform.rows import places

from .lifecycle import KEEPS_TIME
from .models import Allocation, DateOverride, WeeklyHours
from .seats import full_periods
from .slots import (
    Calendar,
    Hours,
    Rules,
    Slot,
    dates_meeting,
    mark_taken,
    nearest,
    none_is_nearer,
    open_slots,
)
from .timeline import Timeline
from .wanted import BUFFERS, Kept, Needs, Wanted

# How far around a day free slots are looked for, until the nearest are among those found.
AROUND = (timedelta(0), timedelta(days=7))


@dataclass(frozen=True)
class KeptTime:
    """What one owner keeps of a resource, from first to last; a hold has an end, ``held_until``."""

    owner: str
    period: Period
    held_until: datetime | None


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
        buffers_may_overlap=offering.business.buffers_may_overlap,
    )


def resources_of(offering: Offering) -> QuerySet[Resource]:
    """What an offering needs, the person first: slots begin when the first of them opens."""
    return offering.resources.order_by("kind", "name", "pk")


NEEDED = Prepared(
    lambda offering: (
        Resource.objects.filter(offerings=offering).select_related("provider").order_by("kind", "name", "pk")
    )
)


def needs_of(offering: Offering, resources: Iterable[Resource]) -> Needs:
    """How each of the offering's resources is kept for a slot of it."""
    how = _by_night if offering.by_night else _how_kept
    kept = tuple((resource.pk, how(resource)) for resource in resources)
    is_class = any(how is Kept.PLACE for _, how in kept)
    return Needs(rules_of(offering), kept, f"class:{offering.pk}:" if is_class else "")


def wanted_by(offering: Offering, resources: Iterable[Resource], period: Period) -> list[Wanted]:
    """Everything to claim for one customer's slot of an offering."""
    return needs_of(offering, resources).at(period)


def slots_between(
    offering: Offering,
    *,
    first: date,
    last: date,
    now: datetime,
    resources: Iterable[Resource] | None = None,
    zone: ZoneInfo | None = None,
    at: datetime | None = None,
) -> list[Slot]:
    """The slots that are open by the calendars, whether or not they are taken: two queries at most.

    ``first`` and ``last`` are dates of the business, or of ``zone``. With ``at``, naive, it is the one that
    starts when the business's wall clock shows that.
    """
    if offering.by_night:
        return []  # nights are free or not, and begin at no hour of their own
    needed = resources_of(offering) if resources is None else resources
    rules = rules_of(offering)
    shown = zone or rules.zone
    days = (first, last) if zone is None else dates_meeting(first, last, of=zone, on=rules.zone)
    keep_hours = [r.pk for r in needed if r.keeps_hours and r.kind != Resource.Kind.PLACES]
    calendars = _calendars(keep_hours, first=days[0], last=days[1] + rules.runs_on)
    found = open_slots(rules, calendars, first=days[0], last=days[1], now=now, at=at)
    return [slot for slot in found if first <= slot.period.start.astimezone(shown).date() <= last]


def free_slots(
    offering: Offering,
    *,
    first: date,
    last: date,
    now: datetime,
    needed: Sequence[Resource] | None = None,
    zone: ZoneInfo | None = None,
) -> list[Slot]:
    """The slots from ``first`` to ``last`` with the taken ones marked: three queries whatever the size.

    The dates are the business's, or those of the customer's ``zone``. With the resources that are ``needed``
    it is two queries.
    """
    resources = list(resources_of(offering)) if needed is None else needed
    found = slots_between(offering, first=first, last=last, now=now, resources=resources, zone=zone)
    if not found:
        return []
    rules = rules_of(offering)
    span = Period(rules.stored(found[0].period).start, rules.stored(found[-1].period).end)
    return mark_taken(found, _free_in(needs_of(offering, resources), resources, span, now=now))


def is_free(offering: Offering, period: Period, *, needed: Sequence[Resource], now: datetime) -> bool:
    """Whether all that is needed for a slot is free as far as can be seen: one query, and no promise."""
    needs = needs_of(offering, needed)
    return _free_in(needs, needed, needs.span(period), now=now)(period)


def kept_times(resource: Resource, span: Period, *, now: datetime) -> list[KeptTime]:
    """Who keeps a resource, or a seat of it, at some time in this span; in order of time."""
    by_owner: dict[str, list[Allocation]] = defaultdict(list)
    for row in kept_in([resource], span, now=now):
        by_owner[row.owner].append(row)
    kept = [
        KeptTime(
            owner,
            Period(min(row.period.lower for row in rows), max(row.period.upper for row in rows)),
            max((row.held_until for row in rows if row.held_until), default=None),
        )
        for owner, rows in by_owner.items()
    ]
    return sorted(kept, key=lambda one: (one.period, one.owner))


def nearest_free_slots(
    offering: Offering, wanted: datetime, *, now: datetime, needed: Sequence[Resource] | None = None
) -> list[Slot]:
    """Up to five free slots around a time that could not be had: of its day, or else of a fortnight."""
    zone = offering.business.zone
    day, today = (moment.astimezone(zone).date() for moment in (wanted, now))
    found: list[Slot] = []
    for around in AROUND:
        first, last = max(today, day - around), day + around
        found = nearest(free_slots(offering, first=first, last=last, now=now, needed=needed), wanted)
        if none_is_nearer(found, wanted, first=first, last=last, today=today, zone=zone):
            break
    return found


def holds_all(*owners: str) -> bool:
    """Whether they still hold all that they last claimed. Their allocations stay locked until commit."""
    claims: dict[str, dict[datetime, set[str]]] = {owner: defaultdict(set) for owner in owners}
    with connection.cursor() as cursor:
        cursor.execute(LOCK_OWN.format(places(owners)), owners)
        for owner, claimed_at, state in cursor.fetchall():
            claims[owner][claimed_at].add(state)
    return all(of_one and of_one[max(of_one)] == {"held"} for of_one in claims.values())


# Not "= ANY": of a list that it does not know PostgreSQL expects much, and makes another plan each time.
LOCK_OWN = f"""
    SELECT owner, created_at, state FROM "{Allocation._meta.db_table}" WHERE owner IN ({{}})
    ORDER BY resource_id, seat, period FOR UPDATE
"""


def _calendars(resources: Sequence[UUID], *, first: date, last: date) -> list[Calendar]:
    """Their weekly hours and the dates that differ, from the day before the first: one query for both."""
    weekly: dict[UUID, dict[int, list[Hours]]] = {resource: defaultdict(list) for resource in resources}
    overrides: dict[UUID, dict[date, list[Hours]]] = {resource: defaultdict(list) for resource in resources}
    if not resources:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            HOURS.format(places(resources)), [*resources, *resources, first - timedelta(days=1), last]
        )
        for resource, weekday, day, opens, closes in cursor.fetchall():
            hours = weekly[resource][weekday] if day is None else overrides[resource][day]
            if opens is not None:
                hours.append(Hours(opens, closes))
    return [Calendar(weekly[resource], overrides[resource]) for resource in resources]


HOURS = f"""
    SELECT resource_id, weekday, NULL::date AS day, opens, closes
    FROM "{WeeklyHours._meta.db_table}" WHERE resource_id IN ({{0}})
    UNION ALL
    SELECT resource_id, NULL, day, opens, closes
    FROM "{DateOverride._meta.db_table}" WHERE resource_id IN ({{0}}) AND day BETWEEN %s AND %s
    ORDER BY opens
"""


def kept_in(resources: Iterable[Resource], span: Period, *, now: datetime) -> QuerySet[Allocation]:
    """What is kept of these resources in a span; a hold that has run out keeps nothing."""
    return Allocation.objects.filter(
        ~Q(state="held", held_until__lt=now),
        resource__in=[resource.pk for resource in resources],
        state__in=KEEPS_TIME,
        period__overlap=DateTimeTZRange(span.start, span.end),
    )


def as_period(stored: Any) -> Period:
    return Period(stored.lower, stored.upper)


def _by_night(resource: Resource) -> Kept:
    return Kept.NIGHTS


def _how_kept(resource: Resource) -> Kept:
    if resource.kind == Resource.Kind.PLACES:
        return Kept.PLACE
    return Kept.SEAT if resource.is_pool else Kept.WHOLE


def _free_in(
    needs: Needs, resources: Sequence[Resource], span: Period, *, now: datetime
) -> Callable[[Period], bool]:
    """Whether all that an offering needs for a period within the span is free: one query for all of them."""
    timelines = _timelines(needs, resources, span, now=now)

    def is_free(period: Period) -> bool:
        return all(
            timelines[wanted.resource].is_free(wanted.period, shared_by=wanted.shared_by)
            for wanted in needs.at(period)
        )

    return is_free


def _timelines(
    needs: Needs, resources: Sequence[Resource], span: Period, *, now: datetime
) -> Mapping[UUID, Timeline]:
    """What is in the way: of a person or a room whatever is kept, of a pool only when no seat is left."""
    kept: dict[UUID, list[tuple[Period, str]]] = defaultdict(list)
    ids = [resource.pk for resource in resources]
    with connection.cursor() as cursor:
        cursor.execute(KEPT, [ids, span.start, span.end, now])
        for resource, shared_by, start, end in cursor.fetchall():
            may_share = shared_by == BUFFERS or (needs.classes and shared_by.startswith(needs.classes))
            kept[resource].append((Period(start, end), shared_by if may_share else ""))
    return {
        resource.pk: Timeline(_full(kept[resource.pk], resource) if resource.is_pool else kept[resource.pk])
        for resource in resources
    }


# What ``kept_in`` finds, for those who ask for it very often.
KEPT = f"""
    SELECT resource_id, shared_by, lower(period), upper(period) FROM "{Allocation._meta.db_table}"
    WHERE resource_id = ANY(%s) AND period && tstzrange(%s, %s) AND state IN {KEEPS_TIME}
        AND NOT (state = 'held' AND held_until < %s)
"""


def _full(kept: Iterable[tuple[Period, str]], pool: Resource) -> Iterable[tuple[Period, str]]:
    periods = (period for period, _ in kept)
    return ((period, "") for period in full_periods(periods, capacity=pool.capacity))

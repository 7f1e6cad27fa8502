"""Stays: which nights of a pool are free, and which stays are nearest to one that could not be had."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from holdfast.catalog.models import Offering, Resource, StayRules
from holdfast.catalog.room_types import RoomType, room_type
from holdfast.catalog.stay_rules import ONE_DAY, StayAsked, Why, why_not
from holdfast.kernel.period import Period

from .lifecycle import KEEPS_TIME
from .models import Allocation
from .queries import nearest_free_slots
from .seats import seats_left_each
from .slots import Slot, nearest, nights, reached

# How many days before and after its arrival the nearest stays are looked for.
AROUND = 14


def period_of(stay: StayAsked, rules: StayRules) -> Period:
    """From when its guests may come until when they must have left."""
    zone = rules.offering.business.zone
    return Period(
        reached(datetime.combine(stay.check_in, rules.check_in_from), zone),
        reached(datetime.combine(stay.check_out, rules.check_out_until), zone),
    )


def refused(room_type: RoomType, stay: StayAsked, *, now: datetime) -> Why | None:
    """Why a room type's rules do not allow this stay; None if they do."""
    starts_at = period_of(stay, room_type.rules).start
    return why_not(room_type.rules.plain, room_type.rates, stay, starts_at=starts_at, now=now)


def refused_at_short_notice(room_type: RoomType, stay: StayAsked, *, now: datetime) -> Why | None:
    """The same where the business itself chooses: it needs no notice, and on the day of arrival it may be
    later than the time from which guests come, for somebody may be standing there.
    """
    starts_at = period_of(stay, room_type.rules).start
    is_today = now.astimezone(room_type.offering.business.zone).date() == stay.check_in
    rules = replace(room_type.rules.plain, minimum_notice=timedelta(0))
    asked_at = now - ONE_DAY if is_today else now
    return why_not(rules, room_type.rates, stay, starts_at=starts_at, now=asked_at)


def free_each_night(
    pools: Iterable[Resource], nights: Sequence[Period], *, now: datetime
) -> dict[UUID, list[int]]:
    """How many seats each pool has free in each of these nights: one query, whatever is kept of them."""
    there = list(pools)
    if not nights:
        return {pool.pk: [] for pool in there}
    kept = _counted(KEPT, [[pool.pk for pool in there], nights[0].start, nights[-1].end, now])
    return {pool.pk: seats_left_each(nights, capacity=pool.capacity, kept=kept[pool.pk]) for pool in there}


def blocked_each_night(pools: Iterable[Resource], nights: Sequence[Period]) -> dict[UUID, list[int]]:
    """How many seats of each pool are out of use in each of these nights, or in a part of it: one query."""
    there = [pool.pk for pool in pools]
    kept = _counted(BLOCKED, [there, nights[0].start, nights[-1].end])
    return {pool: [_meeting(night, kept[pool]) for night in nights] for pool in there}


def _meeting(night: Period, kept: Counter[Period]) -> int:
    return sum(seats for period, seats in kept.items() if period.overlaps(night))


def _counted(sql: str, params: list[Any]) -> dict[UUID, Counter[Period]]:
    kept: dict[UUID, Counter[Period]] = defaultdict(Counter)
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        for resource, start, end, seats in cursor.fetchall():
            kept[resource][Period(start, end)] = seats
    return kept


# As ``kept_in`` finds it, counted: of a pool almost all that is kept is its nights, and those are alike. By
# their ends, because PostgreSQL takes twice as long to tell ranges apart.
KEPT = f"""
    SELECT resource_id, lower(period), upper(period), count(*) FROM "{Allocation._meta.db_table}"
    WHERE resource_id = ANY(%s) AND period && tstzrange(%s, %s) AND state IN {KEEPS_TIME}
        AND NOT (state = 'held' AND held_until < %s)
    GROUP BY 1, 2, 3
"""


BLOCKED = f"""
    SELECT resource_id, lower(period), upper(period), count(*) FROM "{Allocation._meta.db_table}"
    WHERE resource_id = ANY(%s) AND period && tstzrange(%s, %s) AND state IN {KEEPS_TIME}
        AND owner LIKE 'block:%%'
    GROUP BY 1, 2, 3
"""


def nearest_to(
    offering: Offering, wanted: datetime, *, now: datetime, needed: Sequence[Resource] | None = None
) -> list[Slot]:
    """Up to five that are free around what could not be had: slots of an offering, or stays as long."""
    if offering.stay is not None:
        return nearest_stays(offering, now=now)
    return nearest_free_slots(offering, wanted, now=now, needed=needed)


def nearest_stays(offering: Offering, *, now: datetime) -> list[Slot]:
    """Up to five stays as long as the one that could not be had, which are free and arrive around its day.

    ``offering`` is sold for that stay. Six queries, whatever is found.
    """
    wanted = offering.stay
    assert wanted is not None
    zone = offering.business.zone
    first = max(now.astimezone(zone).date(), wanted.check_in - ONE_DAY * AROUND)
    last = wanted.check_in + ONE_DAY * AROUND
    found = room_type(offering.pk, first=first, last=last + ONE_DAY * wanted.count)
    each = nights(first, last + ONE_DAY * wanted.count, zone)
    free = free_each_night([found.pool], each, now=now)[found.pool.pk]
    slots = [
        _slot(found, wanted, first + ONE_DAY * n, now=now)
        for n in range((last - first).days + 1)
        if all(free[n : n + wanted.count])
    ]
    return nearest([slot for slot in slots if slot], period_of(wanted, found.rules).start)


def _slot(room_type: RoomType, wanted: StayAsked, arrival: date, *, now: datetime) -> Slot | None:
    """The same stay from another day on, if the rules allow it there."""
    stay = room_type.asked(arrival, arrival + timedelta(days=wanted.count), wanted.guests)
    if refused(room_type, stay, now=now) is not None:
        return None
    return Slot(period_of(stay, room_type.rules))

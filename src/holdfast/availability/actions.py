"""Claiming and releasing time. Every allocation in the system is made by ``claim``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import reduce
from operator import or_
from uuid import UUID

from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Q
from django.db.transaction import atomic

from holdfast.catalog.models import Resource
from holdfast.kernel.errors import SlotTaken
from holdfast.kernel.period import Period
from holdfast.platform.db import transaction_required

from .lifecycle import KEEPS_TIME
from .models import Allocation
from .queries import as_period
from .seats import Seated, seats_for
from .wanted import ANY_SEAT, Wanted

__all__ = ["Wanted", "claim", "claim_again", "claim_instead", "hold_until", "lock_pools", "release", "take"]

TABLE = Allocation._meta.db_table
ANYWHERE = "(resource_id = %s AND period && %s)"
IN_THIS_SEAT = "(resource_id = %s AND period && %s AND seat = %s)"


@transaction_required
def claim(wanted: Iterable[Wanted], *, owner: str, until: datetime | None, now: datetime) -> None:
    """Keep everything wanted for ``owner``: held until ``until``, or taken for good when that is None.

    Raises SlotTaken unless all of it can be had; the caller's transaction then rolls back, and with it
    what could. One sorted INSERT … ON CONFLICT DO NOTHING: plain inserts under an exclusion constraint
    deadlock even on one row, and unsorted ones deadlock with each other. Of pools the rows are locked first,
    so that rivals choose their seats one after the other.
    """
    rows = sorted(_seated(list(wanted), now=now))
    missing = _insert(rows, owner=owner, until=until, now=now)
    if missing and _release_run_out(missing, now=now):
        missing = _insert(missing, owner=owner, until=until, now=now)
    if missing:
        raise SlotTaken


@transaction_required
def lock_pools(pools: Iterable[UUID]) -> dict[UUID, int]:
    """Lock these resources, sorted by id; how many seats each has. Whoever releases and claims again in one
    transaction calls this before the release: docs/locking.md.
    """
    rows = Resource.objects.filter(pk__in=set(pools)).order_by("pk").select_for_update(no_key=True)
    return dict(rows.values_list("pk", "capacity"))


@transaction_required
def take(owner: str) -> int:
    """What is held becomes taken. Answers how many allocations were held."""
    return Allocation.objects.filter(owner=owner, state="held").update(state="taken", held_until=None)


@transaction_required
def release(owner: str) -> int:
    """Give back whatever the owner still keeps. Answers how many allocations that were."""
    return Allocation.objects.filter(owner=owner, state__in=("held", "taken")).update(
        state="released", held_until=None
    )


@transaction_required
def hold_until(owner: str, until: datetime) -> None:
    """Move the end of a hold further away, never nearer."""
    Allocation.objects.filter(owner=owner, state="held", held_until__lt=until).update(held_until=until)


@transaction_required
def claim_again(owner: str, *, now: datetime) -> bool:
    """Take anew what this owner last claimed and lost. Answers whether all of it could be had."""
    wanted = _last_claimed(owner)
    if pools := {one.resource for one in wanted if one.seat == ANY_SEAT}:
        lock_pools(pools)
    release(owner)
    try:
        with atomic():
            claim(wanted, owner=owner, until=None, now=now)
    except SlotTaken:
        return False
    return True


@transaction_required
def claim_instead(wanted: Iterable[Wanted], *, owner: str, now: datetime) -> None:
    """Take this in place of all that the owner keeps. Raises SlotTaken, and then the owner keeps what it had.

    Released first, because the new would collide with the old; and before that looked at, because two who
    want each other's time would otherwise wait for each other.
    """
    asked = list(wanted)
    if pools := {one.resource for one in asked if one.seat == ANY_SEAT}:
        lock_pools(pools)
    if _others_keep(asked, owner=owner, now=now):
        raise SlotTaken
    with atomic():
        release(owner)
        claim(asked, owner=owner, until=None, now=now)


def _others_keep(wanted: Iterable[Wanted], *, owner: str, now: datetime) -> bool:
    """Whether somebody else is seen to keep one of these seats. Of pools nothing is said."""
    meets = [
        Q(resource=one.resource, seat=one.seat, period__overlap=_stored(one.period))
        & ~Q(shared_by=one.shared_by or owner)
        for one in wanted
        if one.seat != ANY_SEAT
    ]
    kept = Allocation.objects.filter(~Q(state="held", held_until__lt=now), state__in=KEEPS_TIME)
    return bool(meets) and kept.filter(reduce(or_, meets)).exclude(owner=owner).exists()


def _last_claimed(owner: str) -> list[Wanted]:
    """What the owner's latest claim asked for. Of a pool any seat will do, not only the one of then."""
    once = list(Allocation.objects.filter(owner=owner).select_related("resource"))
    latest = max(row.created_at for row in once)
    last = {
        Wanted(row.resource_id, row.seat, as_period(row.period), row.shared_by): row.resource.is_pool
        for row in once
        if row.created_at == latest
    }
    return [replace(one, seat=ANY_SEAT, shared_by="") if is_pool else one for one, is_pool in last.items()]


def _seated(wanted: Sequence[Wanted], *, now: datetime) -> list[Wanted]:
    """The same with a seat chosen in every pool, under the lock of the pool. Raises SlotTaken."""
    anywhere: dict[UUID, list[Wanted]] = defaultdict(list)
    for one in wanted:
        if one.seat == ANY_SEAT:
            anywhere[one.resource].append(one)
    if not anywhere:
        return list(wanted)
    capacities = lock_pools(anywhere)
    asked = [one for of_pool in anywhere.values() for one in of_pool]
    _release_run_out(asked, now=now)
    kept = _kept_seats(asked)
    chosen = [
        Wanted(pool, had.seat, had.period)
        for pool, of_pool in anywhere.items()
        for had in seats_for((o.period for o in of_pool), capacity=capacities[pool], kept=kept[pool])
    ]
    return [one for one in wanted if one.seat != ANY_SEAT] + chosen


def _kept_seats(asked: Sequence[Wanted]) -> dict[UUID, list[Seated]]:
    """What is kept of these pools, by anybody, between the first and the last moment asked for."""
    first, last = min(one.period.start for one in asked), max(one.period.end for one in asked)
    rows = Allocation.objects.filter(
        resource__in={one.resource for one in asked},
        state__in=KEEPS_TIME,
        period__overlap=DateTimeTZRange(first, last),
    )
    kept: dict[UUID, list[Seated]] = defaultdict(list)
    for resource, seat, period in rows.values_list("resource_id", "seat", "period"):
        kept[resource].append(Seated(as_period(period), seat))
    return kept


def _insert(rows: Sequence[Wanted], *, owner: str, until: datetime | None, now: datetime) -> list[Wanted]:
    """Insert what is free. Answers the rows that were not."""
    state = "taken" if until is None else "held"
    values = ", ".join(["(%s, %s, %s, %s, %s, %s, %s, %s)"] * len(rows))
    params = [
        value
        for row in rows
        for value in (
            row.resource,
            row.seat,
            _stored(row.period),
            owner,
            row.shared_by or owner,
            state,
            until,
            now,
        )
    ]
    sql = f"""
        INSERT INTO "{TABLE}" (resource_id, seat, period, owner, shared_by, state, held_until, created_at)
        VALUES {values} ON CONFLICT DO NOTHING RETURNING resource_id, seat, period
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        had = {(resource, seat, period.lower) for resource, seat, period in cursor.fetchall()}
    return [row for row in rows if (row.resource, row.seat, row.period.start) not in had]


def _release_run_out(rows: Sequence[Wanted], *, now: datetime) -> bool:
    """Release the holds in the way that are past their end: compare and set on the allocation alone.

    The order behind such a hold is expired by the sweeper, never from here: that would take locks in the
    wrong order and deadlock with settlement. SKIP LOCKED, because a hold whose row is locked is being
    taken or released by its owner at this moment.
    """
    meets = " OR ".join(ANYWHERE if row.seat == ANY_SEAT else IN_THIS_SEAT for row in rows)
    params = [
        value for row in rows for value in (row.resource, _stored(row.period), row.seat) if value != ANY_SEAT
    ]
    sql = f"""
        UPDATE "{TABLE}" SET state = 'released', held_until = NULL WHERE state = 'held' AND id IN (
            SELECT id FROM "{TABLE}" WHERE state = 'held' AND held_until < %s AND ({meets})
            ORDER BY resource_id, seat, lower(period) FOR UPDATE SKIP LOCKED
        )
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, [now, *params])
        return bool(cursor.rowcount > 0)


def _stored(period: Period) -> DateTimeTZRange:
    return DateTimeTZRange(period.start, period.end)

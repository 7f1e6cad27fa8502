"""Claiming and releasing time. Every allocation in the system is made by ``claim``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
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
from holdfast.platform.writes import Write, write

from .lifecycle import KEEPS_TIME
from .models import Allocation
from .queries import as_period
from .seats import Seated, seats_for
from .wanted import ANY_SEAT, Wanted

__all__ = [
    "Wanted",
    "claim",
    "claim_again",
    "claim_all",
    "claim_instead",
    "hold",
    "hold_until",
    "lock_pools",
    "lock_pools_of",
    "release",
    "release_from",
    "take",
]

TABLE = Allocation._meta.db_table
ANYWHERE = "(resource_id = %s AND period && %s)"
IN_THIS_SEAT = "(resource_id = %s AND period && %s AND seat = %s)"


@dataclass(frozen=True, order=True)
class Asked:
    """One seat that is asked for, and for whom; sorted as rivals must sort them too."""

    wanted: Wanted
    owner: str

    @property
    def shared_by(self) -> str:
        return self.wanted.shared_by or self.owner


@transaction_required
def claim(wanted: Iterable[Wanted], *, owner: str, until: datetime | None, now: datetime) -> None:
    """Keep everything wanted for ``owner``, as ``claim_all`` does."""
    claim_all({owner: wanted}, until=until, now=now)


@transaction_required
def claim_all(wanted: Mapping[str, Iterable[Wanted]], *, until: datetime | None, now: datetime) -> None:
    """Keep everything wanted for each owner: held until ``until``, or taken for good when that is None.

    Raises SlotTaken unless all of it can be had; the caller's transaction then rolls back, and with it
    what could. One sorted INSERT … ON CONFLICT DO NOTHING: plain inserts under an exclusion constraint
    deadlock even on one row, and unsorted ones deadlock with each other. Of pools the rows are locked first,
    so that rivals choose their seats one after the other.
    """
    asked = [Asked(one, owner) for owner, of_owner in wanted.items() for one in of_owner]
    rows = sorted(_seated(asked, now=now))
    missing = _insert(rows, until=until, now=now)
    if missing and _release_run_out(missing, now=now):
        missing = _insert(missing, until=until, now=now)
    if missing:
        raise SlotTaken


@transaction_required
def lock_pools(pools: Iterable[UUID]) -> dict[UUID, int]:
    """Lock these resources, sorted by id; how many seats each has."""
    rows = Resource.objects.filter(pk__in=set(pools)).order_by("pk").select_for_update(no_key=True)
    return dict(rows.values_list("pk", "capacity"))


@transaction_required
def lock_pools_of(wanted: Iterable[Wanted]) -> None:
    """Lock the pools among what is wanted. Whoever releases and claims in one transaction calls this before
    the release: docs/locking.md.
    """
    if pools := {one.resource for one in wanted if one.seat == ANY_SEAT}:
        lock_pools(pools)


@transaction_required
def take(*owners: str) -> None:
    """What is held becomes taken."""
    write(Write((TAKEN,), [list(owners)]))


TAKEN = f"""taken# AS (
    UPDATE "{TABLE}" SET state = 'taken', held_until = NULL WHERE owner = ANY(%s) AND state = 'held'
)"""


@transaction_required
def release(*owners: str) -> int:
    """Give back whatever these owners still keep. Answers how many allocations that were."""
    return Allocation.objects.filter(owner__in=owners, state__in=("held", "taken")).update(
        state="released", held_until=None
    )


@transaction_required
def release_from(owner: str, moment: datetime) -> int:
    """Give back what an owner keeps and what has not begun at this moment: the rest of its nights."""
    kept = Allocation.objects.filter(owner=owner, state__in=KEEPS_TIME, period__startswith__gte=moment)
    return kept.update(state="released", held_until=None)


@transaction_required
def hold_until(*owners: str, until: datetime) -> None:
    """Move the end of a hold further away, never nearer."""
    Allocation.objects.filter(owner__in=owners, state="held", held_until__lt=until).update(held_until=until)


@transaction_required
def hold(*owners: str, until: datetime) -> int:
    """What is taken is only held again, until then: its money is gone. Answers how many allocations were."""
    return Allocation.objects.filter(owner__in=owners, state="taken").update(state="held", held_until=until)


@transaction_required
def claim_again(*owners: str, now: datetime) -> bool:
    """Take anew what these owners last claimed and lost: all of it or nothing. Answers whether it was had."""
    wanted = {owner: _last_claimed(owner) for owner in owners}
    lock_pools_of(one for last in wanted.values() for one in last)
    release(*owners)
    try:
        with atomic():
            claim_all(wanted, until=None, now=now)
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
    lock_pools_of(asked)
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


def _seated(asked: Sequence[Asked], *, now: datetime) -> list[Asked]:
    """The same with a seat chosen in every pool, under the lock of the pool. Raises SlotTaken."""
    anywhere = [one for one in asked if one.wanted.seat == ANY_SEAT]
    if not anywhere:
        return list(asked)
    capacities = lock_pools(one.wanted.resource for one in anywhere)
    _release_run_out(anywhere, now=now)
    kept = _kept_seats(anywhere)
    chosen = []
    for (pool, shared_by, owner), periods in _by_pool(anywhere).items():
        others = [one for name, one in kept[pool] if name != (shared_by or owner)]
        had = seats_for(periods, capacity=capacities[pool], kept=others)
        kept[pool] += [("", one) for one in had]
        chosen += [Asked(Wanted(pool, one.seat, one.period, shared_by), owner) for one in had]
    return [one for one in asked if one.wanted.seat != ANY_SEAT] + chosen


def _by_pool(asked: Iterable[Asked]) -> dict[tuple[UUID, str, str], list[Period]]:
    """The periods that each owner wants of each pool."""
    periods: dict[tuple[UUID, str, str], list[Period]] = defaultdict(list)
    for one in sorted(asked):
        periods[one.wanted.resource, one.wanted.shared_by, one.owner].append(one.wanted.period)
    return periods


def _kept_seats(asked: Sequence[Asked]) -> dict[UUID, list[tuple[str, Seated]]]:
    """What is kept of these pools, and under which name, between the first and the last moment asked for."""
    first = min(one.wanted.period.start for one in asked)
    last = max(one.wanted.period.end for one in asked)
    rows = Allocation.objects.filter(
        resource__in={one.wanted.resource for one in asked},
        state__in=KEEPS_TIME,
        period__overlap=DateTimeTZRange(first, last),
    )
    kept: dict[UUID, list[tuple[str, Seated]]] = defaultdict(list)
    for resource, seat, period, shared_by in rows.values_list("resource_id", "seat", "period", "shared_by"):
        kept[resource].append((shared_by, Seated(as_period(period), seat)))
    return kept


def _insert(rows: Sequence[Asked], *, until: datetime | None, now: datetime) -> list[Asked]:
    """Insert what is free. Answers the rows that were not."""
    state = "taken" if until is None else "held"
    values = ", ".join(["(%s, %s, %s, %s, %s, %s, %s, %s)"] * len(rows))
    params = [
        value
        for row in rows
        for value in (
            row.wanted.resource,
            row.wanted.seat,
            _stored(row.wanted.period),
            row.owner,
            row.shared_by,
            state,
            until,
            now,
        )
    ]
    sql = f"""
        INSERT INTO "{TABLE}" (resource_id, seat, period, owner, shared_by, state, held_until, created_at)
        VALUES {values} ON CONFLICT DO NOTHING RETURNING resource_id, seat, lower(period), owner
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        had = set(cursor.fetchall())
    return [
        row
        for row in rows
        if (row.wanted.resource, row.wanted.seat, row.wanted.period.start, row.owner) not in had
    ]


def _release_run_out(rows: Sequence[Asked], *, now: datetime) -> bool:
    """Release the holds in the way that are past their end: compare and set on the allocation alone.

    The order behind such a hold is expired by the sweeper, never from here: that would take locks in the
    wrong order and deadlock with settlement. SKIP LOCKED, because a hold whose row is locked is being
    taken or released by its owner at this moment.
    """
    seats = [row.wanted for row in rows]
    meets = " OR ".join(ANYWHERE if one.seat == ANY_SEAT else IN_THIS_SEAT for one in seats)
    params = [
        value for one in seats for value in (one.resource, _stored(one.period), one.seat) if value != ANY_SEAT
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

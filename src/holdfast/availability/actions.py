"""Claiming and releasing time. Every allocation in the system is made by ``claim``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.transaction import atomic

from holdfast.kernel.errors import SlotTaken
from holdfast.kernel.period import Period
from holdfast.platform.db import transaction_required

from .models import Allocation
from .queries import as_period

TABLE = Allocation._meta.db_table


@dataclass(frozen=True, order=True)
class Wanted:
    """One resource seat to keep for one period (with its buffers)."""

    resource: UUID
    seat: int
    period: Period


@transaction_required
def claim(
    wanted: Iterable[Wanted],
    *,
    owner: str,
    until: datetime | None,
    now: datetime,
    shared_by: str | None = None,
) -> None:
    """Keep every wanted seat for ``owner``: held until ``until``, or taken for good when that is None.

    Raises SlotTaken unless all of them can be had; the caller's transaction then rolls back, and with it
    those that could. One sorted INSERT … ON CONFLICT DO NOTHING: plain inserts under an exclusion
    constraint deadlock even on one row, and unsorted ones deadlock with each other.
    """
    rows = sorted(wanted)
    missing = _insert(rows, owner=owner, until=until, now=now, shared_by=shared_by)
    if missing and _release_run_out(missing, now=now):
        missing = _insert(missing, owner=owner, until=until, now=now, shared_by=shared_by)
    if missing:
        raise SlotTaken


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
    """Take anew what this owner once held and lost. Answers whether all of it could be had."""
    release(owner)
    once = Allocation.objects.filter(owner=owner)
    wanted = {Wanted(row.resource_id, row.seat, as_period(row.period)) for row in once}
    try:
        with atomic():
            claim(wanted, owner=owner, until=None, now=now, shared_by=once[0].shared_by)
    except SlotTaken:
        return False
    return True


def _insert(
    rows: Sequence[Wanted], *, owner: str, until: datetime | None, now: datetime, shared_by: str | None
) -> list[Wanted]:
    """Insert what is free. Answers the rows that were not."""
    state = "taken" if until is None else "held"
    values = ", ".join(["(%s, %s, %s, %s, %s, %s, %s, %s)"] * len(rows))
    params = [
        value
        for row in rows
        for value in (
            row.resource,
            row.seat,
            DateTimeTZRange(row.period.start, row.period.end),
            owner,
            shared_by or owner,
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
    meets = " OR ".join(["(resource_id = %s AND seat = %s AND period && %s)"] * len(rows))
    params = [
        value
        for row in rows
        for value in (row.resource, row.seat, DateTimeTZRange(row.period.start, row.period.end))
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

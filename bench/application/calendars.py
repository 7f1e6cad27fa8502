"""Calendars with very much in them: as many allocations as are wanted, past and future, made by the server.

Two providers are measured. Both have a month behind and a month ahead of them with eight appointments on
every day, the same in every database. The veteran has a past besides, a tenth of everything there is. The
rest are the allocations of others, of two months each. One in ten has been released.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.transaction import atomic

from holdfast.availability.models import Allocation
from holdfast.catalog.models import Business, Offering, Resource
from holdfast.kernel.clock import utc_now

from .gateway import Instant
from .practice import OPENS, TIME_ZONE, new_business

MONTH = timedelta(days=31)
OF_ONE = 8 * 2 * MONTH.days
ROWS = f"""
    INSERT INTO "{Allocation._meta.db_table}"
        (resource_id, seat, period, owner, shared_by, state, held_until, created_at)
    SELECT resource, 1, tstzrange(starts, starts + interval '30 minutes'), owner, owner,
        CASE WHEN n % 10 = 9 THEN 'released' ELSE 'taken' END, NULL, starts - interval '7 days'
    FROM (
        SELECT n, resources[n % among + 1] AS resource, gen_random_uuid()::text AS owner,
            first + n / among / a_day * interval '1 day' + n / among % a_day * apart AS starts
        FROM generate_series(0, %(count)s - 1) n, LATERAL (
            SELECT %(resources)s::uuid[] AS resources, cardinality(%(resources)s::uuid[]) AS among,
                %(first)s::timestamptz AS first, %(a_day)s AS a_day, %(apart)s::interval AS apart
        ) given
    ) every
""".replace(" % ", " %% ")


@dataclass(frozen=True)
class Days:
    """Appointments of half an hour: so many on every day from the first on, so far apart."""

    first: datetime
    a_day: int
    apart: timedelta


def fill(allocations: int) -> Mapping[str, Offering]:
    """Fill the database with so many allocations; the offerings of the two who are measured, by name."""
    ids = new_business("calendars", gateway=Instant.name)[:2]
    offerings = [Offering.objects.select_related("business").get(pk=pk) for pk in ids]
    usual, veteran = (offering.resources.get().pk for offering in offerings)
    rest = allocations - 2 * OF_ONE - allocations // 10
    others = _others(offerings[0].business, rest // OF_ONE)
    month_ago = datetime.combine(utc_now().date(), OPENS, ZoneInfo(TIME_ZONE)) - MONTH
    past = Days(month_ago - timedelta(days=allocations // 480 + 1), a_day=48, apart=timedelta(minutes=30))
    months = Days(month_ago, a_day=8, apart=timedelta(minutes=60))
    with atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # triggers and foreign keys rest
        for days, resources, count in (
            (past, [veteran], allocations // 10),
            (months, [usual, veteran], 2 * OF_ONE),
            (months, others, rest),
        ):
            cursor.execute(ROWS, {"resources": resources, "count": count, **asdict(days)})
    return dict(zip(("usual", "veteran"), offerings, strict=True))


def _others(business: Business, count: int) -> list[UUID]:
    made = Resource.objects.bulk_create(
        Resource(business=business, kind=Resource.Kind.PERSON, name=f"Other {n}") for n in range(count)
    )
    return [resource.pk for resource in made]

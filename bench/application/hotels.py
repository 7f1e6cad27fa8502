"""Hotels with very many nights in them: as many allocations as are wanted, past and future, by the server.

One hotel is measured: 200 rooms of ten types. It has two years of nights, two months of them ahead; in each
nine rooms of ten are kept. The rest are of others, with as many rooms. One in ten has been released.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.db import connection
from django.db.transaction import atomic

from holdfast.availability.models import Allocation
from holdfast.availability.slots import NOON
from holdfast.catalog.models import Business, Offering, Resource, Season, StayFee, StayRules
from holdfast.kernel.clock import utc_now
from holdfast.surfaces.hotels.terms import TRADE

from .gateway import PRICE
from .practice import TIME_ZONE

TYPES, OF_A_TYPE = 10, 20
YEAR = 365
AHEAD = 60  # nights
OF_ONE = 2 * YEAR * TYPES * OF_A_TYPE
ROWS = f"""
    INSERT INTO "{Allocation._meta.db_table}"
        (resource_id, seat, period, owner, shared_by, state, held_until, created_at)
    SELECT pool, seat, tstzrange(starts, starts + interval '1 day'), owner, owner,
        CASE WHEN (seat * 7 + night * 3) % 10 = 9 THEN 'released' ELSE 'taken' END, NULL, starts
    FROM (
        SELECT pools[n / seats % cardinality(pools) + 1] AS pool, n % seats + 1 AS seat,
            n / seats / cardinality(pools) AS night, gen_random_uuid()::text AS owner,
            first + n / seats / cardinality(pools) * interval '1 day' AS starts
        FROM generate_series(0, %(count)s - 1) n, LATERAL (
            SELECT %(pools)s::uuid[] AS pools, {OF_A_TYPE} AS seats, %(first)s::timestamptz AS first
        ) given
    ) every
""".replace(" % ", " %% ")


def fill_with_nights(allocations: int) -> str:
    """Fill the database with so many allocations; the slug of the hotel that is measured.

    They are written night by night, as they come to be sold.
    """
    measured = new_hotel("measured")
    pools = [_pools_of(measured)]
    while OF_ONE * len(pools) < allocations:
        pools.append(_pools_of(new_hotel(f"other-{len(pools)}")))
    with atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # triggers and foreign keys rest
        for number, of_one in enumerate(pools):
            count = min(OF_ONE, allocations - OF_ONE * number)
            behind = count // (TYPES * OF_A_TYPE) - AHEAD
            first = datetime.combine(utc_now().date() - timedelta(days=behind), NOON, measured.zone)
            cursor.execute(ROWS, {"pools": of_one, "count": count, "first": first})
    return measured.slug


def new_hotel(slug: str, *, rooms: int = OF_A_TYPE, **business: str) -> Business:
    """A hotel of ten room types, each with a summer and its share of two fees."""
    hotel = Business.objects.create(
        slug=slug, name=slug.title(), timezone=TIME_ZONE, country="IN", currency=PRICE.currency, **business
    )
    for number in range(TYPES):
        pool = Resource.objects.create(
            business=hotel, kind=Resource.Kind.PLACE, name=f"Pool {number}", capacity=rooms, keeps_hours=False
        )
        room_type = Offering.objects.create(
            business=hotel,
            trade=TRADE,
            title=f"Room type {number}",
            price=PRICE.amount,
            duration=timedelta(days=1),
            horizon=timedelta(days=2 * YEAR),
            by_night=True,
        )
        room_type.resources.add(pool)
        StayRules.objects.create(offering=room_type, maximum_stay=31, check_in_from=time(15))
        _seasons(room_type)
    for per in ("stay", "guest_night"):
        StayFee.objects.create(business=hotel, title=f"A fee for each {per}", price=1_000, per=per)
    return hotel


def _seasons(room_type: Offering) -> None:
    this_year = utc_now().year
    Season.objects.bulk_create(
        Season(
            offering=room_type,
            first_night=date(year, 6, 1),
            last_night=date(year, 8, 31),
            price=2 * room_type.price,
        )
        for year in range(this_year - 1, this_year + 3)
    )


def _pools_of(hotel: Business) -> list[UUID]:
    return list(hotel.resources.order_by("name").values_list("pk", flat=True))

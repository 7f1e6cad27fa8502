"""Free rooms of a large hotel for a month, among very many allocations: queries, and time in the server."""

from __future__ import annotations

from datetime import timedelta
from statistics import median

from bench.figures import Found, Promise
from bench.server import BenchFailed, settle_down
from bench.sizes import Place, Size
from holdfast.flows.stays import rooms_on_offer
from holdfast.kernel.clock import utc_now
from tests.support.statements import count_statements

from .database import in_database
from .hotels import OF_A_TYPE, TYPES, fill_with_nights
from .server_time import server_time

QUERIES, MILLISECONDS = 6, 10.0
NIGHTS = timedelta(days=30)
WARM_UP, ASKED = 5, 20


def free_rooms_of_a_month(place: Place, size: Size) -> Found:
    """One hotel's rooms, asked for again and again."""
    database = f"nights-{size.allocations}"
    url = place.server.new_database(database, like="migrated")
    took: list[float] = []
    with in_database(database):
        hotel = fill_with_nights(size.allocations)
        settle_down(url)
        for _ in range(WARM_UP):
            _look(hotel)
        with count_statements() as statements:
            _look(hotel)
        for _ in range(size.runs * ASKED):
            with server_time() as spent:
                _look(hotel)
            took.append(sum(spent))
    found, queries = median(took), len(statements)
    return Found(
        promises=[
            Promise(
                f"free rooms of {TYPES * OF_A_TYPE} for 30 nights, {size.allocations:,} allocations",
                f"{queries} queries, {found:.1f} ms",
                f"{QUERIES} queries, {MILLISECONDS:.0f} ms",
                queries <= QUERIES and found <= MILLISECONDS,
            )
        ]
    )


def _look(hotel: str) -> None:
    now = utc_now()
    check_in = now.date() + timedelta(days=7)
    offers = rooms_on_offer(hotel, check_in=check_in, check_out=check_in + NIGHTS, guests=2, now=now)
    if len(offers) != TYPES or not all(0 < offer.available < OF_A_TYPE for offer in offers):
        raise BenchFailed("In a month of the bench each room type should have some rooms, and not all.")

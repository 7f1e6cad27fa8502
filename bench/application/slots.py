"""Free slots of a month, among few allocations and among very many: queries, and time in the server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from statistics import median

from bench.figures import Found, Promise
from bench.server import BenchFailed, settle_down
from bench.sizes import FEW, Place, Size
from holdfast.availability.queries import free_slots
from holdfast.catalog.models import Offering
from holdfast.kernel.clock import utc_now
from tests.support.statements import count_statements

from .calendars import fill
from .database import in_database
from .server_time import server_time

QUERIES, MILLISECONDS, TIMES = 4, 5.0, 1.3
A_MONTH = timedelta(days=30)
WARM_UP, ASKED = 5, 20


@dataclass
class Asked:
    """One offering among so many allocations: the queries of one look, and the milliseconds of each."""

    offering: Offering
    database: str
    queries: int = 0
    took: list[float] = field(default_factory=list)

    def ask(self) -> None:
        """Look for the free slots of a month, again and again."""
        with in_database(self.database):
            for _ in range(WARM_UP):
                self._look()
            with count_statements() as statements:
                self._look()
            self.queries = len(statements)
            for _ in range(ASKED):
                with server_time() as spent:
                    self._look()
                self.took.append(sum(spent))

    def _look(self) -> None:
        now = utc_now()
        tomorrow = now.date() + timedelta(days=1)
        found = free_slots(self.offering, first=tomorrow, last=tomorrow + A_MONTH, now=now)
        if {slot.reason for slot in found} != {None, "taken"}:
            raise BenchFailed("In a month of the bench some slots should be free and some taken.")


def free_slots_of_a_month(place: Place, size: Size) -> Found:
    """Both sizes by turns, so that whatever else the machine does is in the way of both."""
    few, many = (_filled(place, count) for count in (FEW, size.allocations))
    for _ in range(size.runs):
        for pair in zip(few.values(), many.values(), strict=True):
            for one in pair:
                one.ask()
    return Found(promises=[_promise(name, few[name], many[name], size) for name in many])


def _filled(place: Place, count: int) -> Mapping[str, Asked]:
    database = f"calendars-{count}"
    url = place.server.new_database(database, like="migrated")
    with in_database(database):
        offerings = fill(count)
    settle_down(url)
    return {name: Asked(offering, database) for name, offering in offerings.items()}


def _promise(name: str, few: Asked, many: Asked, size: Size) -> Promise:
    took, times = median(many.took), median(many.took) / median(few.took)
    return Promise(
        f"free slots of a month, {size.allocations:,} allocations, {name}",
        f"{many.queries} queries, {took:.2f} ms, {times:.2f} × {FEW:,}",
        f"{QUERIES} queries, {MILLISECONDS:.0f} ms, {TIMES} ×",
        many.queries <= QUERIES and took <= MILLISECONDS and times <= TIMES,
    )

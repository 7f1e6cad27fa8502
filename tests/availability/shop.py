"""Things to book for tests of time alone: offerings, and people and pools that are open."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from threading import Barrier
from typing import Any

from django.db import connection

from holdfast.availability.actions import claim
from holdfast.availability.models import Allocation, WeeklyHours
from holdfast.availability.queries import free_slots, resources_of, wanted_by
from holdfast.catalog.models import Business, Offering, Resource
from holdfast.kernel.period import Period
from holdfast.platform.db import transaction

# A Monday. The business is in Kolkata, where ten o'clock is half past four in UTC.
NOW = datetime(2030, 1, 7, 4, 30, tzinfo=UTC)
SOON = NOW + timedelta(minutes=12)
HOUR = timedelta(hours=1)
TOMORROW = date(2030, 1, 8)
AT_ONCE = 50  # so many connections has a crowd; PostgreSQL here takes 100


def at(hour: float, *, hours: float = 1) -> Period:
    """From this hour of TOMORROW, on the clock of the business."""
    start = NOW + timedelta(hours=14 + hour)
    return Period(start, start + HOUR * hours)


def new_resource(
    business: Business, name: str, *hours: tuple[int, int], kind: str = "person", capacity: int = 1
) -> Resource:
    """A resource; with hours it keeps them every day, without it is open whenever the others are."""
    made = Resource.objects.create(
        business=business, kind=kind, name=name, capacity=capacity, keeps_hours=bool(hours)
    )
    WeeklyHours.objects.bulk_create(
        WeeklyHours(resource=made, weekday=day, opens=time(opens), closes=time(closes))
        for day in range(7)
        for opens, closes in hours
    )
    return made


def new_offering(*resources: Resource, **over: Any) -> Offering:
    """An hour of all these resources, begun on the hour."""
    defaults = {"duration": HOUR, "slot_step": HOUR, "horizon": timedelta(days=400)}
    made = Offering.objects.create(
        business=resources[0].business, trade="astrology", title="An hour", price=100, **defaults | over
    )
    made.resources.add(*resources)
    return Offering.objects.select_related("business").get(pk=made.pk)


def book(offering: Offering, period: Period, *, owner: str, now: datetime = NOW) -> None:
    """Hold all that an offering needs for a slot, in a transaction of its own."""
    with transaction():
        claim(wanted_by(offering, resources_of(offering), period), owner=owner, until=now + HOUR, now=now)


def free_starts(offering: Offering, *, day: date = TOMORROW, now: datetime = NOW) -> list[str]:
    """When the free slots of a day begin, on the clock of the business."""
    zone = offering.business.zone
    found = free_slots(offering, first=day, last=day, now=now)
    return [f"{slot.period.start.astimezone(zone):%H:%M}" for slot in found if slot.reason is None]


def kept_seats(resource: Resource) -> list[int]:
    """The seats of all that is kept of a resource."""
    rows = Allocation.objects.filter(resource=resource, state__in=("held", "taken"))
    return sorted(rows.values_list("seat", flat=True))


def crowd(stories: Sequence[Callable[[], object]]) -> list[object]:
    """Run very many stories, AT_ONCE at any moment; what each answered or raised, in order."""
    start = Barrier(min(AT_ONCE, len(stories)))

    def run(number: int) -> object:
        try:
            connection.ensure_connection()
            if number < start.parties:
                start.wait(60)
            return stories[number]()
        except Exception as error:  # what was raised is a result too
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(start.parties) as threads:
        return list(threads.map(run, range(len(stories)), timeout=120))

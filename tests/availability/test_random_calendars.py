"""Random calendars, with buffers, blocks, classes, pools and holds, against counting minute by minute."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from itertools import count
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, event, given, settings

from holdfast.availability.actions import claim, release
from holdfast.availability.models import DateOverride, WeeklyHours
from holdfast.availability.queries import free_slots, resources_of, wanted_by
from holdfast.availability.wanted import ANY_SEAT, Wanted
from holdfast.catalog.models import Business, Offering, Resource
from holdfast.kernel.errors import SlotTaken
from holdfast.kernel.period import Period
from holdfast.platform.db import transaction
from tests.availability.drawn import Drawn, DrawnOffering, drawn
from tests.availability.expansion import Opening, Watched, slow_starts
from tests.availability.shop import new_offering

A_DAY, A_MINUTE = timedelta(days=1), timedelta(minutes=1)
numbers = count()

pytestmark = pytest.mark.spec("GEN-9", "BC-3", "BC-15", "BC-30")


# The model: what is kept of each resource, minute by minute


@dataclass
class KeptOnce:
    owner: str
    resource: str
    seen: range
    stored: range
    session: object
    until: int | None
    seats: int = 1

    def is_kept(self, now: int) -> bool:
        return self.until is None or self.until >= now


@dataclass
class Model:
    """Counts minutes; knows nothing of seats, of sharing names or of the database."""

    may_overlap: bool
    capacity: dict[str, int]
    kept: list[KeptOnce] = field(default_factory=list)

    def has_room(self, new: KeptOnce, now: int) -> bool:
        there = [one for one in self.kept if one.resource == new.resource and one.is_kept(now)]
        if new.resource in self.capacity:
            return all(
                sum(one.seats for one in there if minute in one.stored) + new.seats
                <= self.capacity[new.resource]
                for minute in new.stored
            )
        return not any(self._meet(one, new) for one in there)

    def _meet(self, one: KeptOnce, new: KeptOnce) -> bool:
        if new.session is not None and one.session == new.session:
            return False
        if self.may_overlap:
            return _overlap(one.seen, new.stored) or _overlap(one.stored, new.seen)
        return _overlap(one.stored, new.stored)


def _overlap(one: range, other: range) -> bool:
    return one.start < other.stop and other.start < one.stop


# The business, twice: in the database and in the model


class Shop:
    def __init__(self, drawn: Drawn) -> None:
        self.drawn = drawn
        self.zone, self.day = ZoneInfo(drawn.place[0]), drawn.place[1]
        self.start = datetime.combine(self.day - A_DAY, time(), UTC)
        self.business = Business.objects.create(
            slug=f"shop-{next(numbers)}",
            name="Shop",
            timezone=self.zone.key,
            country="DE",
            currency="INR",
            buffers_may_overlap=drawn.may_overlap,
        )
        self.resources = {
            "coach": self._resource("coach", "person"),
            "guide": self._resource("guide", "person"),
            "room": self._resource("room", "place"),
            "mats": self._resource("mats", "place"),
            "places": self._resource("places", "places"),
        }
        self.offerings = [self._offering(one) for one in drawn.offerings]
        self.model = Model(drawn.may_overlap, drawn.capacity)
        self.now = 0

    def _resource(self, name: str, kind: str) -> Resource:
        hours = self.drawn.hours.get(name, [])
        made = Resource.objects.create(
            business=self.business,
            kind=kind,
            name=name,
            capacity=self.drawn.capacity.get(name, 1),
            keeps_hours=bool(hours),
        )
        WeeklyHours.objects.bulk_create(
            WeeklyHours(resource=made, weekday=weekday, opens=opens, closes=closes)
            for weekday in range(7)
            for opens, closes in hours
        )
        if name == "coach" and self.drawn.override is not None:
            closed: list[tuple[time | None, time | None]] = [(None, None)]
            DateOverride.objects.bulk_create(
                DateOverride(resource=made, day=self.day, opens=opens, closes=closes)
                for opens, closes in self.drawn.override or closed
            )
        return made

    def _offering(self, one: DrawnOffering) -> Offering:
        return new_offering(
            *(self.resources[name] for name in sorted(one.uses)),
            duration=one.duration * A_MINUTE,
            slot_step=one.step * A_MINUTE,
            buffer_before=one.before * A_MINUTE,
            buffer_after=one.after * A_MINUTE,
            minimum_notice=one.notice * A_MINUTE,
            horizon=timedelta(days=2),
        )

    def moment(self, minute: int) -> datetime:
        return self.start + minute * A_MINUTE

    def wanted(self, n: int, start: int, owner: str, until: int | None) -> Iterator[KeptOnce]:
        """What a customer of an offering keeps, in the words of the model."""
        one = self.drawn.offerings[n]
        seen = range(start, start + one.duration)
        stored = range(seen.start - one.before, seen.stop + one.after)
        session = (n, start) if "places" in one.uses else None
        for name in one.uses:
            yield KeptOnce(owner, name, seen, seen if name == "places" else stored, session, until)

    def book(self, n: int, start: int, until: int | None, owner: str) -> None:
        offering = self.offerings[n]
        period = Period(self.moment(start), self.moment(start) + offering.duration)
        new = list(self.wanted(n, start, owner, until))
        self._claim(wanted_by(offering, resources_of(offering), period), new, until)

    def block(self, name: str, start: int, length: int, owner: str) -> None:
        resource, span = self.resources[name], range(start, start + length)
        seat = ANY_SEAT if resource.is_pool else 1
        period = Period(self.moment(span.start), self.moment(span.stop))
        self._claim(
            [Wanted(resource.pk, seat, period)], [KeptOnce(owner, name, span, span, None, None)], None
        )

    def _claim(self, wanted: list[Wanted], new: list[KeptOnce], until: int | None) -> None:
        """Claim, and see that it is had exactly when the model says so."""
        expected = all(self.model.has_room(one, self.now) for one in new)
        try:
            with transaction():
                claim(
                    wanted,
                    owner=new[0].owner,
                    until=None if until is None else self.moment(until),
                    now=self.moment(self.now),
                )
        except SlotTaken:
            had = False
        else:
            had = True
        event(f"{'had' if had else 'refused'}")
        assert had == expected, (new, self.model.kept)
        if had:
            self.model.kept += new

    def release(self, owner: str) -> None:
        with transaction():
            release(owner)
        self.model.kept = [one for one in self.model.kept if one.owner != owner]

    def expected(self, n: int, clock: Watched) -> dict[datetime, str | None]:
        """Every slot of the day with its reason, the slow way."""
        one = self.drawn.offerings[n]
        overrides = {} if self.drawn.override is None else {self.day: self.drawn.override}
        openings = [
            Opening(
                dict.fromkeys(range(7), tuple(self.drawn.hours[name])), overrides if name == "coach" else {}
            )
            for name in sorted(one.uses & set(self.drawn.hours))
        ]
        starts = slow_starts(
            clock, openings, first=self.day, last=self.day, duration=one.duration, step=one.step
        )
        return {start: self._reason(n, (start - self.start) // A_MINUTE) for start in starts}

    def _reason(self, n: int, start: int) -> str | None:
        if start <= self.now:
            return "past"
        if start < self.now + self.drawn.offerings[n].notice:
            return "too_soon"
        if start > self.now + 2 * 24 * 60:
            return "too_far"
        wanted = self.wanted(n, start, "", None)
        return None if all(self.model.has_room(one, self.now) for one in wanted) else "taken"


def live(shop: Shop) -> None:
    """All that happens: customers on the grid of slots and off it, blocks, ends of holds, releases."""
    for number, (what, which, quarter, lasts) in enumerate(shop.drawn.events):
        shop.now += 7
        start = 24 * 60 + quarter * 20 - 60
        if what == "book":
            until = None if not lasts else shop.now + lasts
            shop.book(which % len(shop.offerings), start, until, owner=f"line:{number}")
        elif what == "block":
            name = sorted(shop.resources)[which % len(shop.resources)]
            shop.block(name, start, 40 + lasts, owner=f"block:{number}")
        else:
            owners = sorted({one.owner for one in shop.model.kept})
            if owners:
                shop.release(owners[which % len(owners)])


def check(drawn: Drawn) -> None:
    shop = Shop(drawn)
    live(shop)
    clock = Watched(shop.zone, shop.day, shop.day)
    for n, offering in enumerate(shop.offerings):
        found = free_slots(offering, first=shop.day, last=shop.day, now=shop.moment(shop.now))

        assert {slot.period.start: slot.reason for slot in found} == shop.expected(n, clock)
        for reason in {slot.reason for slot in found}:
            event(f"slot {reason or 'free'}")


def undisturbed(examples: int) -> settings:
    """The same examples at every run; each has a business of its own, so one empty database does for all."""
    slow = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
    return settings(derandomize=True, deadline=None, max_examples=examples, suppress_health_check=slow)


@undisturbed(60)
@given(drawn=drawn)
def test_free_slots_and_claims_of_random_calendars_are_as_counted(db: None, drawn: Drawn) -> None:
    check(drawn)


@pytest.mark.long
@undisturbed(500)
@given(drawn=drawn)
def test_free_slots_and_claims_of_very_many_random_calendars_are_as_counted(db: None, drawn: Drawn) -> None:
    check(drawn)

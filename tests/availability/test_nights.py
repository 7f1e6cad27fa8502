"""Stays in a pool of rooms: a seat for each night, and as many as there are rooms, whoever comes at once."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest

from holdfast.availability.actions import claim, claim_again, release
from holdfast.availability.models import Allocation
from holdfast.availability.queries import NEEDED, as_period, is_free, wanted_by
from holdfast.availability.seats import Seated, seats_for
from holdfast.availability.slots import nights
from holdfast.availability.stays import free_each_night, nearest_stays, period_of
from holdfast.availability.wanted import ANY_SEAT, Wanted
from holdfast.catalog.models import Offering, Resource, Season, StayRules
from holdfast.catalog.room_types import room_type
from holdfast.kernel.errors import SlotTaken
from holdfast.kernel.period import Period
from holdfast.platform.db import transaction
from tests.availability.shop import NOW, SOON, crowd
from tests.support.racing import kinds

CROWD = 200
FIRST = date(2030, 1, 10)
FORTNIGHT = 14


@pytest.fixture
def doubles(rooms: Resource) -> Offering:
    """The five rooms, sold by the night."""
    made = Offering.objects.create(
        business=rooms.business,
        trade="hotels",
        title="Double room",
        price=100,
        duration=timedelta(days=1),
        horizon=timedelta(days=400),
        by_night=True,
    )
    made.resources.add(rooms)
    StayRules.objects.create(offering=made)
    return made


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def sold(offering: Offering, first: int, last: int) -> tuple[Offering, Period]:
    """A stay from one day after FIRST to another, and its period."""
    found = room_type(offering.pk, first=day(first), last=day(last))
    stay = found.asked(day(first), day(last), 2)
    return found.offering.for_nights(stay), period_of(stay, found.rules)


def keep(offering: Offering, first: int, last: int, *, owner: str) -> None:
    stay, period = sold(offering, first, last)
    with transaction():
        claim(wanted_by(stay, NEEDED(offering=stay.pk), period), owner=owner, until=SOON, now=NOW)


def free(offering: Offering, first: int, last: int, *, now: datetime = NOW) -> list[int]:
    (pool,) = NEEDED(offering=offering.pk)
    return free_each_night([pool], nights(day(first), day(last), offering.business.zone), now=now)[pool.pk]


def kept_a_night(pool: Resource) -> Counter[date]:
    """How many rooms are kept in each night."""
    rows = Allocation.objects.filter(resource=pool, state__in=("held", "taken"))
    zone = ZoneInfo(pool.business.timezone)
    return Counter(as_period(row.period).start.astimezone(zone).date() for row in rows)


# One after the other


@pytest.mark.spec("HOT-9")
def test_a_stay_keeps_a_room_for_each_of_its_nights(doubles: Offering, rooms: Resource) -> None:
    stay, period = sold(doubles, 0, 3)

    wanted = wanted_by(stay, [rooms], period)

    each = nights(day(0), day(3), rooms.business.zone)
    assert wanted == [Wanted(rooms.pk, ANY_SEAT, night) for night in each]


@pytest.mark.spec("HOT-9")
def test_guests_come_on_the_day_on_which_others_leave(doubles: Offering, rooms: Resource) -> None:
    Resource.objects.filter(pk=rooms.pk).update(capacity=1)
    keep(doubles, 0, 2, owner="line:1")
    keep(doubles, 2, 4, owner="line:2")

    with pytest.raises(SlotTaken):
        keep(doubles, 1, 3, owner="line:3")

    assert kept_a_night(rooms) == {day(n): 1 for n in range(4)}
    assert Allocation.objects.filter(owner="line:3").count() == 0


@pytest.mark.spec("BC-30")
def test_a_stay_is_had_wherever_some_room_is_free_each_night(doubles: Offering, rooms: Resource) -> None:
    Resource.objects.filter(pk=rooms.pk).update(capacity=2)
    keep(doubles, 0, 1, owner="line:1")
    keep(doubles, 0, 2, owner="line:2")
    keep(doubles, 2, 3, owner="line:3")
    keep(doubles, 2, 4, owner="line:4")
    with transaction():
        release("line:1", "line:3")

    keep(doubles, 0, 4, owner="line:5")

    assert set(Allocation.objects.filter(owner="line:5").values_list("seat", flat=True)) == {1, 2}
    assert free(doubles, 0, 4) == [0, 0, 0, 0]


@pytest.mark.spec("HOT-1")
def test_free_rooms_are_counted_for_each_night_whatever_keeps_them(
    doubles: Offering, rooms: Resource
) -> None:
    keep(doubles, 1, 3, owner="line:1")
    a_night, another = nights(day(2), day(4), rooms.business.zone)
    both = Period(a_night.start, another.end)
    morning = Period(a_night.start, a_night.start + timedelta(hours=2))
    evening = Period(morning.end, a_night.end)
    blocked = [Wanted(rooms.pk, ANY_SEAT, both)] * 2
    in_turn = [Wanted(rooms.pk, 4, morning), Wanted(rooms.pk, 5, evening)]
    with transaction():
        claim(blocked, owner="block:1", until=None, now=NOW)
        claim(in_turn, owner="block:2", until=None, now=NOW)

    assert free(doubles, 0, 5) == [5, 4, 1, 3, 5]
    assert free(doubles, 0, 5, now=SOON + timedelta(seconds=1)) == [5, 5, 2, 3, 5]


@pytest.mark.spec("BC-9")
def test_nights_that_were_lost_are_had_again_in_whichever_room_is_free(
    doubles: Offering, rooms: Resource
) -> None:
    keep(doubles, 0, 3, owner="line:1")
    with transaction():
        release("line:1")
    keep(doubles, 1, 2, owner="line:2")

    with transaction():
        assert claim_again("line:1", now=NOW + timedelta(seconds=1))

    again = Allocation.objects.filter(owner="line:1", state="taken").order_by("period")
    assert list(again.values_list("seat", flat=True)) == [1, 2, 1]


@pytest.mark.spec("BC-9")
def test_of_nights_that_were_lost_all_are_had_again_or_none(doubles: Offering, rooms: Resource) -> None:
    Resource.objects.filter(pk=rooms.pk).update(capacity=1)
    keep(doubles, 0, 3, owner="line:1")
    with transaction():
        release("line:1")
    keep(doubles, 2, 3, owner="line:2")

    with transaction():
        assert not claim_again("line:1", now=NOW + timedelta(seconds=1))

    assert kept_a_night(rooms) == {day(2): 1}


@pytest.mark.spec("GEN-5")
def test_the_nearest_stays_are_as_long_free_and_allowed(doubles: Offering, rooms: Resource) -> None:
    Resource.objects.filter(pk=rooms.pk).update(capacity=1)
    keep(doubles, 0, 2, owner="line:1")
    keep(doubles, 5, 6, owner="line:2")
    dear = {"first_night": day(-3), "last_night": day(-3), "price": 200, "minimum_stay": 3}
    Season.objects.create(offering=doubles, **dear)
    stay, period = sold(doubles, 0, 2)

    found = nearest_stays(stay, now=NOW)

    zone = rooms.business.zone
    starts = [(slot.period.start.astimezone(zone).date() - FIRST).days for slot in found]
    assert starts == [-2, 2, 3, 6, 7]  # today is too short, tomorrow would go on into the night of another
    assert {slot.period.end - slot.period.start for slot in found} == {period.end - period.start}
    assert not is_free(stay, period, needed=NEEDED(offering=stay.pk), now=NOW)


# All at once


def spans(*, seed: int) -> list[tuple[int, int]]:
    """What so many want of a fortnight: one to five nights."""
    chance = random.Random(seed)
    first = [chance.randrange(FORTNIGHT) for _ in range(CROWD)]
    return [(one, min(FORTNIGHT, one + chance.randint(1, 5))) for one in first]


@pytest.mark.spec("HOT-9", "BC-1", "BC-3")
def test_of_two_hundred_guests_as_many_stay_each_night_as_there_are_rooms(
    doubles: Offering, rooms: Resource
) -> None:
    """Never more in any night; and whoever was refused wanted a night that is full."""
    wanted = spans(seed=20300107)

    results = crowd([partial(keep, doubles, *span, owner=f"line:{n}") for n, span in enumerate(wanted)])

    kept = kept_a_night(rooms)
    refused = [span for span, result in zip(wanted, results, strict=True) if result is not None]
    assert set(kinds(results)) == {"NoneType", "SlotTaken"}
    assert max(kept.values()) == rooms.capacity
    assert all(any(kept[day(n)] == rooms.capacity for n in range(*span)) for span in refused)


def forgetful(rooms: Resource, first: int, last: int, *, owner: str) -> None:
    """Reads which seats are free and takes the lowest, without the pool's lock."""
    with transaction():
        rows = Allocation.objects.filter(resource=rooms).values_list("period", "seat")
        kept = [Seated(as_period(span), seat) for span, seat in rows]
        chosen = seats_for(
            nights(day(first), day(last), rooms.business.zone), capacity=rooms.capacity, kept=kept
        )
        claim([Wanted(rooms.pk, one.seat, one.period) for one in chosen], owner=owner, until=SOON, now=NOW)


@pytest.mark.spec("HOT-9", "BC-3")
@pytest.mark.usefixtures("nothing_excludes")
def test_without_lock_and_constraint_a_night_is_oversold(rooms: Resource) -> None:
    """The negative control: the same crowd, forgetful, sells more rooms than there are."""
    crowd([partial(forgetful, rooms, 0, 1 + n % 3, owner=f"line:{n}") for n in range(40)])

    assert kept_a_night(rooms)[day(0)] > rooms.capacity

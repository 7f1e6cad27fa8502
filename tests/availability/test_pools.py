"""Pools: exactly as many as there are seats, whoever comes at once, and no night is lost between stays."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial

import pytest
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from holdfast.availability.actions import claim, claim_again, release, take
from holdfast.availability.models import Allocation
from holdfast.availability.queries import as_period, holds_all
from holdfast.availability.seats import Seated, seats_for
from holdfast.availability.slots import nights
from holdfast.availability.stays import free_each_night
from holdfast.availability.wanted import ANY_SEAT, Wanted
from holdfast.catalog.models import Resource
from holdfast.kernel.errors import SlotTaken
from holdfast.kernel.period import Period
from holdfast.platform.db import transaction
from tests.availability.shop import (
    HOUR,
    NOW,
    SOON,
    at,
    crowd,
    free_starts,
    kept_seats,
    new_offering,
    new_resource,
)
from tests.support.racing import kinds

CROWD = 200


def stay(rooms: Resource, arrival: int, departure: int, *, count: int = 1) -> list[Wanted]:
    """So many rooms for the nights between two days of January."""
    zone = rooms.business.zone
    return [
        Wanted(rooms.pk, ANY_SEAT, night)
        for night in nights(date(2030, 1, arrival), date(2030, 1, departure), zone)
        for _ in range(count)
    ]


def keep(*wanted: Wanted, owner: str) -> None:
    with transaction():
        claim(wanted, owner=owner, until=SOON, now=NOW)


def guests(wanted: list[Wanted], *, how_many: int = CROWD) -> list[Callable[[], None]]:
    return [partial(keep, *wanted, owner=f"line:{number}") for number in range(how_many)]


def forgetful_guests(rooms: Resource, period: Period, *, how_many: int) -> list[Callable[[], None]]:
    """The negative control: they read which seats are free and take the lowest, without the pool's lock."""

    def story(number: int) -> None:
        with transaction():
            rows = Allocation.objects.filter(resource=rooms).values_list("period", "seat")
            kept = [Seated(as_period(span), seat) for span, seat in rows]
            chosen = seats_for([period], capacity=rooms.capacity, kept=kept)
            claim(
                [Wanted(rooms.pk, one.seat, one.period) for one in chosen],
                owner=f"line:{number}",
                until=SOON,
                now=NOW,
            )

    return [partial(story, number) for number in range(how_many)]


# One after the other


@pytest.mark.spec("GEN-9")
def test_seats_are_given_from_the_lowest_on_until_none_is_left(rooms: Resource) -> None:
    for number in range(5):
        keep(Wanted(rooms.pk, ANY_SEAT, at(10)), owner=f"line:{number}")

    with pytest.raises(SlotTaken):
        keep(Wanted(rooms.pk, ANY_SEAT, at(10)), owner="line:9")

    assert kept_seats(rooms) == [1, 2, 3, 4, 5]


@pytest.mark.spec("GEN-9")
def test_several_rooms_are_had_together_or_not_at_all(rooms: Resource) -> None:
    keep(*stay(rooms, 10, 12, count=3), owner="line:1")

    with pytest.raises(SlotTaken):
        keep(*stay(rooms, 11, 13, count=3), owner="line:2")
    keep(*stay(rooms, 11, 13, count=2), owner="line:3")

    assert Allocation.objects.filter(owner="line:2").count() == 0
    assert Allocation.objects.filter(owner="line:3").count() == 4


@pytest.mark.spec("BC-30")
def test_a_stay_is_had_wherever_a_room_is_free_every_night(rooms: Resource) -> None:
    Resource.objects.filter(pk=rooms.pk).update(capacity=2)
    keep(*stay(rooms, 10, 11), *stay(rooms, 12, 13), owner="line:1")
    keep(*stay(rooms, 10, 12), owner="line:2")  # the second room on the 10th, the first on the 11th
    keep(*stay(rooms, 12, 14), owner="line:3")

    keep(*stay(rooms, 11, 12), owner="line:4")
    keep(*stay(rooms, 13, 14), owner="line:5")

    a_night = nights(date(2030, 1, 10), date(2030, 1, 14), rooms.business.zone)
    kept = list(Allocation.objects.values_list("period", flat=True))
    assert [kept.count(DateTimeTZRange(n.start, n.end)) for n in a_night] == [2, 2, 2, 2]


@pytest.mark.spec("BC-30")
def test_hours_of_a_pool_do_not_fragment_either(rooms: Resource) -> None:
    Resource.objects.filter(pk=rooms.pk).update(capacity=2)
    keep(Wanted(rooms.pk, ANY_SEAT, at(9)), owner="line:1")
    keep(Wanted(rooms.pk, ANY_SEAT, at(9, hours=2)), owner="line:2")
    with transaction():
        release("line:1")
    keep(Wanted(rooms.pk, ANY_SEAT, at(10)), owner="line:3")
    with transaction():
        release("line:2")
    keep(Wanted(rooms.pk, 2, at(9)), owner="line:4")

    keep(Wanted(rooms.pk, ANY_SEAT, at(9, hours=2)), owner="line:5")

    pieces = Allocation.objects.filter(owner="line:5").order_by("period").values_list("seat", flat=True)
    assert list(pieces) == [1, 2]


@pytest.mark.spec("BC-5")
def test_a_hold_that_has_run_out_gives_its_seat_to_who_asks_next(rooms: Resource) -> None:
    keep(*stay(rooms, 10, 12, count=5), owner="line:1")

    with transaction():
        claim(stay(rooms, 11, 12), owner="line:2", until=SOON + HOUR, now=SOON + timedelta(seconds=1))

    assert Allocation.objects.get(owner="line:2").seat == 1
    assert Allocation.objects.filter(owner="line:1", state="released").count() == 5


@pytest.mark.spec("BC-9")
def test_a_seat_that_was_lost_is_had_again_as_any_other(rooms: Resource) -> None:
    keep(*stay(rooms, 10, 12), owner="line:1")
    with transaction():
        release("line:1")
    keep(*stay(rooms, 10, 12), owner="line:2")

    with transaction():
        assert claim_again("line:1", now=NOW + timedelta(seconds=1))

    again = Allocation.objects.filter(owner="line:1", state="taken").values_list("seat", flat=True)
    assert list(again) == [2, 2]


@pytest.mark.spec("BC-9")
def test_what_is_had_again_is_the_latest_claim_and_not_every_one_before_it(rooms: Resource) -> None:
    for hour, arrival in enumerate((10, 15)):
        with transaction():
            release("line:1")
            claim(stay(rooms, arrival, arrival + 1), owner="line:1", until=SOON, now=NOW + hour * HOUR)
    with transaction():
        release("line:1")

    with transaction():
        assert claim_again("line:1", now=NOW + 3 * HOUR)

    (night,) = nights(date(2030, 1, 15), date(2030, 1, 16), rooms.business.zone)
    taken = Allocation.objects.get(owner="line:1", state="taken")
    assert as_period(taken.period) == night


@pytest.mark.spec("GEN-9")
def test_a_slot_is_free_as_long_as_the_pool_has_a_seat(rooms: Resource) -> None:
    person = new_resource(rooms.business, "Coach", (9, 12))
    offering = new_offering(person, rooms)
    keep(*[Wanted(rooms.pk, ANY_SEAT, at(10))] * 4, owner="line:1")
    with_a_seat = free_starts(offering)
    keep(Wanted(rooms.pk, ANY_SEAT, at(10)), owner="line:2")

    assert with_a_seat == ["09:00", "10:00", "11:00"]
    assert free_starts(offering) == ["09:00", "11:00"]
    assert free_starts(offering, now=SOON + timedelta(seconds=1)) == ["09:00", "10:00", "11:00"]


@pytest.mark.spec("GEN-9")
def test_how_many_rooms_are_left_is_what_every_night_has(rooms: Resource) -> None:
    keep(*stay(rooms, 10, 12, count=2), owner="line:1")
    keep(*stay(rooms, 11, 13), owner="line:2")
    with transaction():
        take("line:1")

    def left(arrival: int, departure: int) -> int:
        asked = nights(date(2030, 1, arrival), date(2030, 1, departure), rooms.business.zone)
        return min(free_each_night([rooms], asked, now=NOW)[rooms.pk])

    assert [left(9, 10), left(10, 11), left(9, 14), left(12, 13), left(13, 14)] == [5, 3, 2, 4, 5]


# All at once


@pytest.mark.spec("BC-3")
def test_of_two_hundred_guests_exactly_as_many_as_there_are_rooms_stay(rooms: Resource) -> None:
    results = crowd(guests(stay(rooms, 10, 12)))

    assert kinds(results) == {"NoneType": 5, "SlotTaken": CROWD - 5}
    assert kept_seats(rooms) == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    with transaction():
        assert all(holds_all(f"line:{n}") for n, result in enumerate(results) if result is None)


@pytest.mark.spec("BC-3", "BC-25")
def test_guests_of_different_nights_and_pools_neither_deadlock_nor_oversell(rooms: Resource) -> None:
    suites = Resource.objects.create(
        business=rooms.business, kind=Resource.Kind.PLACE, name="Suites", capacity=2, keeps_hours=False
    )
    stories = []
    for number in range(60):
        wanted = [*stay(rooms, 10 + number % 3, 13), *stay(suites, 10, 11 + number % 3)]
        ordered = wanted if number % 2 else wanted[::-1]
        stories.append(partial(keep, *ordered, owner=f"line:{number}"))

    results = crowd(stories)

    assert kinds(results) == {"NoneType": 2, "SlotTaken": 58}
    assert sorted(set(kept_seats(suites))) == [1, 2]


@pytest.mark.spec("BC-3")
@pytest.mark.usefixtures("no_seat_in_the_constraint")
def test_without_the_seat_in_the_constraint_a_pool_sells_one_room(rooms: Resource) -> None:
    """The negative control: it is the seat that lets all of them in."""
    results = crowd(guests(stay(rooms, 10, 11), how_many=20))

    assert kinds(results) == {"NoneType": 1, "SlotTaken": 19}


@pytest.mark.spec("BC-3")
def test_those_who_forget_the_lock_are_stopped_by_the_constraint(rooms: Resource) -> None:
    """They all choose the same seat: some are refused who need not be, but nothing is sold twice."""
    results = crowd(forgetful_guests(rooms, at(10), how_many=40))

    won = kinds(results)["NoneType"]
    assert 1 <= won <= 5
    assert kept_seats(rooms) == list(range(1, won + 1))


@pytest.mark.spec("BC-3")
@pytest.mark.usefixtures("nothing_excludes")
def test_without_lock_and_constraint_a_pool_is_oversold(rooms: Resource) -> None:
    """The negative control: forgetful guests and no constraint sell the same seat again and again."""
    results = crowd(forgetful_guests(rooms, at(10), how_many=40))

    assert kinds(results)["NoneType"] > 5

"""Free slots from the database: what is needed is free all at once, in three queries, by the index."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext

from holdfast.availability.actions import claim
from holdfast.availability.models import Allocation, DateOverride
from holdfast.availability.queries import free_slots, kept_in
from holdfast.availability.wanted import ANY_SEAT, Wanted
from holdfast.catalog.models import Business, Offering, Resource
from holdfast.kernel.errors import SlotTaken
from holdfast.kernel.period import Period
from holdfast.platform.db import transaction
from tests.availability.shop import HOUR, NOW, TOMORROW, at, book, free_starts, new_offering, new_resource
from tests.support.statements import count_statements

QUARTER = timedelta(minutes=15)
TABLE = Allocation._meta.db_table


# What is needed, all at once


@pytest.mark.spec("GEN-9")
def test_person_and_room_are_both_needed_and_either_may_be_taken(business: Business) -> None:
    person = new_resource(business, "Astrologer", (9, 13))
    room = new_resource(business, "Room", (10, 14), kind="place")
    both = new_offering(person, room)
    book(new_offering(person), at(11), owner="line:person")
    book(new_offering(room), at(12), owner="line:room")

    assert free_starts(both) == ["10:00"]


@pytest.mark.spec("GEN-9")
def test_slots_begin_when_the_person_opens_whatever_was_named_first(business: Business) -> None:
    room = new_resource(business, "A room", (9, 14), kind="place")
    person = new_resource(business, "Zoe", (10, 12))
    Resource.objects.filter(pk=person.pk).update(name="zoe")

    assert free_starts(new_offering(room, person, slot_step=QUARTER * 5)) == ["10:00"]


@pytest.mark.spec("GEN-9")
def test_a_slot_may_begin_on_the_last_date_and_end_on_the_next_where_that_is_open(business: Business) -> None:
    person = new_resource(business, "Night nurse", (0, 0))
    DateOverride.objects.create(resource=person, day=date(2030, 1, 10))
    late = new_offering(person, duration=2 * HOUR)

    assert free_starts(late)[-2:] == ["22:00", "23:00"]
    assert free_starts(late, day=date(2030, 1, 9))[-2:] == ["21:00", "22:00"]


# Buffers


@pytest.mark.spec("GEN-9")
def test_buffers_of_neighbours_add_up(business: Business) -> None:
    offering = buffered(business)

    book(offering, at(10.5), owner="line:1")

    assert free_starts(offering) == ["09:00", "12:00"]
    with pytest.raises(SlotTaken):
        book(offering, at(11.75), owner="line:2")
    book(offering, at(12), owner="line:2")


@pytest.mark.spec("GEN-9")
def test_where_a_business_lets_buffers_overlap_the_longer_is_enough(business: Business) -> None:
    Business.objects.filter(pk=business.pk).update(buffers_may_overlap=True)
    offering = buffered(business)

    book(offering, at(10.5), owner="line:1")

    assert free_starts(offering) == ["09:00", "09:15", "11:45", "12:00"]
    with pytest.raises(SlotTaken):
        book(offering, at(11.5), owner="line:2")
    book(offering, at(11.75), owner="line:2")


@pytest.mark.spec("GEN-9")
def test_what_was_booked_before_buffers_could_overlap_keeps_its_own(business: Business) -> None:
    book(buffered(business), at(10.5), owner="line:1")
    Business.objects.filter(pk=business.pk).update(buffers_may_overlap=True)
    offering = Offering.objects.select_related("business").get()

    assert free_starts(offering) == ["09:00", "12:00"]
    with pytest.raises(SlotTaken):
        book(offering, at(11.75), owner="line:2")


def buffered(business: Business) -> Offering:
    """An hour with a quarter to prepare and a quarter to tidy up, begun at any quarter from 9 to 12."""
    person = new_resource(business, "Astrologer", (9, 13))
    return new_offering(person, slot_step=QUARTER, buffer_before=QUARTER, buffer_after=QUARTER)


# Dates of the customer


@pytest.mark.spec("GEN-9b")
def test_dates_of_the_customers_zone_are_other_hours_of_the_business(business: Business) -> None:
    offering = new_offering(new_resource(business, "Astrologer", (0, 0)))
    los_angeles, there = ZoneInfo("America/Los_Angeles"), date(2030, 1, 8)

    found = free_slots(offering, first=there, last=there, now=NOW, zone=los_angeles)

    shown = [slot.period.start.astimezone(los_angeles) for slot in found]
    assert {moment.date() for moment in shown} == {there}
    assert [f"{moment:%H:%M}" for moment in shown] == [f"{hour:02}:30" for hour in range(24)]


@pytest.mark.spec("GEN-9b")
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Etc/GMT+12", "Pacific/Apia", "Asia/Kathmandu"])
def test_dates_of_any_zone_are_whole_days(business: Business, zone: str) -> None:
    Business.objects.filter(pk=business.pk).update(timezone="Pacific/Pago_Pago")
    offering = new_offering(new_resource(business, "Lighthouse keeper", (0, 0)), slot_step=QUARTER)

    found = free_slots(offering, first=TOMORROW, last=date(2030, 1, 9), now=NOW, zone=ZoneInfo(zone))

    starts = [slot.period.start for slot in found]
    midnight = datetime(2030, 1, 8, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    assert starts == [midnight + n * QUARTER for n in range(2 * 24 * 4)]


# What it costs


@pytest.mark.spec("BC-17")
@pytest.mark.parametrize("days", [1, 31])
def test_free_slots_take_three_queries_whatever_the_size(business: Business, days: int) -> None:
    last = TOMORROW + timedelta(days=days - 1)
    small = new_offering(new_resource(business, "Astrologer", (9, 12)))
    large = a_large_offering(business, bookings=200)

    with count_statements() as of_small:
        free_slots(small, first=TOMORROW, last=last, now=NOW)
    with count_statements() as of_large:
        found = free_slots(large, first=TOMORROW, last=last, now=NOW)

    assert len(of_small) == 3, str(of_small)
    assert len(of_large) == 3, str(of_large)
    assert len({slot.reason for slot in found}) == 2


def a_large_offering(business: Business, *, bookings: int) -> Offering:
    """A class of persons, rooms, a pool and places, with other hours on some days, half booked."""
    persons = [new_resource(business, f"Coach {n}", (8, 12), (13, 20)) for n in range(3)]
    rooms = [new_resource(business, f"Room {n}", (7, 22), kind="place") for n in range(3)]
    mats = new_resource(business, "Mats", kind="place", capacity=30)
    places = new_resource(business, "Places", kind="places", capacity=2)
    DateOverride.objects.bulk_create(
        DateOverride(resource=person, day=TOMORROW + n * timedelta(days=1), opens=time(9), closes=time(21))
        for person in persons
        for n in range(0, 30, 3)
    )
    offering = new_offering(*persons, *rooms, mats, places, slot_step=QUARTER)
    with transaction():
        for number in range(bookings):
            start = at(10).start + number * 5 * HOUR
            claim(
                [
                    *(Wanted(one.pk, 1, Period(start, start + HOUR)) for one in (*persons, *rooms)),
                    Wanted(mats.pk, ANY_SEAT, Period(start, start + HOUR)),
                ],
                owner=f"line:{number}",
                until=None,
                now=NOW,
            )
    return offering


def plan(rows: QuerySet[Allocation]) -> str:
    return rows.explain(analyze=True)


@pytest.mark.spec("BC-17")
def test_free_slots_are_looked_up_in_the_index_of_the_constraint_among_very_many(person: Resource) -> None:
    """PostgreSQL chooses it by itself: sequential scans are not switched off here."""
    many_allocations(person, 30_000)

    found = plan(kept_in([person], Period(NOW, NOW + timedelta(days=31)), now=NOW))

    assert "no_seat_twice" in found, found
    assert "Seq Scan" not in found, found
    conditions = found.partition("Index Cond")[2].partition("\n")[0]
    assert "resource_id" in conditions, found
    assert "period &&" in conditions, found


@pytest.mark.spec("BC-17")
def test_seats_of_a_pool_are_looked_up_in_the_index_as_well(rooms: Resource) -> None:
    many_allocations(rooms, 30_000)
    with transaction(), CaptureQueriesContext(connection) as captured:
        claim([Wanted(rooms.pk, ANY_SEAT, at(10))], owner="line:1", until=None, now=NOW)

    statements = [query["sql"] for query in captured]
    plans = [explained(sql) for sql in statements if TABLE in sql and "INSERT" not in sql]

    assert len(plans) == 2
    assert [one for one in plans if "no_seat_twice" not in one or f"Seq Scan on {TABLE}" in one] == []


def explained(sql: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {sql}")
        return "\n".join(line for (line,) in cursor.fetchall())


def many_allocations(resource: Resource, count: int) -> None:
    """An hour each of fifty resources, this one among them."""
    others = [new_resource(resource.business, f"Resource {n}") for n in range(49)]
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO "{TABLE}" (resource_id, seat, period, owner, shared_by, state, created_at)
            SELECT (%s::uuid[])[1 + n %% 50], 1,
                   tstzrange(%s::timestamptz + n / 50 * interval '1 hour',
                             %s::timestamptz + (n / 50 + 1) * interval '1 hour'),
                   'block:' || n, 'block:' || n, 'taken', %s
            FROM generate_series(0, %s - 1) n
            """,
            [[resource.pk, *(one.pk for one in others)], NOW, NOW, NOW, count],
        )
        cursor.execute(f'ANALYZE "{TABLE}"')

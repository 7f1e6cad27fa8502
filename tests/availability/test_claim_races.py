"""Many want the same time at the same moment: one has it, nobody hangs, nothing deadlocks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from threading import Barrier

import pytest
from django.db import OperationalError, connection
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from psycopg.errors import DeadlockDetected

from holdfast.availability.actions import Wanted, claim
from holdfast.availability.models import Allocation
from holdfast.catalog.models import Business, Resource
from holdfast.kernel.errors import Conflict, SlotTaken
from holdfast.kernel.period import Period
from holdfast.platform.db import retried_once, transaction
from tests.support.racing import kinds, race

NOW = datetime(2030, 1, 7, 4, 30, tzinfo=UTC)
PERIOD = Period(NOW + timedelta(days=1), NOW + timedelta(days=1, hours=1))
RIVALS = 40
TABLE = Allocation._meta.db_table


def claims(*resources: Resource, rivals: int = RIVALS) -> list[Callable[[], None]]:
    """One story a rival, each for all of these resources; every second names them the other way round."""

    def story(number: int) -> None:
        ordered = resources if number % 2 else resources[::-1]
        wanted = [Wanted(resource.id, 1, PERIOD) for resource in ordered]
        with transaction():
            claim(wanted, owner=f"line:{number}", until=NOW + timedelta(minutes=12), now=NOW)

    return [partial(story, number) for number in range(rivals)]


def deadlocks() -> int:
    """How many deadlocks this database has seen; the counters of closed connections have been reported."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush(), pg_stat_clear_snapshot()")
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        counted: int = cursor.fetchone()[0]
        return counted


@pytest.mark.spec("BC-1")
def test_of_forty_rivals_for_one_time_one_wins(person: Resource) -> None:
    results = race(claims(person))

    assert kinds(results) == {"NoneType": 1, "SlotTaken": RIVALS - 1}
    assert Allocation.objects.get().state == "held"


@pytest.mark.spec("BC-1")
def test_of_forty_rivals_for_a_hold_that_has_run_out_one_wins(person: Resource) -> None:
    with transaction():
        claim([Wanted(person.id, 1, PERIOD)], owner="line:old", until=NOW - timedelta(seconds=1), now=NOW)

    results = race(claims(person))

    assert kinds(results) == {"NoneType": 1, "SlotTaken": RIVALS - 1}
    assert sorted(Allocation.objects.values_list("state", flat=True)) == ["held", "released"]


@pytest.mark.spec("BC-1")
def test_of_rivals_for_times_that_only_overlap_no_two_meet(person: Resource) -> None:
    def story(number: int) -> None:
        start = PERIOD.start + timedelta(minutes=5 * number)
        wanted = Wanted(person.id, 1, Period(start, start + timedelta(minutes=30)))
        with transaction():
            claim([wanted], owner=f"line:{number}", until=NOW + timedelta(minutes=12), now=NOW)

    results = race([partial(story, number) for number in range(24)])

    kept = [row.period for row in Allocation.objects.order_by("period")]
    assert len(kept) == sum(result is None for result in results) > 0
    assert set(kinds(results)) <= {"NoneType", "SlotTaken"}
    assert all(one.upper <= next_one.lower for one, next_one in pairwise(kept))


@pytest.mark.spec("BC-1")
@pytest.mark.usefixtures("nothing_excludes")
def test_without_the_exclusion_constraint_everybody_wins(person: Resource) -> None:
    """The negative control: it is the constraint that makes the rivals lose, nothing else."""
    results = race(claims(person))

    assert kinds(results) == {"NoneType": RIVALS}
    assert Allocation.objects.filter(state="held").count() == RIVALS


@pytest.mark.spec("BC-25")
def test_rivals_for_the_same_person_and_room_never_deadlock(person: Resource, room: Resource) -> None:
    before = deadlocks()

    results = race(claims(person, room))

    assert kinds(results) == {"NoneType": 1, "SlotTaken": RIVALS - 1}
    assert Allocation.objects.filter(state="held").count() == 2
    assert deadlocks() == before


@pytest.mark.spec("BC-25")
def test_claims_that_are_not_sorted_deadlock(person: Resource, room: Resource) -> None:
    """The negative control: the same statement, each resource by itself, in the order that each likes."""
    results = race(race_of_two(person, room, clause="ON CONFLICT DO NOTHING"))

    assert kinds(results) == {"NoneType": 1, "OperationalError": 1}
    broken = next(result for result in results if isinstance(result, OperationalError))
    assert isinstance(broken.__cause__, DeadlockDetected)


@pytest.mark.spec("BC-25")
def test_plain_inserts_deadlock_on_a_single_row(db: None) -> None:
    """The negative control: without DO NOTHING the rivals wait for each other until one is broken off."""
    business = Business.objects.create(
        slug="jyoti", name="Jyoti", timezone="Asia/Kolkata", country="IN", currency="INR"
    )
    broken_off: list[Exception] = []

    for _ in range(200):
        person = Resource.objects.create(business=business, kind=Resource.Kind.PERSON, name="Astrologer")
        results = race([partial(plain_insert, person, number, "") for number in range(4)])
        broken_off = [one for one in results if isinstance(one, OperationalError)]
        if broken_off:
            break

    assert {type(error.__cause__) for error in broken_off} == {DeadlockDetected}


@pytest.mark.spec("BC-25")
def test_a_story_that_was_broken_off_for_a_deadlock_is_told_again(person: Resource, room: Resource) -> None:
    stories = race_of_two(person, room, clause="ON CONFLICT DO NOTHING")

    results = race([retried_once(story) for story in stories])

    loser = next(result for result in results if result is not None)
    assert results.count(None) == 1
    assert isinstance(loser, Conflict)  # SlotTaken, unless they met head-on a second time
    assert Allocation.objects.count() == 2


def plain_insert(resource: Resource, owner: int, clause: str) -> None:
    sql = f"""
        INSERT INTO "{TABLE}" (resource_id, seat, period, owner, shared_by, state, held_until, created_at)
        VALUES (%s, 1, %s, %s, %s, 'held', now(), now()) {clause}
    """
    span = DateTimeTZRange(PERIOD.start, PERIOD.end)
    with connection.cursor() as cursor:
        cursor.execute(sql, [resource.id, span, f"line:{owner}", f"line:{owner}"])
        if not cursor.rowcount:
            raise SlotTaken


def race_of_two(one: Resource, other: Resource, *, clause: str) -> list[Callable[[], None]]:
    """Two stories that, when first told, each have one resource before either asks for the second."""
    both_have_one = Barrier(2)
    told: set[int] = set()

    def story(owner: int, first: Resource, second: Resource) -> None:
        with transaction():
            plain_insert(first, owner, clause)
            if owner not in told:
                told.add(owner)
                both_have_one.wait(30)
            plain_insert(second, owner, clause)

    return [partial(story, 1, one, other), partial(story, 2, other, one)]

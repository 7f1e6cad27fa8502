"""Classes: pupils of one start share coach and room, each has a place, and nobody else comes in."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest

from holdfast.availability.actions import claim_again, release
from holdfast.availability.models import Allocation
from holdfast.catalog.models import Business, Offering, Resource
from holdfast.flows.actors import Shopper
from holdfast.flows.checkout import check_out
from holdfast.kernel.errors import SlotTaken
from holdfast.platform.db import transaction
from tests.availability.shop import (
    HOUR,
    NOW,
    at,
    book,
    crowd,
    free_starts,
    kept_seats,
    new_offering,
    new_resource,
)
from tests.support.practice import NOW as TODAY
from tests.support.practice import Practice, new_user, wish
from tests.support.racing import kinds

PLACES, RIVALS = 20, 60

pytestmark = pytest.mark.spec("BC-3", "GEN-9")


@pytest.fixture
def coach(business: Business) -> Resource:
    return new_resource(business, "Coach", (9, 12))


@pytest.fixture
def yoga(coach: Resource, room: Resource) -> Offering:
    """A class of twenty in one room."""
    places = new_resource(coach.business, "Places of yoga", kind="places", capacity=PLACES)
    return new_offering(coach, room, places)


@pytest.fixture
def lesson(coach: Resource) -> Offering:
    """An hour of the same coach alone, that may begin at half past as well."""
    return new_offering(coach, slot_step=timedelta(minutes=30))


def pupils(offering: Offering, count: int, *, hour: float = 10) -> None:
    for number in range(count):
        book(offering, at(hour), owner=f"line:{hour}/{number}")


def test_a_class_takes_as_many_pupils_as_it_has_places(yoga: Offering) -> None:
    pupils(yoga, PLACES)

    with pytest.raises(SlotTaken):
        book(yoga, at(10), owner="line:one too many")

    assert Allocation.objects.filter(owner="line:one too many").count() == 0


def test_of_sixty_rivals_for_twenty_places_twenty_have_one(yoga: Offering) -> None:
    results = crowd([partial(book, yoga, at(10), owner=f"line:{n}") for n in range(RIVALS)])

    assert kinds(results) == {"NoneType": PLACES, "SlotTaken": RIVALS - PLACES}
    assert kept_seats(yoga.resources.get(kind="places")) == list(range(1, PLACES + 1))
    assert kept_seats(yoga.resources.get(kind="person")) == [1] * PLACES


@pytest.mark.usefixtures("nothing_excludes")
def test_it_is_the_constraint_that_keeps_a_lesson_out_of_a_class(yoga: Offering, lesson: Offering) -> None:
    """The negative control."""
    pupils(yoga, 1)

    book(lesson, at(10), owner="line:lesson")

    assert Allocation.objects.filter(owner="line:lesson", state="held").count() == 1


@pytest.mark.parametrize("hour", [9.5, 10, 10.5])
def test_a_coach_with_a_class_gives_no_lesson_meanwhile(
    yoga: Offering, lesson: Offering, hour: float
) -> None:
    pupils(yoga, 2)

    with pytest.raises(SlotTaken):
        book(lesson, at(hour), owner="line:lesson")

    assert free_starts(lesson) == ["09:00", "11:00"]


def test_a_coach_with_a_lesson_has_no_class_meanwhile(yoga: Offering, lesson: Offering) -> None:
    book(lesson, at(10), owner="line:lesson")

    with pytest.raises(SlotTaken):
        pupils(yoga, 1)

    assert free_starts(yoga) == ["09:00", "11:00"]


def test_another_class_of_the_same_coach_is_another_class(yoga: Offering, coach: Resource) -> None:
    places = new_resource(coach.business, "Places of pilates", kind="places", capacity=5)
    pilates = new_offering(coach, places)
    pupils(yoga, 1)

    with pytest.raises(SlotTaken):
        book(pilates, at(10), owner="line:pilates")

    assert free_starts(pilates) == ["09:00", "11:00"]


def test_a_class_that_has_begun_to_fill_keeps_out_its_own_other_starts(yoga: Offering) -> None:
    Offering.objects.filter(pk=yoga.pk).update(slot_step=timedelta(minutes=30))
    yoga.refresh_from_db()
    pupils(yoga, 1)

    assert free_starts(yoga) == ["09:00", "10:00", "11:00"]


def test_a_class_is_free_while_places_are_left_and_taken_when_they_are_not(yoga: Offering) -> None:
    pupils(yoga, PLACES - 1)
    with_a_place = free_starts(yoga)
    book(yoga, at(10), owner="line:last")
    without = free_starts(yoga)
    with transaction():
        release("line:last")

    assert with_a_place == ["09:00", "10:00", "11:00"]
    assert without == ["09:00", "11:00"]
    assert free_starts(yoga) == ["09:00", "10:00", "11:00"]


def test_buffers_of_a_class_are_the_coachs_and_not_the_pupils(yoga: Offering, lesson: Offering) -> None:
    Offering.objects.filter(pk=yoga.pk).update(buffer_after=timedelta(minutes=15))
    yoga.refresh_from_db()
    pupils(yoga, 2, hour=9)

    assert free_starts(yoga) == ["09:00", "11:00"]
    assert free_starts(lesson) == ["10:30", "11:00"]


def test_a_place_that_was_lost_is_had_again_in_the_same_class(yoga: Offering) -> None:
    pupils(yoga, PLACES)
    with transaction():
        release("line:10/0")
    book(yoga, at(10), owner="line:new")
    with transaction():
        assert not claim_again("line:10/0", now=NOW)
    with transaction():
        release("line:new")

    with transaction():
        assert claim_again("line:10/0", now=NOW)

    assert kept_seats(yoga.resources.get(kind="places")) == list(range(1, PLACES + 1))
    assert len(set(Allocation.objects.filter(resource__kind="person").values_list("shared_by"))) == 1


def test_a_class_is_sold_over_the_path_of_a_consultation_place_by_place(practice: Practice) -> None:
    places = new_resource(practice.business, "Places", kind="places", capacity=2)
    practice.offering.resources.add(places)

    for _ in range(2):
        assert check_out(wish(practice), by=Shopper(new_user(), None), now=TODAY).payment_url
    with pytest.raises(SlotTaken) as refused:
        check_out(wish(practice), by=Shopper(new_user(), None), now=TODAY)

    start = wish(practice).choices[0].starts_at.replace(tzinfo=practice.business.zone)
    nearest = [slot.period.start - start for slot in refused.value.nearest]
    assert nearest == [n * HOUR / 2 for n in (-2, -1, 1, 2, 3)]

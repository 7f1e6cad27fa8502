"""The nearest free slots: no nearer ones are overlooked, and a day that has enough is all that is read."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from holdfast.availability.queries import free_slots, nearest_free_slots, resources_of
from holdfast.availability.slots import nearest
from holdfast.catalog.models import Business, Offering
from tests.availability.shop import NOW, TOMORROW, at, book, new_offering, new_resource
from tests.support.statements import count_statements

A_WEEK = timedelta(days=7)
TODAY = TOMORROW - timedelta(days=1)

pytestmark = pytest.mark.spec("GEN-9")


@pytest.fixture
def late(business: Business) -> Offering:
    """Hours from six in the evening to two in the morning: the next free one is often another day's."""
    return new_offering(new_resource(business, "Astrologer", (18, 2)))


@pytest.mark.parametrize("day", [TODAY, TOMORROW, TOMORROW + timedelta(days=3)])
def test_of_all_free_slots_of_a_fortnight_none_is_nearer(late: Offering, day: date) -> None:
    for hour in (18, 19, 20, 21, 24, 42, 43, 90):
        book(late, at(hour), owner=f"line:{hour}")
    slots = free_slots(late, first=day, last=day, now=NOW)
    everything = free_slots(late, first=max(TODAY, day - A_WEEK), last=day + A_WEEK, now=NOW)

    found = {slot: nearest_free_slots(late, slot.period.start, now=NOW) for slot in slots}

    assert len(found) == 8
    for slot, near in found.items():
        assert near == nearest(everything, slot.period.start)


@pytest.mark.parametrize(("taken", "statements"), [((14,), 2), (range(10, 19), 4)])
def test_other_days_are_read_only_where_they_may_have_nearer_ones(
    business: Business, taken: tuple[int, ...], statements: int
) -> None:
    offering = new_offering(new_resource(business, "Astrologer", (9, 19)))
    needed = list(resources_of(offering))
    for hour in taken:
        book(offering, at(hour), owner=f"line:{hour}")

    with count_statements() as sent:
        found = nearest_free_slots(offering, at(14).start, now=NOW, needed=needed)

    assert len(found) == 5
    assert len(sent) == statements

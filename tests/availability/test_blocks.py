"""Blocks: time off takes what is free, names what is in the way, and is given back when it is lifted."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError
from django.db.transaction import atomic

from holdfast.availability.models import Allocation, Block
from holdfast.catalog.models import Business, Resource
from holdfast.flows.audit import audit
from holdfast.flows.blocks import block, blocks_of, in_the_way, lift
from holdfast.kernel.errors import Conflict, Invalid, NotFound, SlotTaken
from holdfast.kernel.period import Period
from tests.availability.shop import (
    NOW,
    SOON,
    at,
    book,
    crowd,
    free_starts,
    kept_seats,
    new_offering,
    new_resource,
)
from tests.support.booked import booked
from tests.support.practice import NOW as TODAY
from tests.support.practice import Practice, held
from tests.support.racing import kinds
from tests.support.sandbox import Sandbox

BY = "user:1"
ON_DAY = timedelta(days=1)

pytestmark = pytest.mark.spec("GEN-9")


@pytest.fixture
def coach(business: Business) -> Resource:
    return new_resource(business, "Coach", (9, 13))


def test_time_off_is_free_for_nobody_until_it_is_lifted(coach: Resource) -> None:
    offering = new_offering(coach)

    made = block(coach, at(10, hours=2), by=BY, now=NOW, why="At the dentist's")

    assert free_starts(offering) == ["09:00", "12:00"]
    with pytest.raises(SlotTaken):
        book(offering, at(11), owner="line:1")
    assert blocks_of(coach, at(0, hours=24)) == [made]
    assert blocks_of(coach, at(12)) == []

    lift(made.pk, by="user:2", now=SOON)

    assert free_starts(offering) == ["09:00", "10:00", "11:00", "12:00"]
    assert blocks_of(coach, at(0, hours=24)) == []


def test_a_block_is_taken_for_good_and_remembers_who_made_and_who_lifted_it(coach: Resource) -> None:
    made = block(coach, at(10), by=BY, now=NOW)
    lift(made.pk, by="user:2", now=SOON)
    lift(made.pk, by="user:3", now=SOON + timedelta(days=1))

    made.refresh_from_db()
    assert (made.created_by, made.created_at, made.lifted_by, made.lifted_at) == (BY, NOW, "user:2", SOON)
    assert list(Allocation.objects.values_list("owner", "state")) == [(f"block:{made.pk}", "released")]


def test_a_block_that_is_not_there_is_not_lifted(db: None) -> None:
    with pytest.raises(NotFound):
        lift(1, by=BY, now=NOW)


@pytest.mark.spec("BC-1")
def test_a_block_touches_no_booking_and_says_which_are_in_the_way(
    practice: Practice, sandbox: Sandbox
) -> None:
    reference = booked(practice, sandbox)
    hold = held(practice, at="11:00")
    block(practice.person, Period(TODAY + ON_DAY * 1.1, TODAY + ON_DAY * 1.2), by=BY, now=TODAY)
    whole_day = Period(TODAY + ON_DAY / 2, TODAY + ON_DAY * 1.5)

    with pytest.raises(Conflict) as refused:
        block(practice.person, whole_day, by=BY, now=TODAY)

    found = in_the_way(practice.person, whole_day, now=TODAY)
    assert hold.reference
    assert [(one.reference, one.held_until is None) for one in found] == [
        (reference, True),
        ("", False),
        ("", True),
    ]
    assert str(refused.value) == (
        f"Kept at that time: {reference}, an unpaid hold, another block. Move or cancel that first."
    )
    assert Block.objects.count() == 1
    assert audit(now=TODAY) == []


@pytest.mark.spec("BC-5")
def test_a_hold_that_has_run_out_is_not_in_the_way(coach: Resource) -> None:
    book(new_offering(coach), at(10), owner="line:1", now=NOW - timedelta(hours=2))

    assert in_the_way(coach, at(10), now=NOW) == []
    block(coach, at(10), by=BY, now=NOW)


def test_of_a_pool_some_seats_or_all_are_blocked(rooms: Resource) -> None:
    some = block(rooms, at(10), by=BY, now=NOW, why="Painting", seats=2)
    kept = kept_seats(rooms)
    with pytest.raises(Conflict):
        block(rooms, at(10), by=BY, now=NOW)
    lift(some.pk, by=BY, now=NOW)

    block(rooms, at(10), by=BY, now=NOW)

    assert kept == [1, 2]
    assert kept_seats(rooms) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("seats", [0, 6])
def test_seats_that_are_not_there_are_not_blocked(rooms: Resource, seats: int) -> None:
    with pytest.raises(Invalid) as refused:
        block(rooms, at(10), by=BY, now=NOW, seats=seats)

    assert refused.value.fields == {"seats": ["There are 5."]}
    assert Block.objects.count() == 0


def test_what_is_over_is_not_blocked(coach: Resource) -> None:
    with pytest.raises(Invalid) as refused:
        block(coach, Period(NOW - timedelta(hours=1), NOW), by=BY, now=NOW)

    assert refused.value.fields == {"period": ["This is over."]}


@pytest.mark.spec("BC-1")
def test_a_block_and_a_customer_who_want_the_same_time_do_not_both_have_it(coach: Resource) -> None:
    offering = new_offering(coach)

    def customer(number: int) -> None:
        book(offering, at(10), owner=f"line:{number}")

    def staff() -> None:
        block(coach, at(9, hours=4), by=BY, now=NOW)

    results = crowd([*(lambda n=n: customer(n) for n in range(8)), *[staff] * 8])

    assert kinds(results).get("NoneType", 0) + kinds(results).get("Conflict", 0) >= 1
    assert results.count(None) == 1
    assert Allocation.objects.filter(state__in=("held", "taken")).count() == 1


def test_what_a_block_is_of_cannot_be_changed_afterwards(coach: Resource) -> None:
    made = block(coach, at(10), by=BY, now=NOW)

    with pytest.raises(IntegrityError, match="only grows"), atomic():
        Block.objects.filter(pk=made.pk).update(seats=2)
    with pytest.raises(IntegrityError, match="only grows"), atomic():
        made.delete()
    with pytest.raises(IntegrityError, match="a_block_is_lifted_by_somebody"), atomic():
        Block.objects.filter(pk=made.pk).update(lifted_at=NOW)

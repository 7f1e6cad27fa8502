"""Seats of a pool: whoever comes has one as long as fewer are out than there are."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.availability.seats import Seated, full_periods, seats_for, seats_left, seats_left_each
from holdfast.kernel.errors import SlotTaken
from holdfast.kernel.period import Period

NOON = datetime(2030, 1, 7, 12, tzinfo=UTC)
LONGEST = 12

pytestmark = pytest.mark.spec("BC-30", "GEN-9")


def hours(start: int, end: int) -> Period:
    return Period(NOON + timedelta(hours=start), NOON + timedelta(hours=end))


def seated(start: int, end: int, seat: int) -> Seated:
    return Seated(hours(start, end), seat)


def test_the_lowest_free_seat_is_taken() -> None:
    kept = [seated(0, 2, 1), seated(0, 2, 3)]

    assert seats_for([hours(1, 2)], capacity=3, kept=kept) == [seated(1, 2, 2)]


def test_one_seat_for_all_of_it_is_better_than_a_lower_one_for_a_part() -> None:
    assert seats_for([hours(0, 3)], capacity=2, kept=[seated(2, 3, 1)]) == [seated(0, 3, 2)]


def test_where_no_seat_is_free_for_all_of_it_there_is_one_after_the_other() -> None:
    kept = [seated(0, 1, 1), seated(1, 2, 2)]

    assert seats_for([hours(0, 2)], capacity=2, kept=kept) == [seated(0, 1, 2), seated(1, 2, 1)]


def test_a_period_that_is_wanted_twice_gets_two_seats() -> None:
    assert seats_for([hours(0, 1)] * 2, capacity=2, kept=[]) == [seated(0, 1, 1), seated(0, 1, 2)]
    with pytest.raises(SlotTaken):
        seats_for([hours(0, 1)] * 3, capacity=2, kept=[])


def test_a_moment_without_a_seat_refuses_all_of_it() -> None:
    with pytest.raises(SlotTaken):
        seats_for([hours(0, 3)], capacity=2, kept=[seated(1, 2, 1), seated(1, 2, 2)])


def test_seats_beyond_a_capacity_that_shrank_still_count() -> None:
    kept = [seated(0, 1, 4), seated(0, 1, 5)]

    assert seats_for([hours(0, 1)], capacity=3, kept=kept) == [seated(0, 1, 1)]
    with pytest.raises(SlotTaken):
        seats_for([hours(0, 1)], capacity=2, kept=kept)


def test_a_pool_is_full_from_the_last_seat_out_to_the_first_one_back() -> None:
    kept = [hours(0, 4), hours(1, 3), hours(5, 6)]

    assert list(full_periods(kept, capacity=2)) == [hours(1, 3)]
    assert list(full_periods(kept, capacity=3)) == []


def test_seats_left_are_those_of_the_fullest_moment() -> None:
    kept = [hours(0, 4), hours(1, 3), hours(3, 6)]

    assert seats_left(hours(0, 6), capacity=5, kept=kept) == 3
    assert seats_left(hours(4, 6), capacity=5, kept=kept) == 4
    assert seats_left(hours(6, 7), capacity=5, kept=kept) == 5
    assert seats_left(hours(1, 2), capacity=1, kept=kept) == 0


spans = st.tuples(st.integers(0, LONGEST - 1), st.integers(1, 5)).map(lambda s: hours(s[0], s[0] + s[1]))


@settings(derandomize=True, deadline=None)
@given(capacity=st.integers(1, 4), kept=st.lists(spans, max_size=12))
def test_seats_left_in_each_of_many_are_those_left_in_every_one(capacity: int, kept: list[Period]) -> None:
    each = [hours(first, first + 2) for first in range(0, LONGEST, 2)]

    left = seats_left_each(each, capacity=capacity, kept=Counter([*kept, each[0]]))

    assert left == [seats_left(one, capacity=capacity, kept=[*kept, each[0]]) for one in each]


@settings(derandomize=True, deadline=None, max_examples=300)
@given(capacity=st.integers(1, 4), wishes=st.lists(spans, max_size=25))
def test_whoever_comes_is_refused_only_where_counting_hour_by_hour_finds_no_seat(
    capacity: int, wishes: list[Period]
) -> None:
    kept: list[Seated] = []
    out = [0] * (LONGEST + 5)

    for wish in wishes:
        first, last = ((moment - NOON) // timedelta(hours=1) for moment in (wish.start, wish.end))
        has_room = all(count < capacity for count in out[first:last])
        assert (seats_left(wish, capacity=capacity, kept=[k.period for k in kept]) > 0) == has_room
        full = list(full_periods((k.period for k in kept), capacity=capacity))
        assert any(one.overlaps(wish) for one in full) != has_room
        if not has_room:
            with pytest.raises(SlotTaken):
                seats_for([wish], capacity=capacity, kept=kept)
            continue
        had = seats_for([wish], capacity=capacity, kept=kept)
        kept += had
        out[first:last] = [count + 1 for count in out[first:last]]
        assert sum((h.period.end - h.period.start for h in had), timedelta()) == wish.end - wish.start

    assert all(1 <= one.seat <= capacity for one in kept)
    assert not any(
        one.seat == other.seat and one.period.overlaps(other.period)
        for n, one in enumerate(kept)
        for other in kept[:n]
    )

"""What a room type asks of a stay and what its nights cost, whatever the calendar does."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.availability.slots import nights
from holdfast.availability.stays import period_of
from holdfast.catalog.models import Business, Offering, StayRules
from holdfast.catalog.stay_rules import (
    Per,
    Rates,
    Rules,
    SeasonRate,
    StayAsked,
    Why,
    nights_of,
    price_of,
    times,
    why_not,
)

NOW = datetime(2030, 1, 7, 12, tzinfo=UTC)
TODAY = date(2030, 1, 7)
RULES = Rules(2, minimum_stay=1, maximum_stay=14, minimum_notice=timedelta(0), horizon=timedelta(days=365))
SUMMER = SeasonRate(date(2030, 6, 1), date(2030, 8, 31), price=150, minimum_stay=3)
RATES = Rates(100, (SUMMER,))


def stay(arrival: str, count: int, *, guests: int = 2) -> StayAsked:
    first = date.fromisoformat(arrival)
    return StayAsked(first, first + timedelta(days=count), guests, price=0)


def refused(asked: StayAsked, rules: Rules = RULES) -> Why | None:
    starts_at = datetime.combine(asked.check_in, time(14), UTC)
    return why_not(rules, RATES, asked, starts_at=starts_at, now=NOW)


@pytest.mark.spec("HOT-1")
@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (stay("2030-01-07", 1), None),  # the same day, until check-in begins
        (stay("2030-01-06", 2), Why.PAST),
        (stay("2031-01-08", 1), Why.TOO_FAR),
        (stay("2031-01-07", 1), Why.TOO_FAR),  # two hours too far
        (stay("2031-01-06", 1), None),
        (stay("2030-01-10", 14), None),
        (stay("2030-01-10", 15), Why.TOO_LONG),
        (stay("2030-05-31", 1), None),  # who arrives before the summer need not stay so long
        (stay("2030-06-01", 2), Why.TOO_SHORT),
        (stay("2030-06-01", 3), None),
        (stay("2030-08-31", 2), Why.TOO_SHORT),  # the arrival counts, not the departure
        (stay("2030-09-01", 1), None),
        (stay("2030-01-10", 1, guests=3), Why.TOO_MANY_GUESTS),
    ],
)
def test_a_stay_is_open_when_its_room_type_says_so(asked: StayAsked, why: Why | None) -> None:
    assert refused(asked) == why


@pytest.mark.spec("HOT-1")
def test_notice_is_counted_to_the_hour_of_check_in() -> None:
    a_day = Rules(2, 1, 14, minimum_notice=timedelta(hours=24), horizon=timedelta(days=365))

    assert refused(stay("2030-01-07", 1), a_day) == Why.TOO_SOON
    assert refused(stay("2030-01-08", 1), a_day) is None


@st.composite
def seasons(draw: st.DrawFn) -> list[SeasonRate]:
    """Seasons that do not overlap, with gaps or without, in any order."""
    made, first = [], TODAY
    for _ in range(draw(st.integers(0, 6))):
        first += timedelta(days=draw(st.integers(0, 20)))
        last = first + timedelta(days=draw(st.integers(0, 30)))
        made.append(SeasonRate(first, last, draw(st.integers(0, 10**6))))
        first = last + timedelta(days=1)
    return list(draw(st.permutations(made)))


@pytest.mark.spec("HOT-1")
@settings(derandomize=True, deadline=None)
@given(seasons(), st.integers(0, 10**6), st.integers(0, 150), st.integers(1, 60))
def test_every_night_is_priced_once_by_its_own_season(
    there: list[SeasonRate], base: int, arrives: int, count: int
) -> None:
    first = TODAY + timedelta(days=arrives)
    last = first + timedelta(days=count)

    total = price_of(Rates(base, there), first, last)

    in_season = {
        season.first + timedelta(days=n): season.price
        for season in there
        for n in range((season.last - season.first).days + 1)
    }
    assert total == sum(in_season.get(night, base) for night in nights_of(first, last))
    assert len(nights_of(first, last)) == count


@pytest.mark.spec("HOT-1")
@settings(derandomize=True, deadline=None)
@given(seasons(), st.integers(0, 10**6), st.integers(0, 150), st.integers(1, 30), st.integers(1, 30))
def test_a_stay_costs_what_its_two_halves_cost(
    there: list[SeasonRate], base: int, arrives: int, before: int, after: int
) -> None:
    rates, first = Rates(base, there), TODAY + timedelta(days=arrives)
    middle = first + timedelta(days=before)
    last = middle + timedelta(days=after)

    assert price_of(rates, first, last) == price_of(rates, first, middle) + price_of(rates, middle, last)


@pytest.mark.parametrize(("per", "often"), [("stay", 1), ("night", 3), ("guest", 2), ("guest_night", 6)])
def test_a_fee_is_charged_as_often_as_its_measure_says(per: str, often: int) -> None:
    assert times(Per(per), nights=3, guests=2) == often


@pytest.mark.spec("GEN-9")
@pytest.mark.parametrize(
    ("zone", "first", "last"),
    [
        ("Europe/Berlin", "2030-03-29", "2030-04-02"),  # an hour is skipped on the 31st
        ("Europe/Berlin", "2030-10-25", "2030-10-29"),  # and repeated on the 27th
        ("America/Santiago", "2030-09-06", "2030-09-10"),  # skipped at midnight
        ("Pacific/Apia", "2011-12-28", "2012-01-01"),  # the 30th never was
        ("Asia/Kathmandu", "2030-01-01", "2030-01-05"),
    ],
)
def test_a_stay_has_its_nights_whatever_the_clocks_do(zone: str, first: str, last: str) -> None:
    rules = StayRules(
        offering=Offering(business=Business(timezone=zone)),
        check_in_from=time(0, 30),
        check_out_until=time(2),
    )
    check_in, check_out = date.fromisoformat(first), date.fromisoformat(last)
    asked = StayAsked(check_in, check_out, 2, price=0)

    there = nights(check_in, check_out, ZoneInfo(zone))
    period = period_of(asked, rules)

    assert len(there) == asked.count == 4
    assert all(one.end == following.start for one, following in pairwise(there))
    assert period.start.astimezone(ZoneInfo(zone)).date() == check_in
    assert period.end.astimezone(ZoneInfo(zone)).date() == check_out

"""Every time zone on the days when its clocks change, against an expansion that looks at every minute."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.availability.slots import Calendar, Hours, Rules, nights, open_slots, reached
from tests.availability.expansion import Opening, Watched, slow_starts

LONG_AGO = datetime(1950, 1, 1, tzinfo=UTC)
A_DAY, A_MINUTE = timedelta(days=1), timedelta(minutes=1)
ZONES = sorted(available_timezones() - {"Factory", "localtime"})
# Skipped days and halves of hours, changes at midnight, in Ramadan, of two hours, and for good.
ODD = (
    ("Pacific/Apia", 2011),
    ("Pacific/Kiritimati", 1994),
    ("Australia/Lord_Howe", 2030),
    ("America/Havana", 2030),
    ("Asia/Beirut", 2030),
    ("Africa/Casablanca", 2030),
    ("Antarctica/Troll", 2030),
    ("America/Sao_Paulo", 2018),
    ("Asia/Pyongyang", 2018),
    ("America/Caracas", 2016),
    ("Asia/Tehran", 2021),
    ("Europe/Dublin", 2030),
    ("America/St_Johns", 2010),
    ("Asia/Kathmandu", 1986),
    ("America/Asuncion", 2023),
    ("Asia/Amman", 2022),
)
YEARS = (1986, 1994, 2007, 2011, 2016, 2018, 2022, 2026, 2030)
SAMPLE = 12  # every so many of the zones are looked at by default

pytestmark = pytest.mark.spec("BC-15", "GEN-9")

# Over the change, up to it, after it, overnight, all day, and in the minutes around it.
HOURS = (
    ((time(1), time(5)), 60, 30),
    ((time(0), time(0)), 45, 45),
    ((time(22), time(3, 30)), 50, 20),
    ((time(2, 30), time(2, 15)), 120, 60),
    ((time(0, 20), time(2, 40)), 20, 20),
    ((time(23, 15), time(0, 45)), 30, 15),
)


def transition_days(zone: ZoneInfo, year: int) -> Iterator[date]:
    """The dates of a year on which the wall clock jumps."""
    noon = datetime(year - 1, 12, 31, 12, tzinfo=UTC)
    for n in range(1, 367):
        before, after = (noon + (n - 1) * A_DAY).astimezone(zone), (noon + n * A_DAY).astimezone(zone)
        if before.utcoffset() != after.utcoffset():
            yield after.date()


def check(zone: ZoneInfo, day: date) -> None:
    """The quick slots of the day of a change are the slow ones, of all kinds of hours."""
    clock = Watched(zone, day - A_DAY, day + A_DAY)
    for span, duration, step in HOURS:
        weekly = {weekday: [span] for weekday in range(7)}
        slow = slow_starts(
            clock, [Opening(weekly, {})], first=day - A_DAY, last=day + A_DAY, duration=duration, step=step
        )

        assert quick_starts(zone, day, span, duration, step) == slow, (zone.key, day, span, duration, step)


def quick_starts(
    zone: ZoneInfo, day: date, span: tuple[time, time], duration: int, step: int
) -> list[datetime]:
    rules = Rules(
        zone=zone,
        duration=duration * A_MINUTE,
        step=step * A_MINUTE,
        before=timedelta(0),
        after=timedelta(0),
        minimum_notice=timedelta(0),
        horizon=timedelta(days=60_000),
    )
    calendar = Calendar({weekday: [Hours(*span)] for weekday in range(7)}, {})
    found = open_slots(rules, [calendar], first=day - A_DAY, last=day + A_DAY, now=LONG_AGO)
    return [slot.period.start for slot in found]


@pytest.mark.parametrize(("name", "year"), ODD)
def test_odd_changes_of_the_clock_come_out_as_when_every_minute_is_looked_at(name: str, year: int) -> None:
    days = list(transition_days(ZoneInfo(name), year))

    assert days
    for day in days:
        check(ZoneInfo(name), day)


def test_a_sample_of_all_zones_comes_out_as_when_every_minute_is_looked_at() -> None:
    checked = 0

    for n, name in enumerate(ZONES[::SAMPLE]):
        for day in transition_days(ZoneInfo(name), YEARS[n % len(YEARS)]):
            check(ZoneInfo(name), day)
            checked += 1

    assert checked > 20


@pytest.mark.long
@pytest.mark.parametrize("year", YEARS)
def test_every_zone_comes_out_as_when_every_minute_is_looked_at(year: int) -> None:
    looked_at = set()

    for name in ZONES:
        zone = ZoneInfo(name)
        for day in transition_days(zone, year):
            around = datetime.combine(day, time(), UTC)
            alias = (
                day,
                *(str((around + n * timedelta(minutes=15)).astimezone(zone)) for n in range(-100, 200)),
            )
            if alias not in looked_at:  # many names are one zone
                looked_at.add(alias)
                check(zone, day)

    assert len(looked_at) > 20


@settings(derandomize=True, deadline=None, max_examples=60)
@given(zone=st.timezones(), day=st.dates(date(1971, 1, 1), date(2037, 12, 31)), minute=st.integers(0, 1439))
def test_a_time_is_reached_once_and_not_before_the_wall_has_come_to_it(
    zone: ZoneInfo, day: date, minute: int
) -> None:
    wall = datetime.combine(day, time()) + minute * A_MINUTE

    moment = reached(wall, zone)

    just_before = (moment - timedelta(seconds=1)).astimezone(zone).replace(tzinfo=None)
    assert moment.astimezone(zone).replace(tzinfo=None) >= wall > just_before


@settings(derandomize=True, deadline=None, max_examples=100)
@given(zone=st.timezones(), arrival=st.dates(date(1971, 1, 1), date(2037, 1, 1)), stays=st.integers(1, 40))
def test_nights_follow_each_other_from_noon_to_noon_without_a_gap(
    zone: ZoneInfo, arrival: date, stays: int
) -> None:
    found = nights(arrival, arrival + stays * A_DAY, zone)

    assert found[0].start == reached(datetime.combine(arrival, time(12)), zone)
    assert found[-1].end == reached(datetime.combine(arrival + stays * A_DAY, time(12)), zone)
    assert all(one.end == following.start for one, following in pairwise(found))
    assert len(found) == stays


def test_nights_around_a_date_that_the_calendar_skipped_share_what_time_there_was() -> None:
    found = nights(date(2011, 12, 29), date(2011, 12, 31), ZoneInfo("Pacific/Apia"))

    assert [night.end - night.start for night in found] == [timedelta(hours=12)] * 2

"""Free slots are computed: wall-clock rules of each date in, periods out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.availability.slots import (
    Calendar,
    Hours,
    Rules,
    Slot,
    mark_taken,
    nearest,
    open_slots,
    wall_time,
)
from holdfast.availability.timeline import Timeline
from holdfast.kernel.period import Period

pytestmark = pytest.mark.spec("GEN-9b")

KOLKATA, BERLIN, NEW_YORK = ZoneInfo("Asia/Kolkata"), ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
LORD_HOWE, APIA = ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Pacific/Apia")
MONDAY = date(2030, 1, 7)
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
HOUR, HALF = timedelta(hours=1), timedelta(minutes=30)


def rules(zone: ZoneInfo = KOLKATA, **over: Any) -> Rules:
    plain = Rules(
        zone=zone,
        duration=HOUR,
        step=HOUR,
        before=0 * HOUR,
        after=0 * HOUR,
        minimum_notice=0 * HOUR,
        horizon=timedelta(days=40_000),
    )
    return replace(plain, **over)


def always(*hours: tuple[int, int], overrides: Mapping[date, Sequence[Hours]] | None = None) -> Calendar:
    """The same hours on every weekday."""
    spans = [Hours(time(opens), time(closes)) for opens, closes in hours]
    return Calendar(dict.fromkeys(range(7), spans), overrides or {})


def starts(
    rules: Rules, *calendars: Calendar, day: date = MONDAY, last: date | None = None, now: datetime = LONG_AGO
) -> list[str]:
    """When the slots start, on the wall, those that cannot be had with their reason."""
    found = open_slots(rules, calendars, first=day, last=last or day, now=now)
    return [f"{s.period.start.astimezone(rules.zone):%H:%M} {s.reason or ''}".strip() for s in found]


def test_slots_follow_each_other_from_opening_to_closing() -> None:
    assert starts(rules(), always((9, 12))) == ["09:00", "10:00", "11:00"]


def test_a_slot_that_would_end_after_closing_is_not_offered() -> None:
    found = starts(rules(duration=timedelta(minutes=45), step=HALF), always((9, 11)))

    assert found == ["09:00", "09:30", "10:00"]


def test_after_a_break_slots_begin_anew_at_the_opening() -> None:
    found = starts(rules(step=timedelta(minutes=40)), always((9, 11), (14, 16)))

    assert found == ["09:00", "09:40", "14:00", "14:40"]


def test_hours_that_touch_are_one_span() -> None:
    assert starts(rules(duration=2 * HOUR), always((9, 11), (11, 12))) == ["09:00", "10:00"]


def test_a_weekday_without_hours_has_no_slots() -> None:
    only_mondays = Calendar({0: [Hours(time(9), time(10))]}, {})

    assert starts(rules(), only_mondays, day=MONDAY, last=MONDAY + timedelta(days=6)) == ["09:00"]


@pytest.mark.parametrize(
    ("hours", "expected"),
    [([], []), ([Hours(time(15), time(17))], ["15:00", "16:00"])],
    ids=["closed", "other hours"],
)
def test_a_date_that_differs_replaces_the_weekly_hours(hours: list[Hours], expected: list[str]) -> None:
    calendar = always((9, 12), overrides={MONDAY: hours})

    assert starts(rules(), calendar) == expected
    assert starts(rules(), calendar, day=MONDAY + timedelta(days=1)) == ["09:00", "10:00", "11:00"]


def test_overnight_hours_belong_to_the_evening_and_their_slots_to_the_dates_on_the_wall() -> None:
    fridays = Calendar({4: [Hours(time(22), time(2))]}, {})
    friday, saturday = MONDAY + timedelta(days=4), MONDAY + timedelta(days=5)

    assert starts(rules(), fridays, day=friday) == ["22:00", "23:00"]
    assert starts(rules(), fridays, day=saturday) == ["00:00", "01:00"]


def test_a_slot_may_run_through_midnight() -> None:
    assert starts(rules(duration=2 * HOUR), always((22, 2)), day=MONDAY) == ["00:00", "22:00", "23:00"]


def test_open_from_midnight_to_midnight_is_the_whole_day() -> None:
    assert len(starts(rules(), always((0, 0)))) == 24


def test_closing_the_evening_before_closes_the_small_hours_too() -> None:
    calendar = always((22, 2), overrides={MONDAY - timedelta(days=1): []})

    assert starts(rules(), calendar) == ["22:00", "23:00"]


def test_person_and_room_must_both_be_open() -> None:
    assert starts(rules(), always((9, 13)), always((11, 18))) == ["11:00", "12:00"]


def test_without_anybody_who_keeps_hours_there_are_no_slots() -> None:
    assert starts(rules()) == []


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("09:59", ["09:00 past", "10:00", "11:00"]),
        ("10:00", ["09:00 past", "10:00 past", "11:00"]),
    ],
)
def test_a_slot_that_has_begun_is_past(now: str, expected: list[str]) -> None:
    moment = datetime.fromisoformat(f"2030-01-07T{now}").replace(tzinfo=KOLKATA)

    assert starts(rules(), always((9, 12)), now=moment) == expected


def test_notice_and_horizon_are_counted_to_the_start_and_both_ends_may_be_had() -> None:
    now = datetime(2030, 1, 7, 8, tzinfo=KOLKATA)

    found = starts(rules(minimum_notice=2 * HOUR, horizon=3 * HOUR), always((9, 13)), now=now)

    assert found == ["09:00 too_soon", "10:00", "11:00", "12:00 too_far"]


def test_a_slot_is_taken_where_something_meets_it_or_its_buffers() -> None:
    wanted = rules(before=timedelta(minutes=10), after=timedelta(minutes=20))
    nine = datetime(2030, 1, 7, 9, tzinfo=KOLKATA)
    slots = open_slots(wanted, [always((9, 13))], first=MONDAY, last=MONDAY, now=LONG_AGO)

    def reasons(start: timedelta, end: timedelta) -> list[str | None]:
        kept = Timeline([(Period(nine + start, nine + end), "")])
        marked = mark_taken(slots, lambda slot: kept.is_free(wanted.stored(slot), shared_by=""))
        return [slot.reason for slot in marked]

    assert reasons(2 * HOUR, 3 * HOUR) == [None, "taken", "taken", "taken"]
    assert reasons(timedelta(minutes=80), timedelta(minutes=90)) == [None, "taken", None, None]
    assert reasons(-HOUR, timedelta(minutes=-10)) == [None] * 4
    assert reasons(-HOUR, timedelta(minutes=-9)) == ["taken", None, None, None]


def test_what_cannot_be_had_keeps_its_reason_when_it_is_taken_as_well() -> None:
    period = Period(LONG_AGO, LONG_AGO + HOUR)

    assert mark_taken([Slot(period, "past")], lambda _: False) == [Slot(period, "past")]


def test_the_nearest_slots_are_the_free_ones_on_both_sides_in_order_of_time() -> None:
    wanted = datetime(2030, 1, 7, 12, tzinfo=UTC)
    slots = [
        Slot(Period(wanted + hours * HOUR, wanted + (hours + 1) * HOUR), "taken" if hours == 0 else None)
        for hours in range(-4, 5)
    ]

    found = nearest(slots, wanted, count=3)

    assert [(slot.period.start - wanted) / HOUR for slot in found] == [-2, -1, 1]


@pytest.mark.spec("BC-15")
@pytest.mark.parametrize(
    ("zone", "wall"),
    [
        (BERLIN, "2030-03-31T02:30"),
        (NEW_YORK, "2030-03-10T02:00"),
        (LORD_HOWE, "2030-10-06T02:15"),
        (APIA, "2011-12-30T12:00"),
    ],
    ids=["an hour", "its first minute", "half an hour", "a whole day"],
)
def test_a_time_that_the_wall_clock_skips_does_not_exist(zone: ZoneInfo, wall: str) -> None:
    assert wall_time(datetime.fromisoformat(wall), zone) is None


@pytest.mark.spec("BC-15")
def test_a_time_that_the_wall_clock_shows_twice_means_the_first() -> None:
    assert wall_time(datetime.fromisoformat("2030-10-27T02:30"), BERLIN) == datetime(
        2030, 10, 27, 0, 30, tzinfo=UTC
    )


@pytest.mark.spec("BC-15")
def test_the_skipped_hour_is_not_offered() -> None:
    assert starts(rules(BERLIN), always((1, 5)), day=date(2030, 3, 31)) == ["01:00", "03:00", "04:00"]


@pytest.mark.spec("BC-15")
def test_the_repeated_hour_is_offered_once() -> None:
    found = open_slots(
        rules(BERLIN), [always((1, 5))], first=date(2030, 10, 27), last=date(2030, 10, 27), now=LONG_AGO
    )

    assert [slot.period.start.astimezone(BERLIN).strftime("%H:%M") for slot in found] == [
        "01:00",
        "02:00",
        "03:00",
        "04:00",
    ]
    assert found[2].period.start - found[1].period.start == 2 * HOUR


@pytest.mark.spec("BC-15")
def test_a_business_that_opens_in_the_skipped_hour_opens_when_the_clock_has_moved() -> None:
    opens_at_half_past_two = Calendar({6: [Hours(time(2, 30), time(5))]}, {})

    assert starts(rules(BERLIN, step=HALF), opens_at_half_past_two, day=date(2030, 3, 31)) == [
        "03:00",
        "03:30",
        "04:00",
    ]


@pytest.mark.spec("BC-15")
@settings(derandomize=True, deadline=None)
@given(
    zone=st.timezones(),
    day=st.dates(date(1975, 1, 1), date(2035, 12, 31)),
    opens=st.integers(0, 23),
    closes=st.integers(0, 23),
)
def test_on_every_day_of_every_zone_slots_lie_in_their_hours_and_are_had_once(
    zone: ZoneInfo, day: date, opens: int, closes: int
) -> None:
    found = open_slots(rules(zone), [always((opens, closes))], first=day, last=day, now=LONG_AGO)

    walls = [slot.period.start.astimezone(zone) for slot in found]
    for slot, wall in zip(found, walls, strict=True):
        within = opens <= wall.hour < closes if opens < closes else not closes <= wall.hour < opens
        assert within
        assert wall.date() == day
        assert wall_time(wall.replace(tzinfo=None), zone) == slot.period.start
    assert len({(wall.hour, wall.minute) for wall in walls}) == len(walls)
    assert walls == sorted(walls)

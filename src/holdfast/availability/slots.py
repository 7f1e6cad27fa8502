"""Which slots an offering has: pure functions from wall-clock rules and busy periods.

Rules are walked date by date on the wall clock of the business's zone, so that daylight saving changes
come out right: a wall time that does not exist is never offered, one that exists twice means the first. Doors
open and close when the wall clock first comes to the hour, or jumps over it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from holdfast.kernel.period import Period

from .timeline import Timeline

ONE_DAY = timedelta(days=1)
NOON = time(12)
NEAREST = 5  # free slots are told to whom another one has been refused


@dataclass(frozen=True)
class Hours:
    """Open from ``opens`` to ``closes`` on the wall clock; closing at or before opening is the next day."""

    opens: time
    closes: time


@dataclass(frozen=True)
class Calendar:
    """The opening hours of one resource: by weekday (0 is Monday), and the dates that differ."""

    weekly: Mapping[int, Sequence[Hours]]
    overrides: Mapping[date, Sequence[Hours]]

    def hours_on(self, day: date) -> Sequence[Hours]:
        return self.overrides[day] if day in self.overrides else self.weekly.get(day.weekday(), ())


@dataclass(frozen=True)
class Rules:
    """What an offering asks of its slots."""

    zone: ZoneInfo
    duration: timedelta
    step: timedelta
    before: timedelta
    after: timedelta
    minimum_notice: timedelta
    horizon: timedelta
    buffers_may_overlap: bool = False

    def stored(self, period: Period) -> Period:
        """The period to keep free: what the customer sees, and the buffers."""
        return period.widened(before=self.before, after=self.after)

    @property
    def runs_on(self) -> timedelta:
        """How many dates after the one that it starts on a slot may end."""
        return ONE_DAY * (self.duration.days + 1)

    def buffers(self, period: Period) -> list[Period]:
        """The buffers alone, before and after what the customer sees."""
        stored = self.stored(period)
        ends = ((stored.start, period.start), (period.end, stored.end))
        return [Period(start, end) for start, end in ends if start < end]


@dataclass(frozen=True)
class Slot:
    """A period in which the offering is open; ``reason`` says why it cannot be had, None if it can."""

    period: Period
    reason: str | None = None


def wall_time(day: datetime, zone: ZoneInfo) -> datetime | None:
    """The moment when the wall clock shows ``day`` (naive): the first of two, None if it never does."""
    moment = day.replace(tzinfo=zone, fold=0).astimezone(UTC)
    return moment if moment.astimezone(zone).replace(tzinfo=None) == day else None


def reached(day: datetime, zone: ZoneInfo) -> datetime:
    """The first moment when the wall clock shows ``day`` (naive), or something later because it jumped."""
    moment = wall_time(day, zone)
    if moment is not None:
        return moment
    early, late = (day.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (1, 0))

    def has_come(seconds: int) -> bool:
        wall = (early + timedelta(seconds=seconds)).astimezone(zone)
        return wall.replace(tzinfo=None) >= day

    seconds = range(int((late - early).total_seconds()))
    return early + timedelta(seconds=bisect_left(seconds, True, key=has_come))


def dates_meeting(first: date, last: date, *, of: ZoneInfo, on: ZoneInfo) -> tuple[date, date]:
    """The dates on the wall of ``on`` while the wall of ``of`` shows ``first`` to ``last``."""
    start = reached(datetime.combine(first, time()), of)
    end = reached(datetime.combine(last + ONE_DAY, time()), of)
    return start.astimezone(on).date(), end.astimezone(on).date()


def nights(arrival: date, departure: date, zone: ZoneInfo) -> list[Period]:
    """The nights of a stay, one for each date before the departure, from noon to noon."""
    noons = [
        reached(datetime.combine(arrival + ONE_DAY * n, NOON), zone)
        for n in range((departure - arrival).days + 1)
    ]
    return [Period(start, end) for start, end in pairwise(noons)]


def opening(calendar: Calendar, day: date) -> Iterator[tuple[datetime, datetime]]:
    """The naive wall-clock spans that begin on ``day``."""
    for hours in calendar.hours_on(day):
        overnight = ONE_DAY if hours.closes <= hours.opens else timedelta(0)
        yield datetime.combine(day, hours.opens), datetime.combine(day, hours.closes) + overnight


def open_periods(calendar: Calendar, first: date, last: date, zone: ZoneInfo) -> Timeline:
    """When a resource is open, from the evening before ``first`` to ``last``; touching spans are joined."""
    days = (first - ONE_DAY + ONE_DAY * n for n in range((last - first).days + 2))
    spans = [
        (reached(opens, zone), reached(closes, zone))
        for day in days
        for opens, closes in opening(calendar, day)
    ]
    return Timeline((Period(start, end), "") for start, end in spans if start < end)


def open_slots(
    rules: Rules,
    calendars: Sequence[Calendar],
    *,
    first: date,
    last: date,
    now: datetime,
    at: datetime | None = None,
) -> list[Slot]:
    """Every slot that starts on the wall-clock dates ``first`` to ``last`` while all calendars are open; or
    the one that starts when the wall clock shows ``at`` (naive), if there is one.

    Slots begin at the opening of the first calendar and follow in steps. Those that are past, too soon or
    too far ahead are listed with that as their reason; whether they are taken is not known here.
    """
    if not calendars:
        return []
    until = last + rules.runs_on
    open_in_all = [open_periods(calendar, first, until, rules.zone) for calendar in calendars]
    found: dict[datetime, Slot] = {}
    for start in _starts(rules, calendars[0], first, last, at):
        period = Period(start, start + rules.duration)
        if all(hours.covers(period) for hours in open_in_all):
            found[start] = Slot(period, _closed(rules, start, now=now))
    return [found[start] for start in sorted(found)]


def mark_taken(slots: Iterable[Slot], is_free: Callable[[Period], bool]) -> list[Slot]:
    """The same slots, with reason ``taken`` where one could be had by the calendar but is not free."""
    return [
        Slot(slot.period, "taken") if slot.reason is None and not is_free(slot.period) else slot
        for slot in slots
    ]


def nearest(slots: Iterable[Slot], wanted: datetime, *, count: int = NEAREST) -> list[Slot]:
    """The free slots closest in time to ``wanted``, in order of time."""
    free = [slot for slot in slots if slot.reason is None]
    closest = sorted(free, key=lambda slot: (abs(slot.period.start - wanted), slot.period.start))[:count]
    return sorted(closest, key=lambda slot: slot.period.start)


def none_is_nearer(
    found: Sequence[Slot], wanted: datetime, *, first: date, last: date, today: date, zone: ZoneInfo
) -> bool:
    """Whether the nearest slots that were ``found`` on these dates are so among those of all dates.

    Before ``today`` there are none.
    """
    ends = [reached(datetime.combine(last + ONE_DAY, time()), zone)]
    if first > today:
        ends.append(reached(datetime.combine(first, time()), zone))
    reach = min(abs(end - wanted) for end in ends)
    return len(found) == NEAREST and all(abs(slot.period.start - wanted) < reach for slot in found)


def _starts(
    rules: Rules, calendar: Calendar, first: date, last: date, at: datetime | None
) -> Iterator[datetime]:
    for n in range((last - first).days + 2):
        for opens, closes in opening(calendar, first - ONE_DAY + ONE_DAY * n):
            wall = opens
            while wall < closes:
                wanted = first <= wall.date() <= last if at is None else wall == at
                moment = wall_time(wall, rules.zone) if wanted else None
                if moment is not None:
                    yield moment
                wall += rules.step


def _closed(rules: Rules, start: datetime, *, now: datetime) -> str | None:
    if start <= now:
        return "past"
    if start < now + rules.minimum_notice:
        return "too_soon"
    return "too_far" if start > now + rules.horizon else None

"""Which slots an offering has: pure functions from wall-clock rules and busy periods.

Rules are walked date by date on the wall clock of the business's zone, so that daylight saving changes
come out right: a wall time that does not exist is never offered, one that exists twice means the first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from holdfast.kernel.period import Period

ONE_DAY = timedelta(days=1)


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

    def stored(self, period: Period) -> Period:
        """The period to keep free: what the customer sees, and the buffers."""
        return period.widened(before=self.before, after=self.after)


@dataclass(frozen=True)
class Slot:
    """A period in which the offering is open; ``reason`` says why it cannot be had, None if it can."""

    period: Period
    reason: str | None = None


def wall_time(day: datetime, zone: ZoneInfo) -> datetime | None:
    """The moment when the wall clock shows ``day`` (naive): the first of two, None if it never does."""
    moment = day.replace(tzinfo=zone, fold=0).astimezone(UTC)
    return moment if moment.astimezone(zone).replace(tzinfo=None) == day else None


def opening(calendar: Calendar, day: date, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
    """The naive wall-clock spans that begin on ``day``."""
    for hours in calendar.hours_on(day):
        overnight = ONE_DAY if hours.closes <= hours.opens else timedelta(0)
        yield datetime.combine(day, hours.opens), datetime.combine(day, hours.closes) + overnight


def open_periods(calendar: Calendar, first: date, last: date, zone: ZoneInfo) -> list[Period]:
    """When a resource is open, from the evening before ``first`` to ``last``; touching spans are joined."""
    joined: list[Period] = []
    days = (first - ONE_DAY + ONE_DAY * n for n in range((last - first).days + 2))
    spans = [
        (opens.replace(tzinfo=zone).astimezone(UTC), closes.replace(tzinfo=zone).astimezone(UTC))
        for day in days
        for opens, closes in opening(calendar, day, zone)
    ]
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if joined and start <= joined[-1].end:
            joined[-1] = Period(joined[-1].start, max(end, joined[-1].end))
        else:
            joined.append(Period(start, end))
    return joined


def open_slots(
    rules: Rules, calendars: Sequence[Calendar], *, first: date, last: date, now: datetime
) -> list[Slot]:
    """Every slot that starts on the wall-clock dates ``first`` to ``last`` while all calendars are open.

    Slots begin at the opening of the first calendar and follow in steps. Those that are past, too soon or
    too far ahead are listed with that as their reason; whether they are taken is not known here.
    """
    if not calendars:
        return []
    open_in_all = [open_periods(calendar, first, last, rules.zone) for calendar in calendars]
    found: dict[datetime, Slot] = {}
    for start in _starts(rules, calendars[0], first, last):
        period = Period(start, start + rules.duration)
        if all(any(span.covers(period) for span in spans) for spans in open_in_all):
            found[start] = Slot(period, _closed(rules, start, now=now))
    return [found[start] for start in sorted(found)]


def mark_taken(rules: Rules, slots: Iterable[Slot], busy: Sequence[Period]) -> list[Slot]:
    """The same slots, with reason ``taken`` where a busy period meets the slot and its buffers."""
    return [
        Slot(slot.period, "taken")
        if slot.reason is None and any(rules.stored(slot.period).overlaps(period) for period in busy)
        else slot
        for slot in slots
    ]


def nearest(slots: Iterable[Slot], wanted: datetime, *, count: int = 5) -> list[Slot]:
    """The free slots closest in time to ``wanted``, in order of time."""
    free = [slot for slot in slots if slot.reason is None]
    closest = sorted(free, key=lambda slot: (abs(slot.period.start - wanted), slot.period.start))[:count]
    return sorted(closest, key=lambda slot: slot.period.start)


def _starts(rules: Rules, calendar: Calendar, first: date, last: date) -> Iterator[datetime]:
    for n in range((last - first).days + 2):
        for opens, closes in opening(calendar, first - ONE_DAY + ONE_DAY * n, rules.zone):
            wall = opens
            while wall < closes:
                moment = wall_time(wall, rules.zone) if first <= wall.date() <= last else None
                if moment is not None:
                    yield moment
                wall += rules.step


def _closed(rules: Rules, start: datetime, *, now: datetime) -> str | None:
    if start <= now:
        return "past"
    if start < now + rules.minimum_notice:
        return "too_soon"
    return "too_far" if start > now + rules.horizon else None

"""Opening hours the slow way: every minute is looked at, and nothing of ``holdfast.availability`` is used.

The wall clock is watched as a person would: it shows a time for each minute that passes. The doors open in
the first minute in which it has come to the hour, and close likewise. A slot starts in the first minute in
which the wall shows its time exactly, and is open when each of its minutes is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate
from zoneinfo import ZoneInfo

A_DAY = timedelta(days=1)
A_MINUTE = timedelta(minutes=1)
Span = tuple[time, time]


@dataclass(frozen=True)
class Opening:
    """The hours of one resource: weekly, and those of the dates that differ."""

    weekly: Mapping[int, Sequence[Span]]
    overrides: Mapping[date, Sequence[Span]]

    def walls(self, day: date) -> list[tuple[datetime, datetime]]:
        """From when to when it is open on the wall, of what begins on this date."""
        spans = self.overrides.get(day, self.weekly.get(day.weekday(), ()))
        return [
            (
                datetime.combine(day, opens),
                datetime.combine(day + A_DAY if closes <= opens else day, closes),
            )
            for opens, closes in spans
        ]


class Watched:
    """A wall clock in a zone, minute by minute around some days."""

    def __init__(self, zone: ZoneInfo, first: date, last: date) -> None:
        start = datetime.combine(first, time(), UTC) - 3 * A_DAY
        count = ((last - first).days + 7) * 24 * 60
        self.minutes = [start + n * A_MINUTE for n in range(count)]
        self.walls = [minute.astimezone(zone).replace(tzinfo=None) for minute in self.minutes]
        # The latest time that the wall has shown so far: it does not fall when the clocks go back.
        self._come_to = list(accumulate(self.walls, max))
        self._first_shown: dict[datetime, int] = {}
        for n, wall in enumerate(self.walls):
            self._first_shown.setdefault(wall, n)

    def comes_to(self, wall: datetime) -> int:
        """The first minute in which the wall has come so far."""
        return next(n for n, shown in enumerate(self._come_to) if shown >= wall)

    def shows(self, wall: datetime) -> int | None:
        """The first minute in which the wall shows this, if it ever does."""
        return self._first_shown.get(wall)


def slow_starts(
    clock: Watched, openings: Sequence[Opening], *, first: date, last: date, duration: int, step: int
) -> list[datetime]:
    """When slots of so many minutes start; those of the first resource, every so many minutes on the wall."""
    days = [first + n * A_DAY for n in range(-2, (last - first).days + 3)]
    open_minutes = [_open_minutes(clock, opening, days) for opening in openings]
    found = set()
    for day in days:
        for opens, closes in openings[0].walls(day):
            for n in range(int((closes - opens) / A_MINUTE)):
                wall = opens + n * A_MINUTE
                begins = clock.shows(wall)
                if n % step or begins is None or not first <= wall.date() <= last:
                    continue
                if all(is_open[begins + m] for is_open in open_minutes for m in range(duration)):
                    found.add(clock.minutes[begins])
    return sorted(found)


def _open_minutes(clock: Watched, opening: Opening, days: Sequence[date]) -> list[bool]:
    is_open = [False] * len(clock.minutes)
    for day in days:
        for opens, closes in opening.walls(day):
            for n in range(clock.comes_to(opens), clock.comes_to(closes)):
                is_open[n] = True
    return is_open

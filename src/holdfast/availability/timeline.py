"""Periods in order of time, made to be asked many questions: what is open, what is in the way."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable

from holdfast.kernel.period import Period


class Timeline:
    """Periods, each with the name of those who share it; no name means that nobody does.

    Periods of one name are joined where they meet. Those of different names never meet: of opening hours
    that is true because they have no names, of what is kept because the database refuses it.
    """

    def __init__(self, periods: Iterable[tuple[Period, str]]) -> None:
        self._periods: list[tuple[Period, str]] = []
        for period, name in sorted(set(periods)):
            last, last_name = self._periods[-1] if self._periods else (None, "")
            if last is not None and name == last_name and period.start <= last.end:
                self._periods[-1] = (Period(last.start, max(last.end, period.end)), name)
            else:
                self._periods.append((period, name))
        self._starts = [period.start for period, _ in self._periods]

    def covers(self, period: Period) -> bool:
        """Whether one of the periods has all of this one."""
        before = bisect_right(self._starts, period.start)
        return before > 0 and self._periods[before - 1][0].covers(period)

    def is_free(self, period: Period, *, shared_by: str) -> bool:
        """Whether nothing meets this period but what is shared by the same name."""
        for n in range(bisect_left(self._starts, period.end) - 1, -1, -1):
            kept, name = self._periods[n]
            if kept.end <= period.start:
                return True
            if not name or name != shared_by:
                return False
        return True

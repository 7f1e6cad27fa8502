"""The seats of a pool: which are free, which to take, and when none is left. Pure functions.

A pool never fragments. Its seats are alike, so a customer who cannot have one seat from start to end has one
after the other: what counts is that at no moment more are out than there are. Because periods are intervals,
that also means that a real seat can always be found for everybody who comes, without anybody moving.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from holdfast.kernel.errors import SlotTaken
from holdfast.kernel.period import Period


@dataclass(frozen=True, order=True)
class Seated:
    """One seat of a pool, numbered from 1, for one period."""

    period: Period
    seat: int


def seats_for(wanted: Iterable[Period], *, capacity: int, kept: Iterable[Seated]) -> list[Seated]:
    """A seat for every wanted period: the lowest free one, or several in turn where none is free so long.

    A period that is wanted twice gets two seats. Raises SlotTaken when at some moment none is left.
    """
    there, found = list(kept), list[Seated]()
    for period in sorted(wanted):
        had = _seats_of_one(period, capacity, [one for one in there if one.period.overlaps(period)])
        found += had
        there += had
    return found


def full_periods(kept: Iterable[Period], *, capacity: int) -> Iterator[Period]:
    """When no seat is left: as many or more are kept at once as there are."""
    out, since = 0, None
    for moment, change in sorted(_changes(kept)):
        was_full, out = out >= capacity, out + change
        if not was_full and out >= capacity:
            since = moment
        elif was_full and out < capacity and since is not None and since < moment:
            yield Period(since, moment)


def seats_left(period: Period, *, capacity: int, kept: Iterable[Period]) -> int:
    """How many seats are free all through a period, if a customer may change seats."""
    out = most = 0
    for _, change in sorted(_changes(one for one in kept if one.overlaps(period))):
        out += change
        most = max(most, out)
    return max(0, capacity - most)


def seats_left_each(periods: Sequence[Period], *, capacity: int, kept: Mapping[Period, int]) -> list[int]:
    """The same for each of several periods that do not meet, such as nights; each is kept so many times."""
    whole = set(periods)
    others = [one for one, times in kept.items() if one not in whole for _ in range(times)]
    return [max(0, seats_left(one, capacity=capacity, kept=others) - kept.get(one, 0)) for one in periods]


def _changes(kept: Iterable[Period]) -> Iterator[tuple[datetime, int]]:
    """One out at each start, one back at each end; at the same moment, back comes first."""
    for period in kept:
        yield period.start, 1
        yield period.end, -1


def _seats_of_one(period: Period, capacity: int, kept: Sequence[Seated]) -> list[Seated]:
    pieces = _pieces(period, kept)
    free = [_free_seats(piece, capacity, kept) for piece in pieces]
    if not all(free):
        raise SlotTaken
    found: list[Seated] = []
    first = 0
    while first < len(pieces):
        lasts = {seat: _last_free(seat, free, first) for seat in free[first]}
        seat = min(lasts, key=lambda seat: (-lasts[seat], seat))
        found.append(Seated(Period(pieces[first].start, pieces[lasts[seat]].end), seat))
        first = lasts[seat] + 1
    return found


def _pieces(period: Period, kept: Sequence[Seated]) -> list[Period]:
    """The period, cut wherever somebody else comes or goes."""
    comings = {moment for one in kept for moment in (one.period.start, one.period.end) if moment in period}
    return [Period(start, end) for start, end in pairwise(sorted({period.start, period.end} | comings))]


def _free_seats(piece: Period, capacity: int, kept: Sequence[Seated]) -> set[int]:
    """None either when as many are out as there are: some may have numbers beyond a capacity that shrank."""
    out = {one.seat for one in kept if one.period.overlaps(piece)}
    return set() if len(out) >= capacity else set(range(1, capacity + 1)) - out


def _last_free(seat: int, free: Sequence[set[int]], first: int) -> int:
    """The last piece in a row from ``first`` on for which this seat is free."""
    taken = (n for n in range(first, len(free)) if seat not in free[n])
    return next(taken, len(free)) - 1

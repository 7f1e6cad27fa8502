"""Times that a crowd wants: who asks for one that has just been lost is told before anything is written.

To each of the crowd the claim says that the slot is taken, but late: an order has been written down for
nothing by then. So each process remembers for a minute the times that it has seen lost, and looks at one of
these before it writes. This spares work and decides nothing; a time that looks free is for the claim to say.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

Times = Sequence[tuple[int, datetime]]  # offerings and starts

REMEMBERED_FOR = timedelta(minutes=1)
MOST = 1_000

_lost: dict[tuple[int, datetime], datetime] = {}


def note_lost(times: Times, *, now: datetime) -> None:
    """Somebody could not have all of these times."""
    if len(_lost) + len(times) > MOST:
        _lost.clear()
    _lost.update(dict.fromkeys(times, now + REMEMBERED_FOR))


def lost_lately(times: Times, *, now: datetime) -> bool:
    """Whether this process has seen one of these times lost a moment ago."""
    return any(now < _lost.get(time, now) for time in times)  # one look: another thread may clear it


def forget_all() -> None:
    """Know of no time that was lost, as a process that has just been started."""
    _lost.clear()

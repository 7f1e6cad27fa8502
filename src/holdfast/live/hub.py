"""One reader, many listeners: what has changed is handed to those who may see it, and waits for them there.

All of it is in one event loop. A listener who does not keep up loses what waits, and is told so: memory is
bounded by the number of listeners, whatever they do.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from holdfast.flows.following import Change, Cursor, Scope
from holdfast.kernel.errors import TooMany

WAITING_AT_MOST = 100  # changes, for one listener


class Listener:
    """Somebody who listens: to what, from where on, and what waits to be told."""

    def __init__(self, scopes: Sequence[Scope], since: Cursor) -> None:
        self.scopes, self.since = scopes, since
        self.has_lost = False
        self.woken = asyncio.Event()
        self._waiting: deque[Change] = deque()

    def sees(self, change: Change) -> bool:
        return any(scope.sees(change) for scope in self.scopes)

    def hand(self, change: Change) -> None:
        """Let a change wait here; too many are lost, all of them."""
        if len(self._waiting) == WAITING_AT_MOST:
            self._waiting.clear()
            self.has_lost = True
        self._waiting.append(change)
        self.woken.set()

    def take(self) -> list[Change]:
        """What waits, which waits no longer; nothing of it where something before it was lost."""
        taken = [] if self.has_lost else list(self._waiting)
        self._waiting.clear()
        self.woken.clear()
        return taken


class Hub:
    """Everybody who listens in this process. ``position`` is how far its reader has come."""

    def __init__(self) -> None:
        self.position = Cursor()
        self.reads = asyncio.Event()  # else nothing is told, and nobody can be asked who may listen
        self._has_begun = False
        self.closing = asyncio.Event()
        self.listeners: set[Listener] = set()
        self._by_whose: defaultdict[str | int, set[Listener]] = defaultdict(set)
        self._places: Counter[str] = Counter()

    def begin(self, latest: Cursor) -> None:
        """The reader reads. The first time it begins with what comes now; later it goes on where it was."""
        if not self._has_begun:
            self.position, self._has_begun = latest, True
        self.reads.set()

    @property
    def is_reading(self) -> bool:
        return self.reads.is_set()

    def publish(self, changes: Sequence[Change]) -> None:
        """Hand on what the reader has read, in its order."""
        for change in changes:
            of_booking = self._by_whose.get(change.update.reference, set())
            for listener in of_booking | self._by_whose.get(change.business, set()):
                if listener.sees(change):
                    listener.hand(change)
            self.position = change.cursor

    @contextmanager
    def listening(self, scopes: Sequence[Scope]) -> Iterator[Listener]:
        """Somebody listens from now on, as long as this lasts."""
        listener = Listener(scopes, since=self.position)
        self.listeners.add(listener)
        for scope in scopes:
            self._by_whose[scope.whose].add(listener)
        try:
            yield listener
        finally:
            self.listeners.discard(listener)
            for whose in {scope.whose for scope in scopes}:
                self._by_whose[whose].discard(listener)
                if not self._by_whose[whose]:
                    del self._by_whose[whose]

    @contextmanager
    def a_place(self, limits: Mapping[str, int]) -> Iterator[None]:
        """Be counted under every name as long as this lasts. Raises TooMany beyond a limit (0: none)."""
        if any(limit and self._places[name] >= limit for name, limit in limits.items()):
            raise TooMany(retry_after=FULL_FOR)
        self._places.update(limits.keys())
        try:
            yield
        finally:
            self._places.subtract(limits.keys())
            self._places += Counter()  # forgets those who have left

    def close(self) -> None:
        """Let everybody go: they come back to whoever serves next."""
        self.closing.set()
        for listener in self.listeners:
            listener.woken.set()


FULL_FOR = 30  # seconds until it is worth while to try again

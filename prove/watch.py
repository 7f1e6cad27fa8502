"""How long the books take to balance after a restart, seen from outside twice a second."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

import psycopg

from .books import NOTHING, differences, gateways_books, our_books
from .killer import Kill
from .stack import Stack

EVERY = 0.5  # seconds


@dataclass(frozen=True)
class Look:
    """``open``: the payments of which the gateway knew something then that our books did not.

    Money that came although the gateway had said no first, and so gave us no reason to ask soon, is ``late``.
    """

    at: float
    open: frozenset[str]
    late: frozenset[str]


class Watch(threading.Thread):
    """Looks until ``stop``. While the database cannot be reached there is nothing to be seen."""

    def __init__(self, stack: Stack) -> None:
        super().__init__(name="watch", daemon=True)
        self.looks: list[Look] = []
        self._stack = stack
        self._closing = threading.Event()

    def run(self) -> None:
        while not self._closing.wait(EVERY):
            try:
                self.looks.append(look(self._stack))
            except (psycopg.Error, sqlite3.OperationalError):
                continue  # it has just been killed, or is being written to

    def stop(self) -> None:
        """One last look, when nothing is killed any more."""
        self._closing.set()
        self.join()
        self.looks.append(look(self._stack))

    def took(self, kills: Sequence[Kill]) -> list[float]:
        """Of each restart the seconds until all was written down that was open when it came back."""
        return [self._took(kill) for kill in kills]

    def _took(self, kill: Kill) -> float:
        later = [look for look in self.looks if look.at >= kill.back_at]
        if not later:
            return 0.0
        left = later[0].open - later[0].late
        balanced_at = kill.back_at
        for look in later:
            if not left:
                break
            left &= look.open - look.late
            balanced_at = look.at
        return balanced_at - kill.back_at if not left else float("inf")


def look(stack: Stack) -> Look:
    """Both books as they are now. Ours are read last: what we know by then may be newer, not older."""
    theirs = gateways_books(stack.books)
    with psycopg.connect(stack.database_url) as connection:
        ours = our_books(connection)
    known = {reference for reference in theirs if reference in ours}
    open_now = frozenset(
        reference
        for reference in differences(theirs, {name: ours[name] for name in known})
        if theirs[reference].knows_more_than(ours.get(reference, NOTHING))
    )
    late = frozenset(reference for reference in open_now if ours.get(reference, NOTHING).given_up)
    return Look(time.time(), open_now, late)

"""SIGKILL for web, worker and PostgreSQL at random moments, and each of them started again."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from random import Random

import httpx
import psycopg

from .stack import Stack

LONGEST_DOWN = 1.0  # seconds
BACK_WITHIN = 120.0
WAITS = 1.0  # seconds at most from the booking that a kill is due at to the kill: into the midst of it


@dataclass(frozen=True)
class Kill:
    """``at`` and ``back_at`` by time.time(): when it was killed, and when it was started again."""

    name: str
    at: float
    back_at: float


@dataclass(frozen=True)
class Victim:
    """``serves`` tells, of a stack and the moment of the restart, whether it is there again."""

    weight: int
    kill: Callable[[Stack, Random], None]
    bring_back: Callable[[Stack], None]
    serves: Callable[[Stack, float], bool]


class Killer(threading.Thread):
    """Kills ``count`` times: one for every few bookings, as ``begun`` counts them.

    ``may_begin(n)`` is for those who book: it waits until every kill has been that is due before their n-th.
    """

    def __init__(self, stack: Stack, *, bookings: int, count: int, random: Random) -> None:
        super().__init__(name="killer", daemon=True)
        self.kills: list[Kill] = []
        self.error: BaseException | None = None
        self._stack, self._random = stack, random
        self._due = sorted(random.sample(range(1, bookings + 1), count))  # at the start of these bookings
        self._begun = 0
        self._changed = threading.Condition()

    def may_begin(self, number: int) -> None:
        """Come back when this booking may begin, and count it."""
        with self._changed:
            self._changed.wait_for(lambda: self._done or number <= self._due[len(self.kills)])
            self._begun = max(self._begun, number)
            self._changed.notify_all()

    def run(self) -> None:
        try:
            while not self._done:
                self._wait_until_due()
                self._kill_one()
        except BaseException as error:
            with self._changed:
                self.error = error
                self._due.clear()  # nobody waits for a kill that will not come
                self._changed.notify_all()
            raise

    @property
    def _done(self) -> bool:
        return len(self.kills) >= len(self._due)

    def _wait_until_due(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._begun >= self._due[len(self.kills)])
        time.sleep(self._random.uniform(0, WAITS))

    def _kill_one(self) -> None:
        name = self._random.choices(list(VICTIMS), [victim.weight for victim in VICTIMS.values()])[0]
        victim = VICTIMS[name]
        at = time.time()
        victim.kill(self._stack, self._random)
        time.sleep(self._random.uniform(0, LONGEST_DOWN))
        victim.bring_back(self._stack)
        back_at = time.time()
        # A process that is killed before it has come up is no test of anything.
        serves = partial(victim.serves, self._stack, back_at)
        self._stack.wait_until(serves, what=f"the {name} after a kill", within=BACK_WITHIN)
        with self._changed:
            self.kills.append(Kill(name, at, back_at))
            self._changed.notify_all()

    def counted(self) -> Counter[str]:
        return Counter(kill.name for kill in self.kills)


def _kill_postmaster(stack: Stack, random: Random) -> None:
    pid = int((stack.postgres.data / "postmaster.pid").read_text().split()[0])
    os.kill(pid, signal.SIGKILL)


def _kill_backend(stack: Stack, random: Random) -> None:
    """One of the server's processes, in the middle of its work if any is: the server starts itself anew."""
    others = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with psycopg.connect(stack.database_url, autocommit=True) as connection:
        found = connection.execute(f"{others} ORDER BY state = 'idle', backend_start LIMIT 4").fetchall()
    if found:
        os.kill(random.choice(found)[0], signal.SIGKILL)
    else:
        _kill_postmaster(stack, random)


def _start_postgres(stack: Stack) -> None:
    stack.postgres.start()


def _site_serves(stack: Stack, since: float) -> bool:
    with suppress(httpx.TransportError):
        return stack.http.get("/readyz").status_code == 200
    return False


def _worker_beats(stack: Stack, since: float) -> bool:
    beaten = "SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > to_timestamp(%s)"
    with suppress(psycopg.OperationalError), psycopg.connect(stack.database_url) as connection:
        row = connection.execute(beaten, [since]).fetchone()
        return bool(row and row[0])
    return False


VICTIMS = {
    "web": Victim(3, lambda stack, _: stack.kill("web"), lambda stack: stack.bring_back("web"), _site_serves),
    "worker": Victim(
        4, lambda stack, _: stack.kill("worker"), lambda stack: stack.bring_back("worker"), _worker_beats
    ),
    "PostgreSQL": Victim(2, _kill_postmaster, _start_postgres, _site_serves),
    "a backend of PostgreSQL": Victim(1, _kill_backend, _start_postgres, _site_serves),
}

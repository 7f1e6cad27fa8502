"""The clients: threads in as many processes as the web server has, so that Python costs what it does there.

Each books for itself. They are started once, and given one task after the other.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Thread
from typing import Any

from bench.figures import Run
from bench.server import BenchFailed
from holdfast.project.demo import WEB_WORKERS

from . import gateway
from .booker import Booker
from .practice import Share

WARM_UP = 5  # bookings of each client before anything is measured
STARTS_IN = 0.2  # seconds from the word to the start, so that all clients start as one


@dataclass(frozen=True)
class Task:
    """Do something again and again, between two moments of the monotonic clock, while there is more of it."""

    step: Callable[[Booker], None]
    starts_at: float
    until: float
    is_more: Callable[[Booker], bool]


@dataclass(frozen=True)
class Done:
    took: list[float]
    ended_at: float
    processor: float


def always(booker: Booker) -> bool:
    return True


class Clients:
    """The running clients, as the bench speaks to them."""

    def __init__(self, pipes: Sequence[Connection], log: Path) -> None:
        self._pipes, self._log = pipes, log

    def warm_up(self) -> None:
        for _ in range(WARM_UP):
            self._ask_all(Booker.book_and_pay)

    def requests(self, seconds: float) -> Run:
        """Booking requests, as many as there can be. ``settlements`` settles them."""
        run = self._measure(Booker.request, seconds)
        self._ask_all(Booker.find_payments)
        return run

    def settlements(self, seconds: float) -> Run:
        """Settlements of what has been requested."""
        return self._measure(Booker.settle, seconds, is_more=Booker.has_to_settle)

    def paid_bookings(self, seconds: float) -> Run:
        """Request and settlement of one booking after the other."""
        return self._measure(Booker.book_and_pay, seconds)

    def statements(self) -> dict[str, int]:
        """How many statements a request and a settlement take, as one client counts them."""
        return dict(self._answers(self._pipes[:1], Booker.statements)[0])

    def _measure(
        self, step: Callable[[Booker], None], seconds: float, *, is_more: Callable[[Booker], bool] = always
    ) -> Run:
        starts_at = time.monotonic() + STARTS_IN
        done = self._ask_all(Task(step, starts_at, starts_at + seconds, is_more))
        elapsed = max(one.ended_at for one in done) - starts_at
        took = [took for one in done for took in one.took]
        return Run(took, elapsed, processor=sum(one.processor for one in done))

    def _ask_all(self, what: Any) -> list[Any]:
        return self._answers(self._pipes, what)

    def _answers(self, pipes: Sequence[Connection], what: Any) -> list[Any]:
        try:
            for pipe in pipes:
                pipe.send(what)
            return [pipe.recv() for pipe in pipes]
        except (EOFError, ConnectionError):
            raise BenchFailed(f"A client has failed; {self._log} says why.") from None


@contextmanager
def running_clients(shares: Sequence[Share], *, log: Path) -> Iterator[Clients]:
    """A client for each share, warmed up. They end with the block."""
    spawn = get_context("spawn")
    pairs = [spawn.Pipe() for _ in shares]
    theirs = [(pipe, share) for (_, pipe), share in zip(pairs, shares, strict=True)]
    processes = [
        spawn.Process(target=serve_all, args=(theirs[n::WEB_WORKERS], log), daemon=True)
        for n in range(WEB_WORKERS)
    ]
    for process in processes:
        process.start()
    for pipe, _ in theirs:
        pipe.close()
    clients = Clients([ours for ours, _ in pairs], log)
    try:
        clients.warm_up()
        yield clients
    finally:
        for ours, _ in pairs:
            ours.close()
        for process in processes:
            process.join()


def serve_all(clients: Sequence[tuple[Connection, Share]], log: Path) -> None:
    """The life of one process: a thread for each of its clients."""
    with log.open("a") as kept:
        for stream in (1, 2):
            os.dup2(kept.fileno(), stream)
    gateway.register()
    threads = [Thread(target=serve, args=client) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def serve(pipe: Connection, share: Share) -> None:
    """The life of one client: what it is asked, it does and answers, until its pipe is closed."""
    booker = Booker(share)
    with pipe:
        for asked in _asked(pipe):
            pipe.send(_carry_out(asked, booker) if isinstance(asked, Task) else asked(booker))


def _asked(pipe: Connection) -> Iterator[Any]:
    with suppress(EOFError, ConnectionError):  # the bench has what it wanted, or is gone
        while True:
            yield pipe.recv()


def _carry_out(task: Task, booker: Booker) -> Done:
    took: list[float] = []
    time.sleep(max(0.0, task.starts_at - time.monotonic()))
    ended_at, processor = task.starts_at, time.thread_time()
    while ended_at < task.until and task.is_more(booker):
        began_at = time.monotonic()
        task.step(booker)
        ended_at = time.monotonic()
        took.append(ended_at - began_at)
    return Done(took, ended_at, time.thread_time() - processor)

"""Troubles that end again: what they are, and what visitors may be answered while they last."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

import psycopg

from tests.support.sandbox import start_sandbox

from .checks import TROUBLE
from .proxy import SlowRoad
from .stack import Stack

SLOW_CALLS = ("token", "pay", "status", "refund", "refund_status")
A_SLOW_CALL = 14  # seconds, of the 15 that we wait
A_SLOW_STATEMENT = 0.05  # seconds more than it would take


@dataclass(frozen=True)
class Place:
    """Where troubles happen: the processes, and the road between them and their database."""

    stack: Stack
    road: SlowRoad


@dataclass(frozen=True)
class Trouble:
    """``breaks`` says that the database refuses, and as what in the list of kills that counts.

    Visitors may then be told to come again; whoever is answered anything else has met a bug.
    """

    begin: Callable[[Place], AbstractContextManager[None]]
    breaks: str = ""

    @property
    def answers(self) -> frozenset[str]:
        return frozenset({"200", "503"} if self.breaks else {"200"})


@contextmanager
def slow_gateway(place: Place) -> Iterator[None]:
    """Every call is heard, and answered after 14 seconds."""
    sandbox = place.stack.sandbox
    for call in SLOW_CALLS:
        sandbox.arm(f"{call}_timeout_after", times=1_000_000, seconds=A_SLOW_CALL)
    yield
    sandbox.disarm()


@contextmanager
def dead_gateway(place: Place) -> Iterator[None]:
    """Nobody listens there any more; then it is back, with its books."""
    old = place.stack.sandbox
    old.stop()
    yield
    place.stack.sandbox = start_sandbox(
        port=int(old.url.rpartition(":")[2]),
        data=place.stack.books,
        webhook_url=place.stack.webhook_url("phonepe"),
    )


@contextmanager
def slow_database(place: Place) -> Iterator[None]:
    """Every statement takes 50 ms longer."""
    place.road.delay = A_SLOW_STATEMENT
    yield
    place.road.delay = 0


@contextmanager
def full_pool(place: Place) -> Iterator[None]:
    """Somebody locks a table that every booking needs: each connection of every pool waits there."""
    with psycopg.connect(place.stack.database_url) as connection:
        connection.execute("LOCK TABLE holdfast_orders_order IN ACCESS EXCLUSIVE MODE")
        time.sleep(2)
        yield


TROUBLES = {
    "slow gateway": Trouble(slow_gateway),
    "dead gateway": Trouble(dead_gateway),
    "slow database": Trouble(slow_database),
    "full connection pool": Trouble(full_pool, breaks=TROUBLE),
}

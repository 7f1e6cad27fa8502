"""What is measured, in which order. Import it only once the environment says where the database is."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.db import connections

from .application import gateway
from .application.booker import Booker
from .application.clients import Clients, running_clients
from .application.gateway import Instant
from .application.history import copy_the_only_booking
from .application.over_http import HttpClients
from .application.practice import Person, Share, new_business, new_people, shares, with_tokens
from .figures import Measure, Run
from .pgbench import PLACE, SETTLE, Floor, statements
from .server import settle_down
from .web import running_sandbox, running_web

CUSTOMERS = 8_000
# What the sandbox's merchant is called there.
MERCHANT = {
    "client_id": "HOLDFAST_DEMO",
    "client_secret": "holdfast-demo-secret",
    "client_version": "1",
    "webhook_username": "simuser",
    "webhook_password": "Sim12345",
}


@dataclass(frozen=True)
class Size:
    """How much is measured: runs of ours take ``seconds`` each, the floor's ``count`` transactions each."""

    runs: int
    seconds: float
    count: int
    bookings: int  # that the tables hold before, the floor's and ours
    clients: int = 8


FULL = Size(runs=5, seconds=2, count=6_000, bookings=100_000)
QUICK = Size(runs=1, seconds=2, count=4_000, bookings=10_000)


@dataclass(frozen=True)
class Figures:
    """Everything that was measured in-process; ``paid`` is one of ``measures``."""

    measures: Sequence[Measure]
    paid: Measure


def in_process(floor: Floor, size: Size, *, log: Path) -> Figures:
    """Floor and application by turns, so that whatever else the machine does is in the way of both."""
    log.unlink(missing_ok=True)
    offerings = new_business("in-process", gateway=Instant.name)
    people = new_people(CUSTOMERS, prefix="in-process-", network=18)
    _remember(offerings, people[:1], size.bookings)
    _leave_the_database()
    with running_clients(shares(offerings, people, clients=size.clients), log=log) as clients:
        return _by_turns(floor, clients, size)


def _remember(offerings: Sequence[int], people: Sequence[Person], bookings: int) -> None:
    """The application's tables hold as many bookings as the floor's."""
    gateway.register()
    logging.disable(logging.INFO)  # in this process: the clients have a log of their own
    Booker(Share(offerings, people), first_day=1).book_and_pay()
    copy_the_only_booking(bookings)


def _by_turns(floor: Floor, clients: Clients, size: Size) -> Figures:
    counted = clients.statements()
    place = Measure("floor: place", statements(PLACE))
    settle = Measure("floor: settle", statements(SETTLE))
    both = Measure("floor: place and settle", statements(PLACE, SETTLE))
    requests = Measure("booking requests", counted["request"], beside=place)
    settlements = Measure("settlements", counted["settlement"], beside=settle)
    paid = Measure("paid bookings", sum(counted.values()), beside=both)
    turns: Sequence[tuple[Measure, Callable[[], Run]]] = (
        (place, lambda: floor.place(size.count)),
        (settle, lambda: floor.settle(size.count)),
        (both, lambda: floor.both(size.count // 2)),
        (requests, lambda: clients.requests(size.seconds)),
        (settlements, lambda: clients.settlements(size.seconds)),
        (paid, lambda: clients.paid_bookings(size.seconds)),
    )
    for _ in range(size.runs):
        for measure, run in turns:
            measure.runs.append(run())
    return Figures([measure for measure, _ in turns], paid)


def over_http(size: Size, *, logs: Path) -> Measure:
    """The booking request as the world sends it, answered by the demo's web server and the sandbox."""
    measure = Measure("booking requests over HTTP")
    with running_sandbox(logs / "sandbox.log") as sandbox:
        phonepe = f"{sandbox.url}/phonepe/apis"
        addresses = {"pg": f"{phonepe}/pg-sandbox", "oauth": f"{phonepe}/identity-manager"}
        offerings = new_business("over-http", gateway="phonepe", credentials=MERCHANT, base_urls=addresses)
        people = with_tokens(new_people(CUSTOMERS // 2, prefix="over-http-", network=19))
        _leave_the_database()
        with running_web(os.environ, log=logs / "web.log") as url:
            clients = HttpClients(url, shares(offerings, people, clients=size.clients))
            clients.requests(seconds=1)  # both of its processes have then seen a request
            measure.runs.extend(clients.requests(size.seconds) for _ in range(size.runs))
    return measure


def _leave_the_database() -> None:
    """What has been filled in is there to be measured; this process is none of the clients."""
    connections.close_all()
    settle_down(os.environ["DATABASE_URL"])

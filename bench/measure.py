"""Bookings beside the floor, and over HTTP. Import it only once the environment knows the database."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence

from .application import gateway
from .application.booker import Booker
from .application.carts import statements_of_a_cart
from .application.clients import Clients, running_clients
from .application.gateway import Instant
from .application.history import copy_the_only_booking
from .application.over_http import HttpClients
from .application.practice import Person, Share, new_business, new_people, shares
from .application.site import leave_the_database, running_site
from .figures import Found, Measure, Promise, Run
from .pgbench import PLACE, SETTLE, Floor, statements
from .sizes import Place, Size

CUSTOMERS = 8_000
SHARE = 0.10  # of the floor, at least
A_REQUEST, A_SETTLEMENT = 20, 16  # statements at most
A_CART, A_CARTS_SETTLEMENT = 32, 26  # of three services and a promo code


def paid_bookings(place: Place, size: Size) -> Found:
    """Floor and application by turns, so that whatever else the machine does is in the way of both."""
    log = place.logs / "clients.log"
    log.unlink(missing_ok=True)
    to_settle = size.runs * size.count
    floor = Floor(place.server, bookings=size.bookings, to_settle=to_settle, clients=size.clients)
    offerings = new_business("in-process", gateway=Instant.name)
    people = new_people(CUSTOMERS, prefix="in-process-", network=18)
    _remember(offerings, people[:1], size.bookings)
    cart = statements_of_a_cart(Share(offerings, people))
    leave_the_database()
    with running_clients(shares(offerings, people, clients=size.clients), log=log) as clients:
        return _by_turns(floor, clients, size, cart=cart)


def _remember(offerings: Sequence[int], people: Sequence[Person], bookings: int) -> None:
    """The application's tables hold as many bookings as the floor's."""
    gateway.register()
    logging.disable(logging.INFO)  # in this process: the clients have a log of their own
    Booker(Share(offerings, people), first_day=1).book_and_pay()
    copy_the_only_booking(bookings)


def _by_turns(floor: Floor, clients: Clients, size: Size, *, cart: Mapping[str, int]) -> Found:
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
    return Found(
        [measure for measure, _ in turns],
        [
            _share_of_the_floor(paid),
            _few_statements("statements: request, settlement", counted, (A_REQUEST, A_SETTLEMENT)),
            _few_statements("statements: cart, settlement", cart, (A_CART, A_CARTS_SETTLEMENT)),
        ],
        [f"paid bookings per second: {paid.a_second:.0f}", f"share of the floor: {paid.share:.2f}"],
    )


def _share_of_the_floor(paid: Measure) -> Promise:
    share = paid.share or 0.0
    return Promise("paid booking, of the floor", f"{share:.2f}", "0.10", share >= SHARE)


def _few_statements(of: str, counted: Mapping[str, int], limits: tuple[int, int]) -> Promise:
    found = (counted["request"], counted["settlement"])
    kept = all(one <= limit for one, limit in zip(found, limits, strict=True))
    return Promise(of, "{} and {}".format(*found), "{} and {}".format(*limits), kept)


def over_http(place: Place, size: Size) -> Found:
    """The booking request as the world sends it, answered by the demo's web server and the sandbox."""
    measure = Measure("booking requests over HTTP")
    with running_site(place, "over-http", customers=CUSTOMERS // 2, network=19) as site:
        clients = HttpClients(site.url, shares(site.offerings, site.people, clients=size.clients))
        clients.requests(seconds=1)  # both of its processes have then seen a request
        measure.runs.extend(clients.requests(size.seconds) for _ in range(size.runs))
    return Found([measure])

"""The list of a customer with very many bookings, beside that of one with few: statements, and time."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from django.test import Client

from bench.figures import Found, Promise
from bench.server import BenchFailed, settle_down
from bench.sizes import Place, Size
from holdfast.platform.customers import customer_of
from holdfast.platform.db import transaction
from holdfast.platform.models import User
from tests.support.statements import count_statements

from . import gateway
from .booker import Booker
from .database import in_database
from .gateway import Instant
from .history import copy_the_only_booking
from .practice import Person, Share, new_business, new_people, with_tokens
from .server_time import server_time

FEW, MANY = 100, 10_000
ON_A_PAGE = 20
MILLISECONDS = 10.0
LIST = "/api/astrology/bookings/"
WARM_UP, ASKED = 2, 10


@dataclass
class Asked:
    """One page of somebody's list: its statements, and the milliseconds of the server and of everything."""

    client: Client
    person: Person
    page: int
    statements: int = 0
    in_server: list[float] = field(default_factory=list)
    in_all: list[float] = field(default_factory=list)

    def ask(self) -> None:
        """Look at it again and again."""
        for _ in range(WARM_UP):
            self._look()
        with count_statements() as statements:
            self._look()
        self.statements = len(statements)
        for _ in range(ASKED):
            with server_time() as spent:
                began_at = time.perf_counter()
                self._look()
                self.in_all.append(1000 * (time.perf_counter() - began_at))
            self.in_server.append(sum(spent))

    def _look(self) -> None:
        headers = {
            "Authorization": f"Bearer {self.person.token}",
            "X-Forwarded-For": self.person.address,
            "Host": "localhost",
        }
        page = {"page": str(self.page), "page_size": str(ON_A_PAGE)}
        answer = self.client.get(LIST, page, headers=headers)
        if answer.status_code != 200 or len(answer.json()["results"]) != ON_A_PAGE:
            raise BenchFailed(f"The list was answered with {answer.status_code}: {answer.content[:500]!r}")


def long_list(place: Place, size: Size) -> Found:
    """The first page and the last, of few and of many bookings, by turns."""
    url = place.server.new_database("list", like="migrated")
    with in_database("list"):
        few, many = _people_with_bookings(size.bookings)
        settle_down(url)
        client = Client()
        asked = [
            Asked(client, person, page)
            for person, last in ((few, FEW), (many, MANY))
            for page in (1, last // ON_A_PAGE)
        ]
        for _ in range(size.runs):
            for one in asked:
                one.ask()
    return Found(promises=[_promise("first", asked[0::2]), _promise("last", asked[1::2])])


def _people_with_bookings(others: int) -> Sequence[Person]:
    """Two customers, with few bookings and with many, among so many of others."""
    gateway.register()
    logging.disable(logging.INFO)  # in this process, which is not what is measured
    offerings = new_business("list", gateway=Instant.name)
    first, *ours = with_tokens(new_people(3, prefix="list-", network=18))
    Booker(Share(offerings, [first]), first_day=1).book_and_pay()
    copy_the_only_booking(others)
    made = others
    for person, bookings in zip(ours, (FEW, MANY), strict=True):
        with transaction():
            customer = customer_of(User.objects.get(pk=person.id))
        copy_the_only_booking(bookings, after=made, of=customer.pk)
        made += bookings
    return ours


def _promise(page: str, asked: Sequence[Asked]) -> Promise:
    few, many = asked
    in_server, in_all = median(many.in_server), median(many.in_all)
    return Promise(
        f"list of a customer with {MANY:,} bookings, {page} page",
        f"{many.statements} statements ({few.statements} with {FEW}), {in_server:.1f} ms of {in_all:.1f}",
        f"as many, {MILLISECONDS:.0f} ms",
        many.statements == few.statements and in_server <= MILLISECONDS,
    )

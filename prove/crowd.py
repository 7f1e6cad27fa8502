"""A crowd of customers at their browsers: threads that take bookings off one list."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from random import Random

import httpx

from .customer import Customer, GaveUp, Seen
from .killer import Killer
from .mailbox import Mailbox
from .mischief import Mischief
from .site import Site
from .stories import STORIES, chosen


@dataclass
class Crowd:
    """``play`` has so many bookings made by so many people, and comes back when all have gone home.

    What is drawn for a booking depends on the seed and its number, and not on who plays it.
    """

    url: str
    site: Site
    seed: str
    mischief: Mischief
    killer: Killer
    mailbox: Mailbox
    seen: Seen = field(default_factory=Seen)
    told_stories: Counter[str] = field(default_factory=Counter)
    gave_up: list[str] = field(default_factory=list)
    _next: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _failures: list[BaseException] = field(default_factory=list)

    def play(self, *, bookings: int, people: int) -> None:
        """Raises whatever broke in one of the threads."""
        threads = [
            threading.Thread(target=self._customer, args=(number, bookings), daemon=True)
            for number in range(people)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self._failures:
            raise self._failures[0]

    def _customer(self, number: int, bookings: int) -> None:
        trades = list(self.site.offerings)
        trade = trades[number % len(trades)]
        customer = Customer(
            self.url,
            self.site.customers[number],
            trade=trade,
            offerings=self.site.offerings,
            seen=self.seen,
            mailbox=self.mailbox,
        )
        try:
            while (booking := self._take()) <= bookings:
                self.killer.may_begin(booking)
                self._tell(customer, f"{self.seed}:{booking}")
        except BaseException as error:
            self._failures.append(error)
            raise

    def _take(self) -> int:
        with self._lock:
            self._next += 1
            return self._next

    def _tell(self, customer: Customer, seed: str) -> None:
        """One booking from its first look to its end, with the faults that are drawn for it."""
        random, faults = Random(seed), Random(f"{seed}:faults")
        story = chosen(random)
        self.told_stories[story] += 1
        try:
            self.mischief.before(customer.trade.gateway, faults)
            opened = customer.book(random)
            self.mischief.during(customer.trade.gateway, opened.reference, faults)
            STORIES[story].play(customer, opened, random)
        except (GaveUp, httpx.TransportError) as error:
            self.gave_up.append(f"{story}: {error}")

"""Customers who book and pay, one booking after the other, until they are told to stop."""

from __future__ import annotations

import threading
from random import Random

import httpx

from .customer import Customer, GaveUp, Seen
from .site import Site
from .stories import pays

THINKS = (1.0, 4.0)  # seconds from one booking to the next


class Buyers:
    """``with Buyers(…) as seen``: they buy while the block runs, and finish what they have begun."""

    def __init__(
        self,
        url: str,
        site: Site,
        *,
        seed: str,
        thinks: tuple[float, float] = THINKS,
        trade: str = "astrology",
    ) -> None:
        self._seen, self._thinks = Seen(), thinks
        self._leave = threading.Event()
        self._threads = [
            threading.Thread(target=self._buy, args=(url, email, site, trade, f"{seed}:{email}"), daemon=True)
            for email in site.customers
        ]

    def __enter__(self) -> Seen:
        for thread in self._threads:
            thread.start()
        return self._seen

    def __exit__(self, *raised: object) -> None:
        self._leave.set()
        for thread in self._threads:
            thread.join()

    def _buy(self, url: str, email: str, site: Site, trade: str, seed: str) -> None:
        random = Random(seed)
        customer = Customer(url, email, trade=trade, offerings=site.offerings, seen=self._seen)
        while not self._leave.wait(random.uniform(*self._thinks)):
            try:
                pays(customer, customer.book(random), random)
            except (GaveUp, httpx.TransportError) as lost:
                self._seen.answers[f"gave up: {type(lost).__name__}"] += 1

"""What the gateway does wrong: faults drawn for each booking, armed in the sandbox, and counted."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from random import Random

import httpx

from tests.support.sandbox import Sandbox

from . import faults_of_phonepe, faults_of_stripe
from .books import named_by_us
from .fault import Fault

Counts = Sequence[tuple[int, int]]  # how many faults for one booking, and the weight of that

FEW: Counts = ((0, 60), (1, 40))  # with more of them the breaker stays open, and nobody books
SOME: Counts = ((0, 25), (1, 40), (2, 25), (3, 10))


# By gateway: what happens to whoever comes next, and what to one booking alone.
TABLES = {
    "phonepe": (faults_of_phonepe.ANYBODYS, faults_of_phonepe.ITS_OWN),
    "stripe": (faults_of_stripe.ANYBODYS, faults_of_stripe.ITS_OWN),
}


class Mischief:
    """Arms faults while there is a storm. ``calm`` calls off those that have not happened."""

    def __init__(self, sandbox: Sandbox, books: Path) -> None:
        self._sandbox, self._books = sandbox, books
        self._control = httpx.Client(base_url=sandbox.url, timeout=30)
        self._lock = threading.Lock()
        self._armed: Counter[str] = Counter()
        self.happened: Counter[str] = Counter()

    def before(self, gateway: str, random: Random) -> None:
        """Somebody is about to book."""
        self._arm(gateway, TABLES[gateway][0], FEW, random)

    def during(self, gateway: str, reference: str, random: Random) -> None:
        """Somebody holds a time, and its payment is known by this reference; by Stripe's own, to a guest."""
        only = named_by_us(self._books, reference) if gateway == "stripe" else reference
        self._arm(gateway, TABLES[gateway][1], SOME, random, only=only)

    def calm(self) -> None:
        """From now on the gateway behaves; what has happened until now is counted."""
        left = Counter[str]()
        for fault in self._sandbox.armed():
            left[fault["fault"]] += fault["times"]
        self._sandbox.disarm()
        self.happened = self._armed - left

    def _arm(
        self, gateway: str, table: Sequence[Fault], counts: Counts, random: Random, **limits: str
    ) -> None:
        count = random.choices([count for count, _ in counts], [weight for _, weight in counts])[0]
        for fault in random.choices(table, [fault.weight for fault in table], k=count):
            with self._lock:
                self._armed[fault.name] += int(fault.extra.get("times", 1))
            body = {"gateway": gateway, "fault": fault.name, **fault.extra, **limits}
            self._control.post("/control/faults", json=body).raise_for_status()

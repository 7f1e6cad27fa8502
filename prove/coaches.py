"""Coaches at their browsers: they accept most of what waits for them, and reject the rest."""

from __future__ import annotations

import threading
from collections import Counter
from random import Random

import httpx

from .customer import Customer, GaveUp, Seen
from .site import Site

LOOKS_EVERY = 2.0  # seconds
ACCEPTED = 0.85
WAITING = "/booking/api/bookings/?role=coach&status=paid"


class Coaches:
    """``with Coaches(…)``: they answer while the block runs, and what waits when it ends as well."""

    def __init__(self, url: str, site: Site, *, seed: str) -> None:
        self._seen = Seen()
        self._leave = threading.Event()
        self._threads = [
            threading.Thread(target=self._work, args=(url, email, site, f"{seed}:{email}"), daemon=True)
            for email in site.coaches
            if "coaching" in site.offerings
        ]

    def __enter__(self) -> Coaches:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._leave.set()
        for thread in self._threads:
            thread.join()

    @property
    def answers(self) -> Counter[str]:
        """What they were answered, and how often."""
        return self._seen.answers

    def _work(self, url: str, email: str, site: Site, seed: str) -> None:
        random = Random(seed)
        coach = Customer(url, email, trade="coaching", offerings=site.offerings, seen=self._seen)
        is_last = False
        while not is_last:
            is_last = self._leave.wait(LOOKS_EVERY)
            try:
                self._answer(coach, random)
            except (GaveUp, httpx.TransportError) as lost:
                self._seen.answers[f"a coach gave up: {type(lost).__name__}"] += 1

    def _answer(self, coach: Customer, random: Random) -> None:
        for booking in coach.ask("GET", WAITING, random).json()["bookings"]:
            word = "accept" if random.random() < ACCEPTED else "reject"
            answer = coach.ask("POST", f"/booking/api/booking/{booking['id']}/{word}/", random, json={})
            self._seen.answers[f"{word} {answer.status_code}"] += 1

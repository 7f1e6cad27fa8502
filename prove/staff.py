"""Staff at their browsers: they accept most of what waits for them, and turn the rest away."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

import httpx

from .asking import Json
from .customer import Customer, GaveUp, Seen
from .site import Site
from .stays import HOTEL

LOOKS_EVERY = 2.0  # seconds
ACCEPTED = 0.85


@dataclass(frozen=True)
class Queue:
    """What waits for an answer in one trade: whose it is, where it is listed, and how it is answered."""

    whose: Callable[[Site], Sequence[str]]
    waiting: str
    found: Callable[[Json], Sequence[str]]
    answer: str
    accept: str
    reject: str


HOTELS = f"/api/staff/hotel/{HOTEL}/room-bookings/"
QUEUES = {
    "coaching": Queue(
        whose=lambda site: site.coaches,
        waiting="/booking/api/bookings/?role=coach&status=paid",
        found=lambda said: [booking["id"] for booking in said["bookings"]],
        answer="/booking/api/booking/{booking}/{word}/",
        accept="accept",
        reject="reject",
    ),
    # Two of them look at one list, so that they answer the same at the same time, and not always alike.
    "hotels": Queue(
        whose=lambda site: site.hoteliers,
        waiting=f"{HOTELS}?status=PENDING_APPROVAL",
        found=lambda said: [booking["booking_id"] for booking in said["results"]],
        answer=f"{HOTELS}{{booking}}/{{word}}/",
        accept="approve",
        reject="decline",
    ),
}


class Staff:
    """``with Staff(…)``: they answer while the block runs, and what waits when it ends as well."""

    def __init__(self, url: str, site: Site, *, seed: str) -> None:
        self._seen = Seen()
        self._leave = threading.Event()
        self._threads = [
            threading.Thread(
                target=self._work, args=(url, email, site, trade, f"{seed}:{email}"), daemon=True
            )
            for trade, queue in QUEUES.items()
            if trade in site.offerings
            for email in queue.whose(site)
        ]

    def __enter__(self) -> Staff:
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

    def _work(self, url: str, email: str, site: Site, trade: str, seed: str) -> None:
        random = Random(seed)
        one = Customer(url, email, trade=trade, offerings=site.offerings, seen=self._seen, signs_in=True)
        is_last = False
        while not is_last:
            is_last = self._leave.wait(LOOKS_EVERY)
            try:
                self._answer(one, QUEUES[trade], random)
            except (GaveUp, httpx.TransportError) as lost:
                self._seen.answers[f"one of the staff gave up: {type(lost).__name__}"] += 1

    def _answer(self, one: Customer, queue: Queue, random: Random) -> None:
        for booking in queue.found(one.ask("GET", queue.waiting, random).json()):
            word = queue.accept if random.random() < ACCEPTED else queue.reject
            address = queue.answer.format(booking=booking, word=word)
            answer = one.ask("POST", address, random, json={})
            self._seen.answers[f"{word} {answer.status_code}"] += 1

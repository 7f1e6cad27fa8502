"""Booking requests over HTTP: eight threads, each with a connection that it keeps."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Sequence
from http.client import HTTPConnection
from itertools import cycle
from urllib.parse import urlsplit

from bench.figures import Run
from bench.server import BenchFailed

from .practice import DETAILS, Share, free_slots

BOOK = "/api/astrology/bookings/book-with-payment/"


class HttpClients:
    """Each books slots of its own, for customers with their own tokens and addresses: no limit is lifted."""

    def __init__(self, url: str, shares: Sequence[Share]) -> None:
        self._netloc = urlsplit(url).netloc
        self._orders = [_orders(share) for share in shares]

    def requests(self, seconds: float) -> Run:
        """Booking requests, as many as there can be. The first of all fetches the gateway's token."""
        took: list[float] = []
        refused: list[str] = []
        began_at = time.monotonic()
        threads = [
            threading.Thread(target=self._book, args=(orders, began_at + seconds, took, refused))
            for orders in self._orders
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if refused:
            raise BenchFailed(f"A booking request over HTTP was answered with {refused[0]}")
        return Run(took, time.monotonic() - began_at)

    def _book(
        self,
        orders: Iterator[tuple[bytes, dict[str, str]]],
        until: float,
        took: list[float],
        refused: list[str],
    ) -> None:
        connection = HTTPConnection(self._netloc, timeout=30)
        while time.monotonic() < until and not refused:
            body, headers = next(orders)
            began_at = time.monotonic()
            try:
                connection.request("POST", BOOK, body, headers)
                answer = connection.getresponse()
                said = answer.read()
            except OSError as error:
                refused.append(repr(error))
                break
            took.append(time.monotonic() - began_at)
            if answer.status != 200:
                refused.append(f"{answer.status}: {said[:500]!r}")
        connection.close()


def _orders(share: Share) -> Iterator[tuple[bytes, dict[str, str]]]:
    """Bodies and headers, each for the next slot and as the next customer."""
    for (offering, starts_at), person in zip(free_slots(share), cycle(share.people), strict=False):
        body = DETAILS | {
            "service": offering,
            "preferred_date": starts_at.date().isoformat(),
            "preferred_time": f"{starts_at:%H:%M}",
        }
        headers = {
            "Authorization": f"Bearer {person.token}",
            "Content-Type": "application/json",
            "X-Forwarded-For": person.address,
        }
        yield json.dumps(body).encode(), headers

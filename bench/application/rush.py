"""Very many customers at once, each with a connection that is open already: one client for all of them."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from .practice import DETAILS, Person

BOOK = "/api/astrology/bookings/book-with-payment/"
PATIENCE = 60.0  # seconds for one answer


@dataclass(frozen=True)
class Answer:
    status: int
    took: float
    body: bytes


def rush(url: str, people: Sequence[Person], *, offering: int, day: str, at: str) -> list[Answer]:
    """All of them ask for one slot at the same moment. Their answers, in no order."""
    requests = [_request(person, offering=offering, day=day, at=at) for person in people]
    return asyncio.run(_send_all(url, requests))


def _request(person: Person, **slot: object) -> bytes:
    wanted = DETAILS | {
        "service": slot["offering"],
        "preferred_date": slot["day"],
        "preferred_time": slot["at"],
    }
    body = json.dumps(wanted).encode()
    head = (
        f"POST {BOOK} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {person.token}\r\nX-Forwarded-For: {person.address}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _send_all(url: str, requests: Sequence[bytes]) -> list[Answer]:
    address = urlsplit(url)
    doors = [await asyncio.open_connection(address.hostname, address.port) for _ in requests]
    answers = (_send(request, *door) for request, door in zip(requests, doors, strict=True))
    return await asyncio.gather(*answers)


async def _send(request: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Answer:
    began_at = time.monotonic()
    writer.write(request)
    said = await asyncio.wait_for(reader.read(), PATIENCE)
    took = time.monotonic() - began_at
    writer.close()
    head, _, body = said.partition(b"\r\n\r\n")
    return Answer(int(head.split(None, 2)[1]), took, body)

"""However a stream ends, nothing is left of it: who leaves, who reads nothing, who comes too early."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from holdfast.flows.following import Scope
from holdfast.live import application
from holdfast.live.admission import Admission
from holdfast.live.application import Streams
from holdfast.live.hub import Hub

REQUEST = {"type": "http", "method": "GET", "path": "/live/", "query_string": b"", "headers": []}
ADMITTED = Admission((Scope(business=1),), user=None, ticket=None)


async def stays() -> dict[str, Any]:
    """A caller who says nothing more and does not leave."""
    await asyncio.Event().wait()
    raise AssertionError("nobody has called for this")


async def leaves() -> dict[str, Any]:
    return {"type": "http.disconnect"}


def test_who_leaves_is_forgotten() -> None:
    hub, said = Hub(), list[str]()

    async def send(message: Any) -> None:
        said.append(message["type"])

    asyncio.run(Streams(hub)._stream(ADMITTED, REQUEST, leaves, send))

    assert said[0] == "http.response.start"
    assert not hub.listeners


def test_who_reads_nothing_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(application, "NOT_READ_FOR", 0.01)
    hub = Hub()

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body":
            await asyncio.Event().wait()

    asyncio.run(Streams(hub)._stream(ADMITTED, REQUEST, stays, send))

    assert not hub.listeners


def test_nobody_is_let_in_while_the_database_is_not_read() -> None:
    said: list[Any] = []

    async def send(message: Any) -> None:
        said.append(message)

    asyncio.run(Streams(Hub())(REQUEST, stays, send))

    headers = dict(said[0]["headers"])
    assert said[0]["status"] == 503
    assert headers[b"retry-after"] == b"30"

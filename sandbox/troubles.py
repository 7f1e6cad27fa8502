"""What can go wrong between a merchant and any gateway's API, whatever the call says.

Each trouble becomes a fault for each call of each gateway: ``pay_500_before``, ``status_slow``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send

from sandbox.faults import Armed
from sandbox.world import World

JSON_TYPE = "application/json"


@dataclass(frozen=True)
class Occasion:
    """One call that goes wrong. ``refuse`` says an HTTP status in the gateway's own manner."""

    world: World
    fault: Armed
    refuse: Callable[[int], Response]


Spoil = Callable[[Occasion, Response], Awaitable[Response]]


@dataclass(frozen=True)
class Trouble:
    """``processed``: the gateway does what it was asked before it goes wrong."""

    sentence: str
    processed: bool
    spoil: Spoil


class BrokenResponse(Response):
    """Promises more than it sends, then the connection is gone."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        promised = [(b"content-type", JSON_TYPE.encode()), (b"content-length", b"4096")]
        await send({"type": "http.response.start", "status": 200, "headers": promised})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})


class SlowResponse(Response):
    """One byte at a time."""

    def __init__(self, whole: Response, *, world: World, seconds: float) -> None:
        super().__init__(whole.body, status_code=whole.status_code, headers=dict(whole.headers))
        self._world = world
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        start = {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
        await send(start)
        for byte in bytes(self.body):
            if self._world.closing.is_set():
                return
            await send({"type": "http.response.body", "body": bytes([byte]), "more_body": True})
            await self._world.pause(self._seconds)
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def refused(status: int) -> Spoil:
    async def spoil(occasion: Occasion, answer: Response) -> Response:
        return occasion.refuse(occasion.fault.whole("status", status))

    return spoil


async def _too_many(occasion: Occasion, answer: Response) -> Response:
    refusal = occasion.refuse(429)
    refusal.headers["Retry-After"] = str(occasion.fault.whole("seconds", 1))
    return refusal


async def _hang(occasion: Occasion, answer: Response) -> Response:
    await occasion.world.pause(occasion.fault.number("seconds", 20))
    return answer


async def _break(occasion: Occasion, answer: Response) -> Response:
    return BrokenResponse()


async def _html(occasion: Occasion, answer: Response) -> Response:
    return HTMLResponse("<!doctype html><title>Scheduled maintenance</title><h1>We will be back soon</h1>")


async def _drip(occasion: Occasion, answer: Response) -> Response:
    return SlowResponse(answer, world=occasion.world, seconds=occasion.fault.number("seconds", 1))


def rewritten(change: Callable[[bytes], bytes]) -> Spoil:
    """The answer with its bytes changed."""

    async def spoil(occasion: Occasion, answer: Response) -> Response:
        body = change(bytes(answer.body))
        return Response(body, status_code=answer.status_code, media_type=JSON_TYPE)

    return spoil


def with_trailing_comma(body: bytes) -> bytes:
    return body.rstrip()[:-1] + b",}"


def with_duplicate_key(body: bytes) -> bytes:
    """The first key once more, with null for a value, in front: a lenient reader keeps the last."""
    key = body.split(b":", 1)[0].lstrip(b"{ ")
    return b"{" + key + b":null," + body.lstrip()[1:]


TROUBLES = {
    "500_before": Trouble("answers 500 (or `status`) and has done nothing", False, refused(500)),
    "500_after": Trouble("answers 500 (or `status`) and has done it all the same", True, refused(500)),
    "timeout_before": Trouble("hangs for `seconds` (20), then answers 504; nothing is done", False, _hang),
    "timeout_after": Trouble("does its work, then hangs for `seconds` (20) before it answers", True, _hang),
    "reset_before": Trouble("loses its connection mid-answer and has done nothing", False, _break),
    "reset_after": Trouble("loses its connection mid-answer and has done it all the same", True, _break),
    "429": Trouble("answers 429 with Retry-After of `seconds` (1)", False, _too_many),
    "401": Trouble("answers 401, whatever the credentials", False, refused(401)),
    "html": Trouble("answers 200 with a page of HTML", True, _html),
    "empty": Trouble("answers 200 with no body", True, rewritten(lambda body: b"")),
    "truncated": Trouble(
        "answers with half of its JSON", True, rewritten(lambda body: body[: len(body) // 2])
    ),
    "bom": Trouble(
        "puts a byte order mark before its JSON", True, rewritten(lambda body: b"\xef\xbb\xbf" + body)
    ),
    "trailing_comma": Trouble("answers JSON with a trailing comma", True, rewritten(with_trailing_comma)),
    "duplicate_key": Trouble("answers JSON with a key twice", True, rewritten(with_duplicate_key)),
    "slow": Trouble("sends its answer one byte each `seconds` (1)", True, _drip),
}


def faults_of(calls: Iterable[str]) -> dict[str, str]:
    """The faults that these calls can have, with a sentence each."""
    return {
        f"{call}_{trouble}": f"The {call.replace('_', ' ')} call {what.sentence}."
        for call in calls
        for trouble, what in TROUBLES.items()
    }

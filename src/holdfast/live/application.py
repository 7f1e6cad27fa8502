"""The live process over HTTP: ``/live/``, and whether it is well."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import TypeVar

import structlog
from django.conf import settings
from django.db import OperationalError
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.datastructures import Headers, QueryParams
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from holdfast.flows.following import Change, Cursor, changes_after
from holdfast.kernel.errors import HoldfastError, Unavailable
from holdfast.platform import metrics
from holdfast.platform.connections import connections_returned
from holdfast.web.errors import body_of, headers_of, status_of
from holdfast.web.health import counted

from .admission import Admission, check_again, let_in
from .hub import Hub, Listener
from .stream import NOT_READ_FOR, Clock, Door, follow

log = structlog.get_logger(__name__)
T = TypeVar("T")

THREADS = 4  # that ask the database, each with a connection while it does
HEADERS = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Accel-Buffering": "no",  # some proxies keep what they are told until it is much
    "X-Content-Type-Options": "nosniff",
}


def application_of(hub: Hub) -> Starlette:
    """The application whose streams hand on what this hub is given."""
    return Starlette(
        routes=[
            Route("/live/", Streams(hub), methods=["GET"]),
            Route("/healthz", partial(_healthz, hub)),
            Route("/metrics", _metrics),
        ],
        middleware=[
            Middleware(
                CORSMiddleware,
                allow_origins=[settings.HOLDFAST_PUBLIC_URL],
                allow_credentials=True,
                allow_methods=["GET"],
                allow_headers=["Authorization", "Last-Event-ID"],
            )
        ],
    )


NOT_NOW = "This cannot be answered just now. Please try again shortly."
LAST_CHUNK: Message = {"type": "http.response.body", "body": b"", "more_body": False}


class Streams:
    """Answers ``GET /live/`` with a stream of events, or why there is none."""

    def __init__(self, hub: Hub) -> None:
        self.hub, self.clock = hub, Clock()
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="live")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            if not self.hub.is_reading:
                raise Unavailable(NOT_NOW)
            admission, address = await self._asked(let_in, scope, now=self.clock.now())
            if scope["method"] == "HEAD":
                await Response(headers=HEADERS)(scope, receive, send)
                return
            with self.hub.a_place(admission.places(address)):
                await self._stream(admission, scope, receive, send)
        except HoldfastError as refusal:
            answer = JSONResponse(body_of(refusal), status_of(refusal), headers_of(refusal))
            answer.headers["Cache-Control"] = "no-store"
            await answer(scope, receive, send)

    async def _stream(self, admission: Admission, scope: Scope, receive: Receive, send: Send) -> None:
        """Let them listen until either side has had enough."""
        headers = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
        with self.hub.listening(admission.scopes) as listener, metrics.live_connections.track_inprogress():
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            door = self._door(admission, scope)
            following = asyncio.create_task(self._follow(listener, door, send, after=_last_heard(scope)))
            leaving = asyncio.create_task(_until_they_leave(receive))
            try:
                await asyncio.wait((following, leaving), return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in (following, leaving):
                    task.cancel()
                await asyncio.gather(following, leaving, return_exceptions=True)
        if not following.cancelled():
            following.result()

    async def _follow(self, listener: Listener, door: Door, send: Send, *, after: Cursor | None) -> None:
        async def tell(text: str) -> None:
            async with asyncio.timeout(NOT_READ_FOR):
                await send(_chunk(text))

        try:
            await follow(listener, self.hub, door, tell, after=after, clock=self.clock)
        except TimeoutError:
            log.info("live_listener_too_slow")
            return
        await send(LAST_CHUNK)

    def _door(self, admission: Admission, scope: Scope) -> Door:
        async def missed(after: Cursor, limit: int) -> list[Change]:
            return await self._asked(_missed, after, limit)

        async def check(now: datetime) -> str | None:
            if not self.hub.is_reading:
                return None  # Nobody can be asked, and nothing can be told. The next time will do.
            ticket = await self._asked(check_again, scope, admission, now=now)
            return ticket.as_json if ticket else None

        return Door(missed, check)

    async def _asked(self, question: Callable[..., T], *args: object, **kwargs: object) -> T:
        """What a thread finds out. Raises Unavailable when the database cannot be asked."""
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._threads, partial(question, *args, **kwargs))
        except OperationalError as error:
            raise Unavailable(NOT_NOW) from error


def _missed(after: Cursor, limit: int) -> list[Change]:
    with connections_returned():
        return changes_after(after, limit=limit)


def _last_heard(scope: Scope) -> Cursor | None:
    """What a browser says by itself; or in the address, by who goes on in a stream of another address."""
    said = Headers(scope=scope).get("last-event-id") or QueryParams(scope["query_string"]).get("after", "")
    return Cursor.read(said)


def _chunk(text: str) -> Message:
    return {"type": "http.response.body", "body": text.encode(), "more_body": True}


async def _until_they_leave(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _healthz(hub: Hub, request: Request) -> Response:
    """200 while the database is read. Who listens is told nothing otherwise."""
    return JSONResponse({"ok": hub.is_reading}, 200 if hub.is_reading else 503)


async def _metrics(request: Request) -> Response:
    return Response(counted(), headers={"Content-Type": CONTENT_TYPE_LATEST})

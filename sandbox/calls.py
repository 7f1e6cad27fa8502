"""How an API call of any gateway is counted, spoiled on demand, and answered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.troubles import TROUBLES, Occasion
from sandbox.world import World

Answer = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True)
class Call:
    """One call of a gateway's API. ``about`` finds the reference that a fault may be limited to."""

    name: str
    method: str
    path: str
    answer: Answer
    about: Callable[[Request], Awaitable[str | None]]


@dataclass(frozen=True)
class Desk:
    """Answers one gateway's calls. ``refuse`` says an HTTP status in that gateway's manner."""

    world: World
    gateway: str
    refuse: Callable[[int], Response]

    def route(self, call: Call, *, base: str) -> Route:
        async def endpoint(request: Request) -> Response:
            return await self.serve(call, request)

        return Route(base + call.path, endpoint, methods=[call.method])

    async def serve(self, call: Call, request: Request) -> Response:
        """Answer one call, with the trouble that is armed for it."""
        self.world.calls[self.gateway][call.name] += 1
        names = {f"{call.name}_{trouble}": trouble for trouble in TROUBLES}
        fault = self.world.faults.take(self.gateway, names, await call.about(request))
        if fault is None:
            return await call.answer(request)
        trouble = TROUBLES[names[fault.fault]]
        answer = await call.answer(request) if trouble.processed else self.refuse(504)
        return await trouble.spoil(Occasion(self.world, fault, self.refuse), answer)

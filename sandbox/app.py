"""The whole sandbox as one ASGI application."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.control import Control
from sandbox.gateway import Gateway
from sandbox.gateways import GATEWAYS
from sandbox.settings import Settings
from sandbox.world import World

TICK = 0.5  # seconds


def open_world(settings: Settings) -> World:
    return World.open(settings, faults={gateway.name: gateway.faults for gateway in GATEWAYS})


def build(world: World) -> tuple[Starlette, Mapping[str, Gateway]]:
    """All gateways with their default merchants, and the application that serves them and the control."""
    gateways = {gateway.name: gateway(world) for gateway in GATEWAYS}
    routes: list[BaseRoute] = [Route("/healthz", healthz), *Control(world, gateways).routes()]
    for gateway in gateways.values():
        add_default_merchant(world, gateway)
        routes += gateway.routes()
    return Starlette(routes=routes), gateways


def add_default_merchant(world: World, gateway: Gateway) -> None:
    """Write the default merchant down, unless it is there and nothing new is said of its webhook URL."""
    url = world.settings.webhook_urls.get(gateway.name, "")
    default = gateway.default_merchant(webhook_url=url)
    if url or world.merchants.find(gateway.name, default.name) is None:
        world.merchants.save(default)


async def healthz(request: Request) -> Response:
    return JSONResponse({"status": "ok", "pid": os.getpid()})


async def tick(world: World, gateways: Iterable[Gateway]) -> None:
    """Let happen what is due, twice a second, until the sandbox closes. Should it fail, all of it closes."""
    try:
        while not world.closing.is_set():
            for gateway in gateways:
                gateway.tick()
            await world.pause(TICK)
    finally:
        world.closing.set()

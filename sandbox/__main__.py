"""``python -m sandbox``: serve the gateways until told to stop."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.embed import Server

from sandbox.app import build, open_world, tick
from sandbox.gateways import GATEWAYS
from sandbox.settings import Settings
from sandbox.world import World


async def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; calls that hang on purpose are let go at once."""
    world = open_world(settings)
    application, gateways = build(world)
    server = Server(
        application,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        log_level=LogLevels.error,
    )
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, world.closing.set)
    ticking = loop.create_task(tick(world, gateways.values()))
    stopping = loop.create_task(stop_when_closing(world, server))
    try:
        await server.serve()
    finally:
        world.closing.set()
        await asyncio.gather(ticking, stopping)
        await world.close()


async def stop_when_closing(world: World, server: Server) -> None:
    await world.closing.wait()
    server.stop()  # type: ignore[no-untyped-call]  # granian leaves it unannotated


def main() -> None:
    names = tuple(gateway.name for gateway in GATEWAYS)
    settings = Settings.from_environment(names)
    if not is_free(settings.host, settings.port):
        sys.exit(f"The sandbox cannot listen on {settings.host}:{settings.port}: it is in use.")
    asyncio.run(serve(settings))
    # All is closed. A thread of granian's may still be on its way out, and panics when it meets an
    # interpreter that is being taken down; so this one is not.
    os._exit(0)


def is_free(host: str, port: int) -> bool:
    """Nobody listens there. Granian would share a port with another granian, and neither would notice."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


if __name__ == "__main__":
    main()

"""``python -m sandbox``: serve the gateways until told to stop."""

from __future__ import annotations

import asyncio
import signal

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.embed import Server

from sandbox.app import build, open_world
from sandbox.gateways import GATEWAYS
from sandbox.settings import Settings


async def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; calls that hang on purpose are let go at once."""
    world = open_world(settings)
    server = Server(
        build(world),
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        log_level=LogLevels.error,
    )

    def stop() -> None:
        world.closing.set()
        server.stop()  # type: ignore[no-untyped-call]  # granian leaves it unannotated

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    await server.serve()


def main() -> None:
    names = tuple(gateway.name for gateway in GATEWAYS)
    asyncio.run(serve(Settings.from_environment(names)))


if __name__ == "__main__":
    main()

"""The live process: ``python -m holdfast.project.live``. Bookings as they move, at ``/live/``."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import socket
import sys
from contextlib import suppress
from typing import Any

import django
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.embed import Server
from prometheus_client.multiprocess import mark_process_dead

CONNECTIONS, COMING_AT_ONCE = 50_000, 4096


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "holdfast.project.settings")
    django.setup()

    from .keys import require_keys  # noqa: PLC0415 - Django must be set up first

    require_keys()
    host, port = os.environ.get("LIVE_HOST", "127.0.0.1"), int(os.environ.get("LIVE_PORT") or 8002)
    if not _is_free(host, port):
        sys.exit(f"Live cannot listen on {host}:{port}: it is in use.")
    allow_many_files()
    asyncio.run(_serve(host, port))
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        mark_process_dead(os.getpid())  # type: ignore[no-untyped-call]  # the library leaves it untyped
    # All is closed. A thread of granian's may still be on its way out, and panics when it meets an
    # interpreter that is being taken down; so this one is not.
    os._exit(0)


async def _serve(host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT: then every stream ends, and whoever listened comes back elsewhere."""
    from django.conf import settings  # noqa: PLC0415 - Django must be set up first

    from holdfast.live.application import application_of  # noqa: PLC0415 - Django must be set up first
    from holdfast.live.hub import Hub  # noqa: PLC0415 - Django must be set up first
    from holdfast.live.reader import read_on  # noqa: PLC0415 - Django must be set up first
    from holdfast.notifications.live import speeches  # noqa: PLC0415 - Django must be set up first

    speeches()  # to load all trades takes a second, in which nobody would be told anything
    hub = Hub()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, hub.close)
    server = Server(
        application_of(hub),
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        log_level=LogLevels.error,
        backlog=COMING_AT_ONCE,
        backpressure=CONNECTIONS,  # granian leaves all others waiting, and by itself has 128
    )
    reading = loop.create_task(read_on(hub, settings.DATABASE_DIRECT_URL))
    closing = loop.create_task(hub.closing.wait())
    # A browser that finds nobody comes again; one that is refused does not.
    await _first_of(loop.create_task(hub.reads.wait()), reading, closing)
    if hub.is_reading:
        await _first_of(serving := loop.create_task(server.serve()), reading, closing)
        hub.close()
        server.stop()  # type: ignore[no-untyped-call]  # granian leaves it unannotated
        await serving
    reading.cancel()
    with suppress(asyncio.CancelledError):
        await reading  # or what has ended it, which was no wish of ours


async def _first_of(*tasks: asyncio.Task[Any]) -> None:
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)


def allow_many_files() -> None:
    """As many open connections as the system lets us have: by itself that is often a thousand."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _is_free(host: str, port: int) -> bool:
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

"""A slow road to the database: a socket that passes everything on, each statement a while late."""

from __future__ import annotations

import asyncio
import tempfile
import threading
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any

SOCKET = ".s.PGSQL.5432"
PIECE = 1 << 16


class SlowRoad:
    """Listens in a folder of its own, for PostgreSQL's clients. ``delay`` may be changed at any time."""

    def __init__(self, server: str) -> None:
        self.delay = 0.0  # seconds that each piece from a client waits
        self._server = f"{server}/{SOCKET}"
        self._folder = tempfile.TemporaryDirectory(prefix="prove-")  # a socket's address must be short
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="slow road", daemon=True)
        self._thread.start()
        self._wait_for(self._listen())

    @property
    def host(self) -> str:
        """What clients put for the database's host."""
        return self._folder.name

    def close(self) -> None:
        self._wait_for(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._folder.cleanup()

    def _wait_for(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _listen(self) -> None:
        self._listening = await asyncio.start_unix_server(self._pass_on, Path(self.host) / SOCKET)

    async def _stop(self) -> None:
        self._listening.close()

    async def _pass_on(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        try:
            server, to_server = await asyncio.open_unix_connection(self._server)
        except OSError:
            to_client.close()
            return
        await asyncio.gather(
            self._carry(client, to_server, slowly=True), self._carry(server, to_client, slowly=False)
        )

    async def _carry(self, source: asyncio.StreamReader, to: asyncio.StreamWriter, *, slowly: bool) -> None:
        with suppress(ConnectionError):
            while piece := await source.read(PIECE):
                if slowly:
                    await asyncio.sleep(self.delay)
                to.write(piece)
                await to.drain()
        to.close()

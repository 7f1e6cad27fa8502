"""The one who reads what has changed, for everybody in this process, on a connection of its own."""

from __future__ import annotations

import asyncio

import structlog
from psycopg import AsyncConnection, OperationalError

from holdfast.flows.following import CHANGES, Change, latest
from holdfast.kernel.clock import utc_now
from holdfast.platform import metrics
from holdfast.platform.waking import LATEST, WAKING

from .hub import Hub

log = structlog.get_logger(__name__)

NAME = "holdfast live"  # among the database's connections
LOOKS_EVERY = 1.0  # seconds, when nothing wakes it
TRIES_AGAIN_AFTER = 1.0
AT_ONCE = 500


async def read_on(hub: Hub, conninfo: str) -> None:
    """Hand on what changes until this is canceled. What happens without a connection is read afterwards."""
    while True:
        try:
            async with await AsyncConnection.connect(
                conninfo, autocommit=True, application_name=NAME
            ) as connection:
                await connection.execute(f"LISTEN {WAKING}")
                found = await connection.execute(LATEST)
                hub.begin(latest(await found.fetchone()))
                while True:
                    await _catch_up(hub, connection)
                    async for _ in connection.notifies(timeout=LOOKS_EVERY, stop_after=1):
                        pass  # All that it says is that there is something to read.
        except OperationalError as error:
            hub.reads.clear()
            log.warning("database_unreachable", why=str(error))
            await asyncio.sleep(TRIES_AGAIN_AFTER)


async def _catch_up(hub: Hub, connection: AsyncConnection) -> None:
    read = AT_ONCE
    while read == AT_ONCE:
        found = await connection.execute(CHANGES, [*hub.position.params, AT_ONCE])
        changes = [Change.of(row) for row in await found.fetchall()]
        hub.publish(changes)
        for change in changes:
            metrics.live_lag.observe(max(0.0, (utc_now() - change.update.at).total_seconds()))
        read = len(changes)

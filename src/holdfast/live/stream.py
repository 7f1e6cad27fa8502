"""One connection's life: where it begins, what it missed, what happens, and the beat that keeps it open."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from holdfast.flows.following import Change, Cursor
from holdfast.kernel.clock import utc_now
from holdfast.kernel.errors import HoldfastError
from holdfast.notifications.live import EVENT
from holdfast.platform import metrics

from .hub import Hub, Listener

BEATS_EVERY = timedelta(seconds=15)
CHECKED_EVERY = timedelta(seconds=60)
REPLAYED_AT_MOST = 1000  # changes, of all bookings, since a listener was last heard of
NOT_READ_FOR = 30.0  # seconds after which whoever reads nothing is let go

Send = Callable[[str], Awaitable[None]]


class Clock:
    """The real one. Tests have another, on which a minute passes at once."""

    def now(self) -> datetime:
        return utc_now()

    async def woken(self, listener: Listener, *, until: datetime) -> None:
        """Come back when something waits for a listener, or at that time."""
        # Not wait_for, which may swallow that the stream is canceled, and it would go on for ever.
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, (until - self.now()).total_seconds())):
                await listener.woken.wait()


@dataclass(frozen=True)
class Door:
    """How a stream asks for what only the database knows.

    ``missed`` answers what has changed after a cursor, and no more of it than it is told. ``check`` raises
    when whoever listens may do so no longer, and answers their new ticket where they came with one.
    """

    missed: Callable[[Cursor, int], Awaitable[list[Change]]]
    check: Callable[[datetime], Awaitable[str | None]]


def event(name: str, data: str, *, at: Cursor | None = None) -> str:
    """One event, as an EventSource reads it."""
    where = f"id: {at}\n" if at else ""
    return f"event: {name}\n{where}data: {data}\n\n"


async def follow(
    listener: Listener, hub: Hub, door: Door, send: Send, *, after: Cursor | None, clock: Clock
) -> None:
    """Tell a listener all that it may see, until the hub closes or it may listen no longer.

    ``after`` is the last event that it has had; without one it begins with what happens from now on.
    """
    with suppress(HoldfastError):  # They may not see it any more. Coming back, they are told why.
        await _catch_up(listener, door, send, after=after)
        await _go_on(listener, hub, door, send, clock)


async def _go_on(listener: Listener, hub: Hub, door: Door, send: Send, clock: Clock) -> None:
    beat, check = clock.now() + BEATS_EVERY, clock.now() + CHECKED_EVERY
    while not hub.closing.is_set():
        now = clock.now()
        if now >= check:
            check = now + CHECKED_EVERY
            if (ticket := await door.check(now)) is not None:
                await send(event("ticket", ticket))
        if now >= beat:
            beat = now + BEATS_EVERY
            # Nothing is told, but where to go on from: else a long silence would have to be read again.
            await send(f":\nid: {listener.since}\n\n")
        await clock.woken(listener, until=min(beat, check))
        await _tell(listener, hub, send)


async def _catch_up(listener: Listener, door: Door, send: Send, *, after: Cursor | None) -> None:
    """Say where the stream begins, and what has been missed since it broke off."""
    begins = after if after is not None and after <= listener.since else listener.since
    await send(event("ready", "{}", at=begins))
    if after is None or after == listener.since:
        return
    missed = await door.missed(begins, REPLAYED_AT_MOST + 1)
    if after > listener.since or len(missed) > REPLAYED_AT_MOST:
        await send(event("resync", "{}", at=listener.since))
        return
    for change in missed:
        if change.cursor <= listener.since and listener.sees(change):
            await _say(change, send)


async def _tell(listener: Listener, hub: Hub, send: Send) -> None:
    """What waits; or that something is lost, and whoever shows it must read it anew."""
    lost, position = listener.has_lost, hub.position
    for change in listener.take():
        await _say(change, send)
    if lost:
        listener.has_lost = False
        await send(event("resync", "{}", at=position))
    listener.since = position


async def _say(change: Change, send: Send) -> None:
    await send(event(EVENT, change.update.as_json, at=change.cursor))
    metrics.live_events.inc()

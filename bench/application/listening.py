"""Who listens to one live process: what each of them costs, and how soon they are told."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Sequence
from urllib.parse import urlsplit

import psutil  # type: ignore[import-untyped] # it ships no types
from django.db import connection

from bench.figures import Found, Promise, Run
from bench.server import BenchFailed, settle_down
from bench.sizes import Place, Size
from holdfast.booking.models import Booking
from holdfast.kernel.clock import utc_now
from holdfast.platform.db import transaction
from holdfast.project.live import allow_many_files
from tests.support.live import Live, start_live, start_notifier

from . import gateway
from .booker import Booker
from .database import in_database
from .gateway import Instant
from .history import copy_the_only_booking
from .practice import Share, new_business, new_people

TOLD = 10  # listeners of one booking
MOVES_A_SECOND = 20
SECONDS_A_RUN = 3
MILLISECONDS = 250
ARRIVES_WITHIN = 30.0  # seconds, or it is lost
NO_LIMIT = {"HOLDFAST_LIMIT_LOOK_UP": "0", "HOLDFAST_LIVE_BY_ADDRESS": "0"}

Times = dict[str, float]  # of a move, by the moment that its event tells


def listening(place: Place, size: Size) -> Found:
    """Ten listeners for each booking, and the bookings move one after the other. Nothing may be lost."""
    allow_many_files()
    url = place.server.new_database("live", like="migrated")
    with in_database("live"):
        bookings = _bookings(size.listeners // TOLD)
        settle_down(url)
        notifier, live = start_notifier(place.logs), start_live(place.logs, **NO_LIMIT)
        try:
            kilobytes, runs = asyncio.run(_listened(live, bookings, runs=size.runs))
        finally:
            live.program.stop()
            notifier.stop()
    took = Run([one for run in runs for one in run], elapsed=1)
    p50, p99 = (1000 * took.percentile(percent) for percent in (50, 99))
    found = f"p50 {p50:.0f} ms, p99 {p99:.0f} ms; {kilobytes:.0f} kB each"
    target = f"p99 {MILLISECONDS} ms"
    return Found(
        promises=[Promise(f"live, {size.listeners:,} listeners", found, target, p99 <= MILLISECONDS)]
    )


def _bookings(many: int) -> Sequence[Booking]:
    gateway.register()
    logging.disable(logging.INFO)  # in this process, which is not what is measured
    offerings = new_business("live", gateway=Instant.name)
    Booker(Share(offerings, new_people(1, prefix="live-", network=20)), first_day=1).book_and_pay()
    copy_the_only_booking(many)
    return list(Booking.objects.filter(reference__startswith="PAST_").order_by("pk"))


async def _listened(live: Live, bookings: Sequence[Booking], *, runs: int) -> tuple[float, list[list[float]]]:
    """The kilobytes that a listener takes, and what each event took from its commit to its listener."""
    alone = _kilobytes(live)
    heard: asyncio.Queue[tuple[str, float]] = asyncio.Queue()
    channels = [f"booking-{booking.reference}" for booking in bookings for _ in range(TOLD)]
    # Not all in one moment: what is measured is a thousand who are there, not a thousand who come.
    streams = []
    for channel in channels:
        streams.append(asyncio.create_task(_hear(live, channel, ready := asyncio.Event(), heard)))
        await asyncio.wait_for(ready.wait(), ARRIVES_WITHIN)
    kilobytes = (_kilobytes(live) - alone) / len(streams)
    try:
        return kilobytes, [await _run(bookings, heard) for _ in range(runs)]
    finally:
        for stream in streams:
            stream.cancel()
        await asyncio.gather(*streams, return_exceptions=True)


async def _run(bookings: Sequence[Booking], heard: asyncio.Queue[tuple[str, float]]) -> list[float]:
    committed = await asyncio.to_thread(_move, bookings)
    events = [
        await asyncio.wait_for(heard.get(), ARRIVES_WITHIN)
        for _ in range(MOVES_A_SECOND * SECONDS_A_RUN * TOLD)
    ]
    if {at for at, _ in events} != set(committed):
        raise BenchFailed("Other moves were told of than were made.")
    return [max(0.0, arrived - committed[at]) for at, arrived in events]


def _move(bookings: Sequence[Booking]) -> Times:
    """Move one booking after the other to the state that it is in, each in a transaction."""
    committed: Times = {}
    begins = time.perf_counter()
    try:
        for number in range(MOVES_A_SECOND * SECONDS_A_RUN):
            time.sleep(max(0.0, begins + number / MOVES_A_SECOND - time.perf_counter()))
            now = utc_now()
            with transaction():
                bookings[number % len(bookings)].move("reschedule", by="clock", at=now)
            committed[now.isoformat()] = time.perf_counter()
    finally:
        connection.close()  # this thread's
    return committed


async def _hear(
    live: Live, channel: str, ready: asyncio.Event, heard: asyncio.Queue[tuple[str, float]]
) -> None:
    """Listen, and note when each move was told."""
    where = urlsplit(live.url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    writer.write(f"GET /live/?channel={channel} HTTP/1.1\r\nHost: {where.netloc}\r\n\r\n".encode())
    try:
        if b" 200 " not in (said := await reader.readline()):
            raise BenchFailed(f"Nobody may listen: {said!r}")
        while line := await reader.readline():
            if line.startswith(b"data: "):
                data = json.loads(line[6:])
                if "updated_at" in data:
                    heard.put_nowait((data["updated_at"], time.perf_counter()))
                ready.set()
    finally:
        writer.close()


def _kilobytes(live: Live) -> float:
    return float(psutil.Process(live.program.pid).memory_info().rss) / 1024

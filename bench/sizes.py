"""How much is measured, and where."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .server import Server


@dataclass(frozen=True)
class Place:
    """The bench's own server, and the folder of its logs."""

    server: Server
    logs: Path


@dataclass(frozen=True)
class Size:
    """How much is measured: runs of ours take ``seconds`` each, the floor's ``count`` transactions each."""

    runs: int
    seconds: float
    count: int
    bookings: int  # that the tables hold before, the floor's and ours
    allocations: int  # among which free slots are looked for, beside FEW
    starts: int  # of the demo; none where they would take as long as all the rest
    listeners: int  # to one live process
    clients: int = 8


FEW = 10_000
FULL = Size(runs=5, seconds=2, count=6_000, bookings=100_000, allocations=1_000_000, starts=3, listeners=1000)
QUICK = Size(runs=1, seconds=2, count=4_000, bookings=10_000, allocations=50_000, starts=0, listeners=200)

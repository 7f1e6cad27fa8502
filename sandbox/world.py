"""What every part of the sandbox shares."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox.clock import Clock
from sandbox.courier import Courier
from sandbox.database import Database
from sandbox.faults import Board
from sandbox.merchants import Merchants
from sandbox.settings import Settings


@dataclass
class World:
    settings: Settings
    clock: Clock
    database: Database
    merchants: Merchants
    faults: Board
    courier: Courier
    calls: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    closing: asyncio.Event = field(default_factory=asyncio.Event)

    @classmethod
    def open(cls, settings: Settings, *, faults: Mapping[str, Mapping[str, str]]) -> World:
        """Open the books and get ready. Call it inside the event loop that will serve."""
        clock, database, board = Clock(), Database(settings.data), Board(faults)
        courier = Courier(faults=board, clock=clock)
        return cls(settings, clock, database, Merchants(database), board, courier)

    async def pause(self, seconds: float) -> None:
        """Wait as long as was asked for, or until the sandbox is told to stop."""
        try:
            await asyncio.wait_for(self.closing.wait(), timeout=seconds)
        except TimeoutError:
            return

    async def close(self) -> None:
        self.closing.set()
        await self.courier.close()
        self.database.close()

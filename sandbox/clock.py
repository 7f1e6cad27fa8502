"""The gateways' clock, which a test may push ahead."""

from __future__ import annotations

import time


class Clock:
    """Epoch milliseconds, as all four gateways count them or can be told from them."""

    def __init__(self) -> None:
        self._ahead_ms = 0

    def now(self) -> int:
        return time.time_ns() // 1_000_000 + self._ahead_ms

    def advance(self, seconds: float) -> None:
        self._ahead_ms += round(seconds * 1000)

    def reset(self) -> None:
        """Show the real time again. What fell due on the way stays as it became."""
        self._ahead_ms = 0

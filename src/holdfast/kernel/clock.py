"""The one place that reads the clock. Only the edges (HTTP, worker) call it; all else takes ``now``."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_now() -> datetime:
    return datetime.now(UTC)

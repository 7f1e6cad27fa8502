"""What follows from a change is a message: written with the change, delivered by the worker.

``post`` is one statement through Django's own connection, so that a message is committed with its change
or dies with it. ``flows.handlers.HANDLERS`` says who handles which kind.
"""

from __future__ import annotations

from typing import Any

from procrastinate.contrib.django import app

DELIVER = "deliver"


def post(kind: str, /, *, in_seconds: int | None = None, **payload: Any) -> None:
    """Write a message for the worker. ``payload`` must be JSON; handlers must be idempotent."""
    schedule = {"seconds": in_seconds} if in_seconds else None
    app.configure_task(DELIVER, schedule_in=schedule).defer(kind=kind, payload=payload)

"""What follows from a change is a message: written with the change, delivered by the worker.

``post`` is one statement through Django's own connection, so that a message is committed with its change
or dies with it. ``flows.handlers.HANDLERS`` says who handles which kind.
"""

from __future__ import annotations

import json
from typing import Any

from django.db import connection

DELIVER, QUEUE = "deliver", "messages"


def post(kind: str, /, *, in_seconds: int | None = None, **payload: Any) -> None:
    """Write a message for the worker. ``payload`` must be JSON; handlers must be idempotent."""
    job = _job("%s", at="now() + %s * interval '1 second'")
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {job}", [json.dumps({"kind": kind, "payload": payload}), in_seconds])


def posted(kind: str, /, **payload: str) -> str:
    """The same as an SQL expression, for a statement that writes what the message is about.

    The values of ``payload`` are SQL too: ``posted("gateway_event", event="kept.id")``.
    """
    fields = ", ".join(f"'{name}', {value}" for name, value in payload.items())
    return _job(f"jsonb_build_object('kind', '{kind}', 'payload', jsonb_build_object({fields}))")


def _job(args: str, *, at: str = "NULL") -> str:
    """A call of procrastinate's own function. Its Python, which calls the same, takes longer than it does."""
    job = f"ROW('{QUEUE}', '{DELIVER}', 0, NULL, NULL, {args}, {at})"
    return f"procrastinate_defer_jobs_v1(ARRAY[{job}::procrastinate_job_to_defer_v1])"

"""What follows from a change is a message: written with the change, delivered by the worker.

``post`` writes it through Django's own connection, so that a message is committed with its change or dies
with it. ``flows.handlers.HANDLERS`` says who handles which kind.
"""

from __future__ import annotations

import json
from typing import Any

from .writes import Write, write

DELIVER, QUEUE = "deliver", "messages"
# Procrastinate's own function. Its Python, which calls the same, takes longer than it does.
POSTED = f"""posted# AS (
    SELECT procrastinate_defer_jobs_v1(ARRAY[
        ROW('{QUEUE}', '{DELIVER}', 0, NULL, NULL, %s::jsonb, now() + %s::float * interval '1 second')
    ]::procrastinate_job_to_defer_v1[]) AS jobs
)"""


def post(kind: str, /, *, in_seconds: int | None = None, **payload: Any) -> None:
    """Write a message for the worker. ``payload`` must be JSON; handlers must be idempotent.

    In no seconds it waits for nothing but a worker, as one of which that is not said.
    """
    message = json.dumps({"kind": kind, "payload": payload})
    write(Write((POSTED,), [message, in_seconds or None], ("(SELECT jobs FROM posted#)",)))

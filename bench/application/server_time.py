"""What the database server spends on us: the durations that it reports of every statement, to us alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from psycopg.errors import Diagnostic

DURATION = re.compile(r"duration: ([\d.]+) ms")


@contextmanager
def server_time() -> Iterator[list[float]]:
    """The milliseconds of each message that Django's connection sends in the ``with`` block.

    They are PostgreSQL's own, of log_min_duration_statement: reading, planning, running and answering.
    """
    spent: list[float] = []

    def note(said: Diagnostic) -> None:
        if found := DURATION.match(said.message_primary or ""):
            spent.append(float(found[1]))

    with connection.cursor() as cursor:
        cursor.execute("SET client_min_messages = log")
        cursor.execute("SET log_min_duration_statement = 0")
        wire = connection.connection
        wire.add_notice_handler(note)
        try:
            yield spent
        finally:
            wire.remove_notice_handler(note)
            cursor.execute("RESET log_min_duration_statement")
            cursor.execute("RESET client_min_messages")

"""What Django's connection really sends to PostgreSQL: every statement, BEGIN, COMMIT and SAVEPOINT too.

Django's own counters know nothing of the BEGIN that psycopg puts before a transaction's first statement, nor
of its COMMIT. libpq does: it can write down each protocol message that it sends, and those are counted here.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from psycopg.pq import Trace

# A message to the server as libpq's trace shows it: F for frontend, its length, its name, its content.
SENT = re.compile(r"^F\t\d+\t(\w+)(.*?)(?=^[FB]\t\d+\t|\Z)", re.MULTILINE | re.DOTALL)
# Without the name that it is prepared under, and the types of its values.
PARSED = re.compile(r'^\s*"[^"]*" "(.*)" \d+(?: \d+)*\s*$', re.DOTALL)
RUNS_SOMETHING = {"Query", "Execute"}  # the simple protocol's one message, and the extended one's last


class Statements(list[str]):
    """The SQL of each statement, in the order in which they were sent."""

    def __str__(self) -> str:
        return "\n".join(f"{number:3}  {' '.join(sql.split())}" for number, sql in enumerate(self, 1))


@contextmanager
def count_statements() -> Iterator[Statements]:
    """Count what Django's connection of this thread sends: ``len(statements)`` after the ``with`` block.

    Meanwhile nothing is sent by the name that it was prepared under, so that each is there as text.
    """
    statements = Statements()
    connection.ensure_connection()
    driver = connection.connection
    wire, prepared_after, driver.prepare_threshold = driver.pgconn, driver.prepare_threshold, None
    with tempfile.TemporaryFile("w+", errors="replace") as trace:
        wire.trace(trace.fileno())
        wire.set_trace_flags(Trace.SUPPRESS_TIMESTAMPS)
        try:
            yield statements
        finally:
            wire.untrace()
            driver.prepare_threshold = prepared_after
        assert connection.connection is not None, "the connection that was counted has been closed"
        assert connection.connection.pgconn is wire, "another connection took over"
        trace.seek(0)
        statements.extend(_sent(trace.read()))


def _sent(trace: str) -> Iterator[str]:
    """The statements of a trace. One with its values beside it was sent as text in a Parse message."""
    parsed = ""
    for name, content in SENT.findall(trace):
        if name == "Parse":
            parsed = PARSED.sub(r"\1", content)
        elif name in RUNS_SOMETHING:
            yield (content if name == "Query" else parsed).strip().strip('"')

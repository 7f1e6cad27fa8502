"""The file that keeps orders, refunds and merchants over a restart.

One thread, the event loop's, is all that ever touches it, and each statement takes microseconds: there is
nothing to wait for and nothing to lock.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class Database:
    def __init__(self, path: Path | None) -> None:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(path or ":memory:", isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")

    def create(self, schema: str) -> None:
        """Make the tables of ``schema``, unless they are there."""
        self._connection.executescript(schema)

    def rows(self, statement: str, *values: Any) -> list[sqlite3.Row]:
        return self._connection.execute(statement, values).fetchall()

    def row(self, statement: str, *values: Any) -> sqlite3.Row | None:
        found: sqlite3.Row | None = self._connection.execute(statement, values).fetchone()
        return found

    def put(self, table: str, row: Mapping[str, Any], *, key: str) -> None:
        """Write ``row``, in place of the one with the same ``key`` (a column, or several with commas)."""
        columns = ", ".join(row)
        marks = ", ".join("?" for _ in row)
        changes = ", ".join(f"{column} = excluded.{column}" for column in row)
        statement = (
            f"INSERT INTO {table} ({columns}) VALUES ({marks}) ON CONFLICT ({key}) DO UPDATE SET {changes}"
        )
        self._connection.execute(statement, tuple(row.values()))

    def close(self) -> None:
        self._connection.close()

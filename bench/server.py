"""The embedded PostgreSQL of the bench, with fsync and synchronous_commit on, and databases made anew."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Identifier

from holdfast.project.embedded import EmbeddedPostgres


class BenchFailed(Exception):
    """There is nothing to report: something did not start, or did not go through."""


class Server:
    """A running server. ``binaries`` is the folder that pgbench is in."""

    def __init__(self, postgres: EmbeddedPostgres) -> None:
        self.url = postgres.url
        self.binaries = postgres.binaries

    def new_database(self, name: str, *, like: str = "template1") -> str:
        """The address of a new database, empty or a copy. What was left under that name is gone."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))
            copied = SQL("CREATE DATABASE {} TEMPLATE {}").format(Identifier(name), Identifier(like))
            connection.execute(copied)
        return make_conninfo(self.url, dbname=name)

    def describe(self) -> str:
        """The version, and proof that nothing is measured that a power cut would undo."""
        with psycopg.connect(self.url) as connection:
            said = {
                name: connection.execute(SQL("SHOW {}").format(Identifier(name))).fetchone()
                for name in ("server_version", "fsync", "synchronous_commit")
            }
        version, fsync, commit = (row[0] if row else "" for row in said.values())
        if (fsync, commit) != ("on", "on"):
            raise BenchFailed("fsync and synchronous_commit must be on.")
        return f"PostgreSQL {version}, fsync on, synchronous_commit on"


@contextmanager
def running_server(home: Path) -> Iterator[Server]:
    """Start the server of this folder, and stop it in the end."""
    postgres = EmbeddedPostgres(home)
    postgres.start()
    try:
        yield Server(postgres)
    finally:
        postgres.stop(only_if_started_here=True)


def settle_down(url: str) -> None:
    """Have the server's own work done before anything is measured: vacuum, statistics, a checkpoint."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")

"""The database engine of the settings: Django finds it here by the name of this module."""

from __future__ import annotations

import select
from collections.abc import Callable
from typing import Any, Self

import psycopg
from django.db.backends.base.base import NO_DB_ALIAS
from django.db.backends.postgresql import base
from psycopg import Connection
from psycopg.errors import FeatureNotSupported
from psycopg.pq import TransactionStatus
from psycopg_pool import ConnectionPool

HEARD = select.POLLIN | select.POLLPRI  # a hang-up and an error are told unasked


class Cursor(base.CursorMixin, psycopg.Cursor[Any]):
    """Django's own, which sends values beside a statement; it prepares anew what a migration has changed."""

    def execute(
        self, query: Any, params: Any = None, *, prepare: bool | None = None, binary: bool | None = None
    ) -> Self:
        """Run it; once more, if a column that it answers has another type than when it was prepared."""
        try:
            return super().execute(query, params, prepare=prepare, binary=binary)
        except FeatureNotSupported:
            if self.connection.info.transaction_status != TransactionStatus.IDLE:
                raise  # and the transaction's end forgets what was prepared
            super().execute("DEALLOCATE ALL")
            return super().execute(query, params, prepare=prepare, binary=binary)


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's own asks the server an empty query whenever a request takes a connection from the pool."""

    _connection_pools: dict[str, ConnectionPool[Any]]  # Django's, as is the next; its stubs leave them out
    _configure_connection: Callable[[Connection[Any]], None]

    def get_connection_params(self) -> dict[str, Any]:
        """Django's, with our cursor for its own."""
        params: dict[str, Any] = super().get_connection_params()
        if params["cursor_factory"] is base.ServerBindingCursor:
            params["cursor_factory"] = Cursor
        return params

    @property
    def pool(self) -> ConnectionPool[Any] | None:
        """The pool of this process, not yet open; None where the settings want none."""
        options = self.settings_dict["OPTIONS"].get("pool")
        if self.alias == NO_DB_ALIAS or not options:
            return None
        if self.alias not in self._connection_pools:
            made = ConnectionPool(
                kwargs={**self.get_connection_params(), "autocommit": True},
                open=False,
                configure=self._configure_connection,
                check=still_connected,
                **options,
            )
            self._connection_pools.setdefault(self.alias, made)  # whichever thread is first
        return self._connection_pools[self.alias]


def still_connected(connection: Connection[Any]) -> None:
    """Raise what psycopg raises if the server has hung up, as it does when it stops or is killed.

    Between two requests a server that is well says nothing. So only where something has come, be it a notice
    or the end, is it asked; a look at the socket costs a hundredth of a question.
    """
    socket = select.poll()
    socket.register(connection.fileno(), HEARD)
    if socket.poll(0):
        ConnectionPool.check_connection(connection)

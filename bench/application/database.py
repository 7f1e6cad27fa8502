"""Another database of the same server, for a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections
from django.db.backends.postgresql.base import DatabaseWrapper


@contextmanager
def in_database(name: str) -> Iterator[None]:
    """Django's connections go there within the ``with`` block."""
    before = connections["default"].settings_dict["NAME"]
    _go_to(name)
    try:
        yield
    finally:
        _go_to(before)


def _go_to(name: str) -> None:
    connection = connections["default"]
    assert isinstance(connection, DatabaseWrapper)
    connection.close()
    connection.close_pool()
    connection.settings_dict["NAME"] = name

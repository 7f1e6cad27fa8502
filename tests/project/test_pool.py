"""The connection pool of a serving process: it asks the server nothing, and gives out nothing dead."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.db.backends.postgresql.base import DatabaseWrapper as DjangosOwn

from holdfast.project.postgresql.base import DatabaseWrapper

POOL = {"pool": {"min_size": 1, "max_size": 1, "timeout": 10}}


@contextmanager
def pooled(engine: Callable[..., Any], **settings: Any) -> Iterator[Any]:
    """The tests' database through a pool of one connection."""
    wrapper = engine({**connection.settings_dict, "OPTIONS": POOL, **settings}, alias=connection.alias)
    try:
        yield wrapper
    finally:
        wrapper.close()
        wrapper.close_pool()


def backend_of(wrapper: Any) -> int:
    """The server's process behind a connection."""
    pid: int = answer(wrapper, "SELECT pg_backend_pid()")
    return pid


def answer(wrapper: Any, sql: str, *params: Any) -> Any:
    with wrapper.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchone()[0]


def hang_up(pid: int) -> None:
    """Have the server end a connection, and wait until it has."""
    assert answer(connection, "SELECT pg_terminate_backend(%s, 10000)", pid)


def test_a_connection_that_is_well_is_taken_without_a_question(db: None) -> None:
    with pooled(DatabaseWrapper) as wrapper:
        pid = backend_of(wrapper)
        wrapper.close()

        wrapper.ensure_connection()

        said_last = answer(connection, "SELECT query FROM pg_stat_activity WHERE pid = %s", pid)
        assert said_last == "SELECT pg_backend_pid()"
        assert backend_of(wrapper) == pid


def test_a_connection_that_the_server_has_ended_is_replaced_before_anybody_uses_it(db: None) -> None:
    with pooled(DatabaseWrapper) as wrapper:
        pid = backend_of(wrapper)
        wrapper.close()
        hang_up(pid)

        assert backend_of(wrapper) != pid


def test_without_a_look_at_it_a_request_gets_the_connection_that_has_ended(db: None) -> None:
    """The negative control: Django's own pool, told not to check."""
    with pooled(DjangosOwn, CONN_HEALTH_CHECKS=False) as wrapper:
        pid = backend_of(wrapper)
        wrapper.close()
        hang_up(pid)

        with pytest.raises(OperationalError):
            backend_of(wrapper)


def test_a_connection_on_which_the_server_has_said_something_is_asked_and_kept(db: None) -> None:
    with pooled(DatabaseWrapper) as wrapper:
        pid = backend_of(wrapper)
        with wrapper.cursor() as cursor:
            cursor.execute("LISTEN somebody")
        wrapper.close()
        with connection.cursor() as cursor:
            cursor.execute("NOTIFY somebody")

        assert backend_of(wrapper) == pid

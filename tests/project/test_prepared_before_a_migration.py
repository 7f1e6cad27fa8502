"""A statement that was prepared before a migration runs after it, in a process that knows nothing of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import NotSupportedError, connection
from django.db.transaction import atomic

from holdfast.project.database import PREPARED_AFTER
from holdfast.project.postgresql.base import DatabaseWrapper

ASKED = "SELECT id, name FROM widened WHERE id = %s"


def run(wrapper: Any, sql: str, *params: Any) -> Any:
    with wrapper.cursor() as cursor:
        cursor.execute(sql, params or None)
        return cursor.fetchall() if cursor.description else None


@pytest.fixture
def migrated(db: None) -> Iterator[None]:
    """We have prepared a statement, and somebody else has made one of its columns wider."""
    another = DatabaseWrapper(connection.settings_dict, alias=connection.alias)
    run(another, "CREATE TABLE widened (id int, name varchar(20))")
    run(another, "INSERT INTO widened VALUES (1, 'a')")
    try:
        for _ in range(PREPARED_AFTER + 1):
            run(connection, ASKED, 1)
        run(another, "ALTER TABLE widened ALTER name TYPE varchar(40)")
        yield
    finally:
        run(another, "DROP TABLE widened")
        another.close()


def test_what_is_asked_outside_of_a_transaction_is_answered(migrated: None) -> None:
    answers = [run(connection, ASKED, 1) for _ in range(PREPARED_AFTER + 1)]

    assert answers == [[(1, "a")]] * (PREPARED_AFTER + 1)


def test_a_transaction_is_broken_off_once_and_not_again(migrated: None) -> None:
    with pytest.raises(NotSupportedError), atomic():
        run(connection, ASKED, 1)

    with atomic():
        assert run(connection, ASKED, 1) == [(1, "a")]

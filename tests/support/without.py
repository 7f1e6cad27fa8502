"""Negative controls: the same story without its guard, to show what the guard is there for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, models

from tests.support.database import empty_database


@contextmanager
def without(model: type[models.Model], constraint: str) -> Iterator[None]:
    """Take a constraint away; put it back at the end, after emptying the tables of what it would refuse."""
    guard = next(one for one in model._meta.constraints if one.name == constraint)
    with connection.schema_editor() as schema:
        schema.remove_constraint(model, guard)
    try:
        yield
    finally:
        empty_database()
        with connection.schema_editor() as schema:
            schema.add_constraint(model, guard)

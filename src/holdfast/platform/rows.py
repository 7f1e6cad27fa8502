"""Inserting rows on the hot path: what ``bulk_create`` does, at a fraction of its processor time."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, cast

from django.db import DEFAULT_DB_ALIAS, connection, models
from django.db.models import AutoField, Field

from .writes import Write, write


def places(values: Sequence[Any]) -> str:
    """SQL for these values in a list: ``%s, %s``."""
    return ", ".join(["%s"] * len(values))


@cache
def fields_of(model: type[models.Model]) -> tuple[Field[Any, Any], ...]:
    """The fields that an insert gives values to: all but those that the database makes itself."""
    fields = cast("Sequence[Field[Any, Any]]", model._meta.concrete_fields)
    return tuple(f for f in fields if not isinstance(f, AutoField) and not f.has_db_default())


@cache
def is_plain(field: Field[Any, Any]) -> bool:
    """Whether the database is given just what the row has: no field of ours converts it, nor sets it."""
    return type(field) in PLAIN and not getattr(field, "auto_now_add", False)


PLAIN = {
    models.BigIntegerField,
    models.BooleanField,
    models.CharField,
    models.DateTimeField,
    models.ForeignKey,
    models.OneToOneField,
    models.PositiveBigIntegerField,
    models.PositiveIntegerField,
    models.PositiveSmallIntegerField,
    models.TextField,
    models.UUIDField,
}


@cache
def references(model: type[models.Model], to: type[models.Model]) -> tuple[Field[Any, Any], ...]:
    """The fields of a model that refer to another."""
    return tuple(field for field in fields_of(model) if field.related_model is to)


def insertion(
    rows: Sequence[models.Model], *, of: models.Model | None = None, its_id: str = ""
) -> tuple[str, list[Any]]:
    """The INSERT of these rows, all of one kind, and its parameters; it has no RETURNING yet.

    Where they refer to ``of``, which is inserted by the same statement, ``its_id`` is the SQL of its id.
    """
    model = type(rows[0])
    to_it = references(model, type(of)) if of is not None else ()
    given = [(field, field.attname, is_plain(field)) for field in fields_of(model) if field not in to_it]
    params = [
        getattr(row, name) if plain else field.get_db_prep_save(field.pre_save(row, add=True), connection)
        for row in rows
        for field, name, plain in given
    ]
    return _insert_into(model, len(rows), to_it, its_id), params


@cache
def _insert_into(
    model: type[models.Model], count: int, to_it: tuple[Field[Any, Any], ...], its_id: str
) -> str:
    fields = fields_of(model)
    columns = ", ".join(f'"{field.column}"' for field in fields)
    places = f"({', '.join(its_id if field in to_it else '%s' for field in fields)})"
    return f'INSERT INTO "{model._meta.db_table}" ({columns}) VALUES {", ".join([places] * count)}'


def insert(rows: Sequence[models.Model]) -> None:
    """Write new rows in one statement. Those whose id the database makes get it."""
    sql, params = insertion(rows)
    pk = type(rows[0])._meta.pk.column
    with connection.cursor() as cursor:
        cursor.execute(f'{sql} RETURNING "{pk}"', params)
        identify(rows, [made for (made,) in cursor.fetchall()])


def append(rows: Sequence[models.Model]) -> None:
    """Write new rows of which nobody needs the ids."""
    sql, params = insertion(rows)
    write(Write((f"appended# AS ({sql})",), params))


def identify(rows: Sequence[models.Model], ids: Sequence[Any]) -> None:
    """Give rows the ids that an INSERT has returned, in its order."""
    assert len(rows) == len(ids)
    for row, made in zip(rows, ids, strict=True):
        row.pk = made
        row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS


def refer(rows: Sequence[models.Model], *, to: models.Model) -> None:
    """Have rows refer to one that has only now got its id."""
    for row in rows:
        for field in references(type(row), type(to)):
            setattr(row, field.name, to)

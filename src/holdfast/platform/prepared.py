"""Queries on the hot path: written by the ORM once, and run again with other values.

Django builds the SQL of a queryset anew for each run, which costs more processor time than all the rest of a
short query. A ``Prepared`` keeps what it has built; the rows become the same objects as ever.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from django.db import connection, models
from django.db.models import Expression, QuerySet
from django.db.models.query import ModelIterable
from django.db.models.sql.compiler import SQLCompiler

M = TypeVar("M", bound=models.Model)


class Given(Expression):
    """A value that is given when the query is run, by its name."""

    def __init__(self, name: str) -> None:
        super().__init__(output_field=models.Field())
        self.name = name

    def as_sql(self, compiler: SQLCompiler, connection: Any) -> Any:
        return "%s", [self]

    def __deepcopy__(self, memo: Any) -> Given:
        return self


@dataclass(frozen=True)
class Written:
    """What the ORM has made of a query, and needs to read its rows."""

    sql: str
    params: tuple[Any, ...]
    select: Any
    klass_info: Any
    annotation_col_map: Any
    col_count: int
    has_extra_select: bool


class Prepared(Generic[M]):
    """A query by what ``write`` makes of its named values, given as ``Given`` once and as they are then.

    >>> by_reference = Prepared(lambda reference: Payment.objects.filter(reference=reference))
    >>> by_reference(reference="ASTRO_ORDER_5_7K2M")  # doctest: +SKIP
    [<Payment: ASTRO_ORDER_5_7K2M>]

    The values must be of the types that the columns have in psycopg: nothing converts them.
    """

    def __init__(self, write: Callable[..., QuerySet[M]]) -> None:
        self._write = write
        self._written: Written | None = None
        self._queryset: QuerySet[M] | None = None

    def __call__(self, **values: Any) -> list[M]:
        """Run it; the objects that it finds."""
        queryset, written = self._ready()
        run = cast("QuerySet[M]", _Run(queryset, written, values))
        return list(cast("Iterable[M]", ModelIterable(run)))

    def first(self, **values: Any) -> M | None:
        """Run it; the first object that it finds, if any."""
        return next(iter(self(**values)), None)

    def _ready(self) -> tuple[QuerySet[M], Written]:
        if self._written is None or self._queryset is None:
            names = self._write.__code__.co_varnames[: self._write.__code__.co_argcount]
            self._queryset = self._write(**{name: Given(name) for name in names})
            self._written = _write_down(self._queryset)
        return self._queryset, self._written


def _write_down(queryset: QuerySet[Any]) -> Written:
    compiler = queryset.query.get_compiler(connection=connection)
    sql, params = compiler.as_sql()
    return Written(
        sql,
        tuple(params),
        compiler.select,
        compiler.klass_info,
        compiler.annotation_col_map,
        cast("int", compiler.col_count),
        bool(compiler.has_extra_select),
    )


class _Run:
    """One run of a prepared query, in the shape in which Django's own iterable asks for a queryset."""

    _known_related_objects: dict[Any, Any] = {}

    def __init__(self, queryset: QuerySet[Any], written: Written, values: dict[str, Any]) -> None:
        self.model, self.db, self.query = queryset.model, connection.alias, self
        self._queryset, self._written, self._values = queryset, written, values

    def get_compiler(self, using: str) -> SQLCompiler:
        """A compiler that has its work behind it."""
        written = self._written
        compiler: SQLCompiler = self._queryset.query.get_compiler(connection=connection)
        params = tuple(self._values[p.name] if isinstance(p, Given) else p for p in written.params)
        vars(compiler)["as_sql"] = lambda *args, **options: (written.sql, params)
        compiler.select, compiler.klass_info = written.select, written.klass_info
        compiler.annotation_col_map, compiler.col_count = written.annotation_col_map, written.col_count
        compiler.has_extra_select = written.has_extra_select
        return compiler

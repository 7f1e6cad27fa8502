"""Queries on the hot path: written by the ORM once, and run again with other values.

Django builds the SQL of a queryset anew for each run, which costs more processor time than all the rest of a
short query. A ``Prepared`` keeps what it has built; the rows become the same objects as ever.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from django.db import DEFAULT_DB_ALIAS, connection, models
from django.db.models import Expression, QuerySet
from django.db.models.base import ModelState
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


Row = Sequence[Any]
# Where a column's value must be converted, as its field wants it: JSON, what is encrypted.
Converters = Sequence[tuple[int, Sequence[Callable[..., Any]], Any]]


class Reader:
    """Makes the object that some columns of a row are, and those that it refers to.

    Made as unpickling makes one: nothing but its fields is set. ``attach`` gives it to whom it belongs.
    """

    def __init__(self, klass: Mapping[str, Any], select: Sequence[Any]) -> None:
        columns: Sequence[int] = klass["select_fields"]
        self.model: type[models.Model] = klass["model"]
        self._names = tuple(select[column][0].target.attname for column in columns)
        self._first, self._after = columns[0], columns[-1] + 1
        assert self.model.__init__ is models.Model.__init__, "it wants to be made by its own __init__"
        assert tuple(columns) == tuple(range(self._first, self._after))
        self._pk = columns[self._names.index(self.model._meta.pk.attname)]
        self._setters = (klass.get("local_setter"), klass.get("remote_setter"))
        self._related = [Reader(related, select) for related in klass.get("related_klass_infos", ())]

    def read(self, row: Row) -> Any:
        """The object; None where a joined row is not there."""
        if row[self._pk] is None:
            return None
        made = self.model.__new__(self.model)
        made._state = state = ModelState()
        state.adding, state.db = False, DEFAULT_DB_ALIAS
        made.__dict__.update(zip(self._names, row[self._first : self._after], strict=True))
        for related in self._related:
            related.attach(row, to=made)
        return made

    def attach(self, row: Row, *, to: models.Model) -> None:
        made, (local, remote) = self.read(row), self._setters
        assert local is not None
        assert remote is not None
        local(to, made)
        if made is not None:
            remote(made, to)


@dataclass(frozen=True)
class Written:
    """What the ORM has made of a query, and needs to read its rows."""

    sql: str
    params: tuple[Any, ...]
    reader: Reader
    converters: Converters

    def read(self, row: Row) -> Any:
        if self.converters:
            values = list(row)
            for column, convert, expression in self.converters:
                for one in convert:
                    values[column] = one(values[column], expression, connection)
            row = values
        return self.reader.read(row)


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

    def __call__(self, **values: Any) -> list[M]:
        """Run it; the objects that it finds."""
        written = self._written = self._written or self._write_down()
        params = [values[p.name] if isinstance(p, Given) else p for p in written.params]
        with connection.cursor() as cursor:
            cursor.execute(written.sql, params)
            return [cast("M", written.read(row)) for row in cursor.fetchall()]

    def first(self, **values: Any) -> M | None:
        """Run it; the first object that it finds, if any."""
        return next(iter(self(**values)), None)

    def _write_down(self) -> Written:
        names = self._write.__code__.co_varnames[: self._write.__code__.co_argcount]
        queryset = self._write(**{name: Given(name) for name in names})
        compiler = queryset.query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        assert not compiler.annotation_col_map, "annotations are not read here"
        found = compiler.get_converters([select[0] for select in compiler.select])
        converters = [(column, convert, expression) for column, (convert, expression) in found.items()]
        return Written(sql, tuple(params), Reader(compiler.klass_info, compiler.select), converters)

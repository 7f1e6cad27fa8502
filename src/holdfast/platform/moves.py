"""Rows with a lifecycle. Only ``move()`` writes a state."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, ClassVar, cast

from django.db import connection, models
from django.db.models import Q

from holdfast.kernel.errors import MoveRefused
from holdfast.kernel.lifecycle import Lifecycle

from .db import transaction_required
from .models.transition import Transition
from .rows import identify, insertion, refer
from .writes import Write, write


class Lived(models.Model):
    """A row that lives along a lifecycle, each move of it remembered in a transition row."""

    lifecycle: ClassVar[Lifecycle]

    state = models.CharField(max_length=20)
    seq = models.PositiveIntegerField(default=0)

    class Meta:
        abstract = True

    @transaction_required
    def move(self, event: str, *, by: str, at: datetime, why: str = "", **changes: Any) -> None:
        """Go where the lifecycle's table says, and write the transition row, in one statement.

        The update compares and sets: when somebody else has moved this row since it was read, or the
        table has no such row, MoveRefused is raised and nothing is written. ``why`` is for the transition;
        ``changes`` are columns to set in the same statement.
        """
        before, after = self.state, self.lifecycle.after(self.state, event)
        fields = [cast("models.Field[Any, Any]", self._meta.get_field(name)) for name in changes]
        values = [
            field.get_db_prep_save(value, connection)
            for field, value in zip(fields, changes.values(), strict=True)
        ]
        params = [*values, self.pk, by, why[:200], at]
        next_seq = self.seq + 1

        def hear(seq: int | None) -> None:
            if seq is None:
                raise MoveRefused(self.lifecycle.subject, before, event)
            self.seq = seq

        subqueries = _moved(type(self), before, event, after, tuple(field.column for field in fields))
        write(Write(subqueries, params, ("(SELECT seq FROM remembered#)",), hear, _names([self])))
        self.state, self.seq = after, max(self.seq, next_seq)  # what it will be, while it waits to be written
        for name, value in changes.items():
            setattr(self, name, value)


@cache
def _moved(
    model: type[Lived], before: str, event: str, after: str, columns: tuple[str, ...]
) -> tuple[str, str]:
    """The update and its transition row; the names that the lifecycle's table gives stand in the SQL.

    Not ``state = …``, which would let an index of the rows in one state be walked for the row: a plan that is
    made while those are few is kept when they are many.
    """
    pk, subject = model._meta.pk.column, model.lifecycle.subject
    also = "".join(f', "{column}" = %s' for column in columns)
    return (
        f"""moved# AS (
            UPDATE "{model._meta.db_table}" SET state = '{after}', seq = seq + 1{also}
            WHERE "{pk}" = %s AND state IS NOT DISTINCT FROM '{before}' RETURNING "{pk}" AS id, seq
        )""",
        f"""remembered# AS (
            INSERT INTO "{Transition._meta.db_table}"
                (subject, subject_id, seq, before, event, after, actor, reason, at)
            SELECT '{subject}', id, seq, '{before}', '{event}', '{after}', %s, %s, %s FROM moved#
            RETURNING seq
        )""",
    )


@transaction_required
def born(
    rows: Sequence[Lived],
    *,
    by: str,
    at: datetime,
    why: str = "",
    bringing: Sequence[Sequence[models.Model]] = (),
) -> None:
    """Write new rows of one kind, and the first transition row of each, in one statement.

    A single row may bring others that refer to it, kind by kind.
    """
    sql, params = insertion(rows)
    pk = type(rows[0])._meta.pk.column
    subqueries = [f'born# AS ({sql} RETURNING "{pk}" AS id, state)', REMEMBERED]
    params += [rows[0].lifecycle.subject, by, why[:200], at]
    names = ["remembered#"]
    for number, brought in enumerate(bringing):
        sql, values = insertion(brought, of=rows[0], its_id="(SELECT id FROM born#)")
        names.append(f"brought#_{number}")
        subqueries.append(f'{names[-1]} AS ({sql} RETURNING "{type(brought[0])._meta.pk.column}" AS id)')
        params += values

    def hear(*ids: Sequence[Any]) -> None:
        for kind, made in zip((rows, *bringing), ids, strict=True):
            identify(kind, made)
        for brought in bringing:
            refer(brought, to=rows[0])

    answers = tuple(f"(SELECT array_agg(id) FROM {name})" for name in names)
    write(Write(tuple(subqueries), params, answers, hear, _names(rows)), at_once=rows[0].pk is None)


def _names(rows: Sequence[Lived]) -> frozenset[tuple[str, Any]]:
    return frozenset((row._meta.db_table, row.pk) for row in rows)


REMEMBERED = f"""remembered# AS (
    INSERT INTO "{Transition._meta.db_table}"
        (subject, subject_id, seq, before, event, after, actor, reason, at)
    SELECT %s, id, 0, '', 'create', state, %s, %s, %s FROM born# RETURNING subject_id AS id
)"""


def one_of(lifecycle: Lifecycle) -> models.CheckConstraint:
    """The CHECK that a state is one of its lifecycle's names."""
    return models.CheckConstraint(
        name=f"{lifecycle.subject}_state_is_known", condition=Q(state__in=lifecycle.states)
    )

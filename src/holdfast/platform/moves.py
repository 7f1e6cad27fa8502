"""Rows with a lifecycle. Only ``move()`` writes a state."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar, cast

from django.db import connection, models
from django.db.models import Q

from holdfast.kernel.errors import MoveRefused
from holdfast.kernel.lifecycle import Lifecycle

from .db import transaction_required
from .models.transition import Transition
from .rows import identify, insertion


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
        also = "".join(f', "{field.column}" = %s' for field in fields)
        pk = self._meta.pk.column
        sql = f"""
            WITH moved AS (
                UPDATE "{self._meta.db_table}" SET state = %s, seq = seq + 1{also}
                WHERE "{pk}" = %s AND state = %s RETURNING "{pk}" AS id, seq
            )
            INSERT INTO "{Transition._meta.db_table}"
                (subject, subject_id, seq, before, event, after, actor, reason, at)
            SELECT %s, id, seq, %s, %s, %s, %s, %s, %s FROM moved RETURNING seq
        """
        params = [after, *values, self.pk, before]
        params += [self.lifecycle.subject, before, event, after, by, why[:200], at]
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            moved = cursor.fetchone()
        if moved is None:
            raise MoveRefused(self.lifecycle.subject, before, event)
        self.state, self.seq = after, moved[0]
        for name, value in changes.items():
            setattr(self, name, value)


@transaction_required
def born(rows: Sequence[Lived], *, by: str, at: datetime, why: str = "") -> None:
    """Write new rows of one kind, and the first transition row of each, in one statement."""
    sql, params = insertion(rows)
    meta = type(rows[0])._meta
    sql = f"""
        WITH born AS ({sql} RETURNING "{meta.pk.column}" AS id, state), remembered AS (
            INSERT INTO "{Transition._meta.db_table}"
                (subject, subject_id, seq, before, event, after, actor, reason, at)
            SELECT %s, id, 0, '', 'create', state, %s, %s, %s FROM born
        )
        SELECT id FROM born
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, [*params, rows[0].lifecycle.subject, by, why[:200], at])
        identify(rows, [made for (made,) in cursor.fetchall()])


def one_of(lifecycle: Lifecycle) -> models.CheckConstraint:
    """The CHECK that a state is one of its lifecycle's names."""
    return models.CheckConstraint(
        name=f"{lifecycle.subject}_state_is_known", condition=Q(state__in=lifecycle.states)
    )

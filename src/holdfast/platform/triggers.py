"""Database triggers generated from our tables, so that SQL typed by hand meets the same rules.

They raise ``check_violation``, which Django shows as IntegrityError, as it does for a CHECK.
"""

from __future__ import annotations

import pgtrigger

from holdfast.kernel.lifecycle import Lifecycle


def _refusal(text: str) -> str:
    return f"RAISE EXCEPTION USING ERRCODE = 'check_violation', MESSAGE = {text};"


def _update_of(*columns: str) -> pgtrigger.UpdateOf:
    return pgtrigger.UpdateOf(*columns)  # type: ignore[no-untyped-call]  # pgtrigger leaves it untyped


def lifecycle_triggers(lifecycle: Lifecycle) -> list[pgtrigger.Trigger]:
    """Inserts only in an initial state; updates of ``state`` only along the table."""
    born = ", ".join(f"'{state}'" for state in lifecycle.initial)
    moves = ", ".join(f"('{before}', '{after}')" for before, after in sorted(lifecycle.moves))
    subject = lifecycle.subject
    return [
        pgtrigger.Trigger(
            name="born_in_an_initial_state",
            when=pgtrigger.Before,
            operation=pgtrigger.Insert,
            func=f"""
                IF NEW.state NOT IN ({born}) THEN
                    {_refusal(f"format('A {subject} is not born %s.', NEW.state)")}
                END IF;
                RETURN NEW;
            """,
        ),
        pgtrigger.Trigger(
            name="moves_along_its_lifecycle",
            when=pgtrigger.Before,
            operation=_update_of("state"),
            condition=pgtrigger.Q(old__state__df=pgtrigger.F("new__state")),
            func=f"""
                IF (OLD.state, NEW.state) NOT IN ({moves}) THEN
                    {_refusal(f"format('A {subject} does not go from %s to %s.', OLD.state, NEW.state)")}
                END IF;
                RETURN NEW;
            """,
        ),
    ]


def _refuse(name: str, operation: pgtrigger.Operation | pgtrigger.Operations) -> pgtrigger.Trigger:
    truncating = operation is pgtrigger.Truncate
    refusal = _refusal("format('%s only grows: %s is refused.', TG_TABLE_NAME, TG_OP)")
    return pgtrigger.Trigger(
        name=name,
        level=pgtrigger.Statement if truncating else pgtrigger.Row,
        when=pgtrigger.Before,
        operation=operation,
        func=refusal + " RETURN NULL;",
    )


def append_only() -> list[pgtrigger.Trigger]:
    """Rows that are never changed and never leave."""
    return [_refuse("never_changes", pgtrigger.Update), *never_leaves()]


def frozen(*columns: str) -> pgtrigger.Trigger:
    """Columns that keep the value they were born with, in rows that otherwise may change."""
    return _refuse("facts_stay", _update_of(*columns))


def never_leaves() -> list[pgtrigger.Trigger]:
    """Rows that may move along a lifecycle, but never leave."""
    return [_refuse("never_leaves", pgtrigger.Delete), _refuse("never_truncated", pgtrigger.Truncate)]

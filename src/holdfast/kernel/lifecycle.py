"""A lifecycle is a table of rows ``(state, event, next)``. No callbacks; only data.

The same table drives ``move()``, the database trigger that refuses every other update, the page
``docs/lifecycles.md`` and the model checker.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from .errors import MoveRefused


@dataclass(frozen=True)
class Lifecycle:
    """The states of one kind of row, where it may be born, and every move it may make."""

    subject: str
    initial: tuple[str, ...]
    rows: tuple[tuple[str, str, str], ...]

    @cached_property
    def states(self) -> tuple[str, ...]:
        """Every state, in the order in which the table first names it."""
        named = [*self.initial, *(state for row in self.rows for state in (row[0], row[2]))]
        return tuple(dict.fromkeys(named))

    @cached_property
    def _next(self) -> dict[tuple[str, str], str]:
        table = {(state, event): after for state, event, after in self.rows}
        assert len(table) == len(self.rows), f"{self.subject}: an event leads to one state only"
        return table

    @cached_property
    def moves(self) -> frozenset[tuple[str, str]]:
        """Every ``(from, to)`` pair that an update may make. An event that keeps the state makes none."""
        return frozenset((state, after) for state, _, after in self.rows if state != after)

    def allows(self, state: str, event: str) -> bool:
        return (state, event) in self._next

    def after(self, state: str, event: str) -> str:
        """The state that ``event`` leads to. Raises MoveRefused when the table has no such row."""
        try:
            return self._next[state, event]
        except KeyError:
            raise MoveRefused(self.subject, state, event) from None

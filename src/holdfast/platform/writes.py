"""Writing on the hot path: several changes in one statement, each a part of one ``WITH``.

A statement costs both sides a turn, whatever it does. Inside ``gathered()`` what is written waits until
something is asked of the database, or the block ends, and is then sent as one statement, or as several where
it is very much. What comes of it is the same, but that a refusal is heard of then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any

from django.db import connection

MOST = 100  # changes in one statement: PostgreSQL gives no more than 1664 answers, and plans few the sooner


@dataclass(frozen=True)
class Write:
    """One change: subqueries that make it, their parameters, and scalars that say what came of it.

    A ``#`` in the SQL stands for the change's number in its statement, but for the first one's, so that names
    do not meet. Parts of one statement do not see each other, so no two of them may write one of the same
    ``rows``, named by table and id. PostgreSQL first makes what it must answer, in the order of the answers,
    so what has an order, as transitions have, is what an answer is of. ``hear`` is given the answers.
    """

    subqueries: tuple[str, ...]
    params: Sequence[Any]
    answers: tuple[str, ...] = ("true",)
    hear: Callable[..., None] = lambda *answers: None
    rows: frozenset[tuple[str, Any]] = frozenset()


_waiting: ContextVar[list[Write] | None] = ContextVar("waiting", default=None)


def write(change: Write, *, at_once: bool = False) -> None:
    """Make a change: now; or inside ``gathered()`` with others, later unless its answer is needed at once."""
    waiting = _waiting.get()
    if waiting is None:
        _run([change])
        return
    if any(change.rows & before.rows for before in waiting):
        _write_what_waits(waiting)
    waiting.append(change)
    if at_once or len(waiting) == MOST:
        _write_what_waits(waiting)


@contextmanager
def gathered() -> Iterator[None]:
    """Send what is written in this block together, but never later than what is asked after it."""
    waiting: list[Write] = []

    def before_it(execute: Callable[..., Any], *asked: Any) -> Any:
        _write_what_waits(waiting)
        return execute(*asked)

    outside = _waiting.set(waiting)
    try:
        with connection.execute_wrapper(before_it):
            yield
            _write_what_waits(waiting)
    finally:
        _waiting.reset(outside)


def _write_what_waits(waiting: list[Write]) -> None:
    if waiting:
        changes = waiting.copy()
        waiting.clear()
        _run(changes)


def _run(changes: Sequence[Write]) -> None:
    sql = _together(tuple((change.subqueries, change.answers) for change in changes))
    with connection.cursor() as cursor:
        cursor.execute(sql, [value for change in changes for value in change.params])
        answers = iter(cursor.fetchone())
    for change in changes:
        change.hear(*islice(answers, len(change.answers)))


@lru_cache(maxsize=256)
def _together(parts: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]) -> str:
    """The statement of these parts: the same text whenever they are the same, so that it is prepared."""
    made = [one.replace("#", str(n or "")) for n, (subqueries, _) in enumerate(parts) for one in subqueries]
    told = [one.replace("#", str(n or "")) for n, (_, answers) in enumerate(parts) for one in answers]
    return f"WITH {', '.join(made)} SELECT {', '.join(told)}"

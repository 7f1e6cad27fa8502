"""Sweeps: what is due, one by one, where no one of them can keep the others from their turn."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import structlog

log = structlog.get_logger(__name__)


def sweep(due: Iterable[int], look: Callable[[int], object], *, what: str) -> int:
    """Look at each of them. Answers how many that were.

    Raises an ExceptionGroup of what went wrong, but only when all have had their turn: the same one would
    otherwise stop every sweep at the same place.
    """
    count, failures = 0, list[Exception]()
    for row_id in due:
        count += 1
        try:
            look(row_id)
        except Exception as error:
            log.exception("sweep_failed", what=what, id=row_id)
            failures.append(error)
    if failures:
        raise ExceptionGroup(f"{len(failures)} of {count}: {what}", failures)
    return count

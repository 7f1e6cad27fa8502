"""Races: real threads, each with a connection of its own, let go at the same moment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any, TypeVar

from django.db import connection

T = TypeVar("T")
READY_WITHIN = ENDS_WITHIN = 60  # seconds; whoever hangs longer fails the test


def race(stories: Sequence[Callable[[], T]]) -> list[T | Exception]:
    """Run all of them at once; what each answered or raised, in order."""
    start = Barrier(len(stories))

    def run(story: Callable[[], T]) -> T | Exception:
        try:
            connection.ensure_connection()
            start.wait(READY_WITHIN)
            return story()
        except Exception as error:  # what was raised is a result too
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(stories)) as threads:
        running = [threads.submit(run, story) for story in stories]
        return [one.result(ENDS_WITHIN) for one in running]


def waiting_for_locks() -> int:
    """How many connections to this database wait for a lock that somebody else has."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")  # within a transaction it would not change
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        found: Any = cursor.fetchone()
    return int(found[0])


def kinds(results: Sequence[object]) -> dict[str, int]:
    """How many of each: the names of the errors, and of the types of the answers."""
    names = [type(result).__name__ for result in results]
    return {name: names.count(name) for name in sorted(set(names))}


def statuses(answers: Sequence[Any]) -> list[Any]:
    """The status of each answer, the lowest first. What was raised instead fails the test that looks."""
    for answer in answers:
        if isinstance(answer, Exception):
            raise answer
    return sorted(answer.status_code for answer in answers)

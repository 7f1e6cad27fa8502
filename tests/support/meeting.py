"""Two who read the same before either has written: the race that a lock forbids, made to happen each time."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from threading import Barrier
from typing import Any

from django.db import connection

from tests.support.racing import race

LOCKS = re.compile(r" FOR (NO KEY )?UPDATE( OF \"\w+\")?")


def without_locks(*stories: Callable[[], object], meet_before: str) -> list[object]:
    """Run stories at once that lock no row, each of them waiting for the others before its first statement
    that begins with ``meet_before``; what each answered or raised, in order.
    """
    all_have_decided = Barrier(len(stories))
    return list(race([partial(_hasty, all_have_decided, story, meet_before) for story in stories]))


def _hasty(barrier: Barrier, story: Callable[[], object], meet_before: str) -> object:
    waits = True

    def wait_once(execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        nonlocal waits
        if waits and str(sql).startswith(meet_before):
            waits = False
            barrier.wait(60)
        return execute(LOCKS.sub("", str(sql)), params, many, context)

    with connection.execute_wrapper(wait_once):
        return story()

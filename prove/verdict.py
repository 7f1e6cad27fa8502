"""The end of a part: both books are read, every check is made, and what is wrong is said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

import psycopg

from .books import gateways_books, our_books
from .checks import CHECKS, After
from .customer import Seen
from .killer import Kill
from .stack import Stack


@contextmanager
def everything_known(stack: Stack, seen: Seen, kills: Sequence[Kill], *, now: datetime) -> Iterator[After]:
    """What the checks need, read once everything is at rest."""
    with psycopg.connect(stack.database_url) as connection:
        yield After(
            theirs=gateways_books(stack.books),
            ours=our_books(connection),
            connection=connection,
            seen=seen,
            mailbox=stack.mailbox,
            kills=kills,
            now=now,
        )


def count_wrongs(after: After) -> int:
    """Make every check, and say how it went. Answers how many wrongs there are."""
    count = 0
    for name, check in CHECKS.items():
        found = check(after)
        count += len(found)
        print(f"{'  no' if found else 'yes'}  {name}")
        for sentence in found:
            print(f"       {sentence}")
    return count

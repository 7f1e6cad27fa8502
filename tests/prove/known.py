"""What is known when all is over, of the tests' own database, and which checks say something about it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.db import connection

from prove.checks import CHECKS, After
from prove.customer import Seen
from prove.killer import Kill
from prove.mailbox import Mailbox
from tests.support.practice import NOW


@contextmanager
def after(mailbox: Mailbox, *, seen: Seen | None = None, kills: tuple[Kill, ...] = ()) -> Iterator[After]:
    parameters = connection.get_connection_params()
    address = {name: parameters[name] for name in ("host", "user", "dbname") if name in parameters}
    with psycopg.connect(**address) as ours:
        yield After({}, {}, ours, seen or Seen(), mailbox, kills, NOW)


def found(after: After) -> list[str]:
    """The names of the checks that say something."""
    return [name for name, check in CHECKS.items() if check(after)]

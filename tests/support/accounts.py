"""Accounts as their users have them: an authenticator app, a mailbox, and rivals who come at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from django.core import mail
from django.db import models

from holdfast.flows import second_factor
from holdfast.kernel.clock import utc_now
from holdfast.platform import codes
from holdfast.platform.db import transaction
from holdfast.platform.models import User
from tests.support.racing import race, waiting_for_locks
from tests.support.worker import work

T = TypeVar("T")
LINK = re.compile(r"http://testserver/(?P<path>[a-z-]+)/(?P<key>[^/\s]+)/")
LOOKS = 100_000  # at the locks, before rivals who do not come fail the test


@dataclass(frozen=True)
class App:
    """An authenticator app with one account in it, and the recovery codes that came with it."""

    secret: str
    recovery: list[str]

    def code(self, *, now: datetime | None = None, steps: int = 0) -> str:
        """What it shows now; or showed, or will show, so many steps from now."""
        return codes.code_at(self.secret, now=(now or utc_now()) + timedelta(seconds=30 * steps))


def with_two_factor(user: User) -> App:
    """Turn it on for the user, some time ago, so that no code of today is used up."""
    then = utc_now() - timedelta(hours=1)
    made = second_factor.set_up(user, now=then)
    recovery = second_factor.turn_on(user, codes.code_at(made.secret, now=then), now=then)
    return App(made.secret, recovery)


def mailed_key(path: str) -> str:
    """The key in the latest mail, once all that waits has gone out; ``path`` is what its link is for."""
    work()
    found = LINK.search(str(mail.outbox[-1].body))
    assert found is not None, mail.outbox[-1].body
    assert found["path"] == path
    return found["key"]


def subjects() -> list[str]:
    """What the mails are about, after all mail that waits has gone out."""
    work()
    return [str(message.subject) for message in mail.outbox]


def meet_at(row: models.Model, stories: Sequence[Callable[[], T]]) -> list[T | Exception]:
    """Run all of them at once, and keep each from its end until all of them have come to a lock.

    So no one of them sees what another has done, unless a guard of the database shows it.
    """
    with ThreadPoolExecutor(1) as threads:
        with transaction():
            type(row)._default_manager.select_for_update().get(pk=row.pk)
            running = threads.submit(race, stories)
            assert any(waiting_for_locks() == len(stories) for _ in range(LOOKS)), (
                "not all of them came to a lock"
            )
        return running.result()

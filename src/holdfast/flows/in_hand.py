"""A movement of money in the hand of one worker, who asks the gateway about it.

The hand is a lease that is taken anew before each call, and longer than a call may take. So nobody else asks
meanwhile, and when a worker dies in the midst of a call, another takes over soon.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from holdfast.payments.gateways.base import Unknown
from holdfast.payments.gateways.deadline import deadline
from holdfast.payments.models import Transaction
from holdfast.payments.queries import keep_in_hand, put_down, take_in_hand

ONE_CALL = timedelta(seconds=20)
LEASE = timedelta(seconds=30)  # longer by a while, for a call that is sent in the last moment and heard late


class TakenOver(Unknown):
    """Another worker has taken the movement over, and finds out for itself."""


class InHand:
    """A movement that we have taken in hand, at ``now`` by the caller's clock."""

    def __init__(self, movement: Transaction, *, now: datetime) -> None:
        self.until = now + LEASE
        self._movement, self._now, self._taken_at = movement, now, time.monotonic()
        self._has_called = False

    @contextmanager
    def call(self) -> Iterator[None]:
        """Make one call in here. Raises TakenOver instead, or Unknown when it takes too long."""
        if self._has_called:
            self._keep()
        self._has_called = True
        with deadline(ONE_CALL):
            yield

    def _keep(self) -> None:
        until = self._now + timedelta(seconds=time.monotonic() - self._taken_at) + LEASE
        if not keep_in_hand(self._movement, until=self.until, longer=until):
            raise TakenOver("Another worker asks about it now.")
        self.until = until

    def put_down(self) -> bool:
        """We do not ask any more. False: somebody has taken it over, and keeps it."""
        return put_down(self._movement, until=self.until)


def taken_in_hand(movement: Transaction, *, now: datetime) -> InHand | None:
    """The movement in our hand; None if another worker has it, or it has moved since it was read."""
    hand = InHand(movement, now=now)
    return hand if take_in_hand(movement, until=hand.until, now=now) else None

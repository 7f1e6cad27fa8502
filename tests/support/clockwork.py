"""One clock for a long story: ours, the gateways' and the worker's go together, and only when we say so.

Whatever would happen by itself (a message is delivered, a hold runs out, the reconciler comes by) happens
when the story says so; and a process dies at whichever statement the story names.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from django.db import connection

from holdfast.booking.models import Booking, Rescheduling
from holdfast.flows.approval import decline_unanswered, warn_of_deadlines
from holdfast.flows.ending import expire_orders
from holdfast.flows.gateways import breaker_of
from holdfast.flows.handlers import handle
from holdfast.flows.moving import expire_moves
from holdfast.flows.reconciliation import reconcile
from holdfast.kernel.clock import utc_now
from holdfast.orders.models import Order
from holdfast.payments.models import Payment
from tests.support.sandbox import Sandbox

T = TypeVar("T")
A_SECOND = timedelta(seconds=1)
ROUNDS = 50  # of work at one moment, before whoever asks for more is at odds with himself
DUE = "SELECT id, args::text, scheduled_at FROM procrastinate_jobs WHERE status = 'todo' ORDER BY id"
DONE = "UPDATE procrastinate_jobs SET status = 'succeeded' WHERE id = %s"
SWEEPS: tuple[Callable[..., int], ...] = (expire_orders, expire_moves, decline_unanswered, warn_of_deadlines)


class Killed(BaseException):
    """The process ended here. No exception handler of ours can have seen it."""


class Clockwork:
    """``now`` is the time of the story; ``at`` are the handles of the gateways, by name."""

    def __init__(self, sandbox: Sandbox, *, start: datetime, gateways: tuple[str, ...]) -> None:
        self.at = {name: replace(sandbox, gateway=name) for name in gateways}
        self.now = start
        self._first = self.at[gateways[0]]
        self._due: dict[int, datetime] = {}
        self._dies_in = 0
        self._first.disarm()
        self.wait(timedelta(0))

    def wait(self, time: timedelta) -> None:
        """Let time pass, for the gateways as well; what is due there has happened when this comes back."""
        self.now += time
        breaker_of.cache_clear()  # they rest by the real clock, which stands still here
        self._first.reset_clock()
        self._first.advance((self.now - utc_now()).total_seconds())

    # ---- the worker -------------------------------------------------------------------------------------

    def deliver(self) -> int:
        """Deliver every message that is due. Answers how many; raises whatever one of them raises."""
        count = 0
        for job, args in self._waiting():
            if self._due[job] <= self.now:
                self.mortal(partial(handle, args["kind"], args["payload"], now=self.now))
                with connection.cursor() as cursor:
                    cursor.execute(DONE, [job])
                count += 1
        return count

    def reconcile(self) -> int:
        return self.mortal(partial(reconcile, now=self.now))

    def sweep(self) -> int:
        """End what has run out: holds, moves, approvals that nobody has given."""
        return sum(self.mortal(partial(each, now=self.now)) for each in SWEEPS)

    def run_down(self) -> None:
        """Do all that is due at this moment, and what follows from that."""
        for _ in range(ROUNDS):
            if not self.deliver() + self.sweep() + self.reconcile():
                return
        raise AssertionError(f"at {self.now} something asks to be done again and again")

    def still_due(self) -> dict[str, datetime]:
        """What will happen by itself, and when; nothing, when nothing ever will."""
        due: dict[str, datetime | None] = {f"message {args}": self._due[job] for job, args in self._waiting()}
        looks = Payment.objects.exclude(next_look_at=None)
        due |= {f"look at {one}, {one.state}": one.next_look_at for one in looks}
        due |= {f"end of {one}": one.expires_at for one in Order.objects.filter(state="placed")}
        waiting = Booking.objects.filter(state="pending_approval")
        due |= {f"end of {one}": one.answer_by for one in waiting}
        due |= {f"end of {one}": one.expires_at for one in Rescheduling.objects.filter(state="waiting")}
        return {what: when for what, when in due.items() if when is not None}

    def remember(self) -> None:
        """When the messages are due that have just been posted: their delays are counted from now."""
        list(self._waiting())

    def _waiting(self) -> Iterator[tuple[int, dict[str, Any]]]:
        with connection.cursor() as cursor:
            cursor.execute(DUE)
            rows = cursor.fetchall()
        for job, args, scheduled_at in rows:
            if job not in self._due:
                delay = (scheduled_at - utc_now()) if scheduled_at else timedelta(0)
                self._due[job] = self.now + max(delay, timedelta(0))
            yield job, json.loads(args)

    # ---- death ------------------------------------------------------------------------------------------

    def die_in(self, statements: int) -> None:
        """The next process of ours dies after so many statements, unless it has come to its end before."""
        self._dies_in = statements

    def mortal(self, story: Callable[[], T]) -> T:
        """Carry a story out as a process would that may be about to die. Raises Killed where it does."""
        left, self._dies_in = self._dies_in, 0
        if not left:
            return story()
        with _dying_in(left):
            return story()


@contextmanager
def _dying_in(statements: int) -> Iterator[None]:
    left = statements

    def count(execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        nonlocal left
        left -= 1
        result = execute(sql, params, many, context)
        if left == 0:
            raise Killed
        return result

    with connection.execute_wrapper(count):
        yield

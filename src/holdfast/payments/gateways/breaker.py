"""What keeps an ill gateway from making the whole site ill: a breaker per account, and a limit on threads.

pybreaker would not do here: it holds its lock while the call runs, so that one slow call holds up all.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, TypeVar

from holdfast.kernel.money import Money

from .base import (
    About,
    BadCredentials,
    Gateway,
    Notice,
    NoToken,
    NotSent,
    Outcome,
    RefundOutcome,
    RefundRequest,
    Refused,
    Start,
    Started,
    Unclear,
    Unknown,
)
from .deadline import deadline
from .transport import PATIENCE

T = TypeVar("T")


class BreakerOpen(NotSent):
    """The gateway has not been answering, so it was not asked."""


class GatewayBusy(NotSent):
    """Too many calls to gateways are under way, so this one was not made."""


# These show that the gateway is there and answers, whatever we think of the answer.
ANSWERS = (Refused, Unclear, BadCredentials)


class Breaker:
    """Lets calls through until ``opens_after`` in a row end in Unknown; then none for ``rests_for``.

    After that one call at a time is let through to try: an answer closes the breaker, another Unknown
    opens it again. A definite no and bad credentials count as answers; NoToken counts neither way. Threads
    may share it; it holds no lock while a call runs.
    """

    def __init__(
        self,
        *,
        opens_after: int = 5,
        rests_for: timedelta = timedelta(seconds=30),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._opens_after = opens_after
        self._rests_for = rests_for.total_seconds()
        self._clock = clock
        self._lock = threading.Lock()
        self._unknowns = 0
        self._try_again_at: float | None = None
        self._trying = False

    @property
    def is_open(self) -> bool:
        """Whether a call made now would be refused."""
        with self._lock:
            return self._must_wait()

    def run(self, ask: Callable[[], T]) -> T:
        """Make the call, or raise BreakerOpen at once."""
        is_trial = self._enter()
        try:
            answer = ask()
        except ANSWERS:
            self._answered()
            raise
        except NoToken:
            raise
        except Unknown:
            self._unanswered()
            raise
        else:
            self._answered()
            return answer
        finally:
            if is_trial:
                self._trying = False

    def _enter(self) -> bool:
        """Whether the call is the trial of an open breaker. Raises BreakerOpen."""
        with self._lock:
            if self._must_wait():
                raise BreakerOpen("It has not been answering; waiting before it is asked again.")
            self._trying = self._try_again_at is not None
            return self._trying

    def _must_wait(self) -> bool:
        try_again_at = self._try_again_at
        return try_again_at is not None and (self._trying or self._clock() < try_again_at)

    def _answered(self) -> None:
        with self._lock:
            self._unknowns, self._try_again_at = 0, None

    def _unanswered(self) -> None:
        with self._lock:
            self._unknowns += 1
            if self._unknowns >= self._opens_after:
                self._try_again_at = self._clock() + self._rests_for


class GatewaySlots:
    """At most ``limit`` threads inside at a time; one more is turned away at once with GatewayBusy.

    Half of the web threads is a good limit: the other half then always serves pages.
    """

    def __init__(self, limit: int) -> None:
        self._free = threading.BoundedSemaphore(limit)

    def __enter__(self) -> None:
        if not self._free.acquire(blocking=False):
            raise GatewayBusy("Every place for gateway calls is taken.")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._free.release()


def guarded(gateway: Gateway, *, breaker: Breaker, slots: GatewaySlots | None = None) -> Guarded:
    """The gateway with a breaker and a limit around every method that calls out."""
    return Guarded(gateway, breaker=breaker, slots=slots or nullcontext())


class Guarded:
    """The same methods as the gateway that it wraps; ``gateway`` is the class and its facts."""

    def __init__(self, gateway: Gateway, *, breaker: Breaker, slots: AbstractContextManager[Any]) -> None:
        self.gateway = gateway
        self._breaker = breaker
        self._slots = slots

    def start(self, wanted: Start, *, now: datetime) -> Started:
        return self._ask(lambda: self.gateway.start(wanted, now=now))

    def look_up(self, payment: About, *, now: datetime) -> Outcome:
        return self._ask(lambda: self.gateway.look_up(payment, now=now))

    def capture(self, payment: About, amount: Money, *, key: str, now: datetime) -> Outcome:
        return self._ask(lambda: self.gateway.capture(payment, amount, key=key, now=now))

    def void(self, payment: About, *, key: str, now: datetime) -> Outcome:
        return self._ask(lambda: self.gateway.void(payment, key=key, now=now))

    def refund(self, wanted: RefundRequest, *, now: datetime) -> RefundOutcome:
        return self._ask(lambda: self.gateway.refund(wanted, now=now))

    def look_up_refund(self, refund_reference: str, *, of: About, now: datetime) -> RefundOutcome:
        return self._ask(lambda: self.gateway.look_up_refund(refund_reference, of=of, now=now))

    def read_webhook(self, headers: Mapping[str, str], body: bytes) -> Notice:
        """Straight through: reading a webhook calls nobody."""
        return self.gateway.read_webhook(headers, body)

    def _ask(self, ask: Callable[[], T]) -> T:
        """However many calls a question takes, it has no more time than one."""
        with self._slots, deadline(PATIENCE):
            return self._breaker.run(ask)

"""What the gateway does wrong: faults drawn for each booking, armed in the sandbox, and counted."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx

from tests.support.sandbox import Sandbox

Counts = Sequence[tuple[int, int]]  # how many faults for one booking, and the weight of that

FEW: Counts = ((0, 60), (1, 40))  # with more of them the breaker stays open, and nobody books
SOME: Counts = ((0, 25), (1, 40), (2, 25), (3, 10))


@dataclass(frozen=True)
class Fault:
    """``weight``: how often it is drawn. ``extra`` goes with it to the sandbox."""

    name: str
    weight: int
    extra: dict[str, Any] = field(default_factory=dict)


# Before there is a reference to limit them to: they happen to whoever comes next.
ANYBODYS = (
    Fault("pay_500_before", 4),
    Fault("pay_500_after", 4),
    Fault("pay_timeout_before", 2, {"seconds": 3}),
    Fault("pay_timeout_after", 1, {"seconds": 17}),
    Fault("pay_reset_after", 3),
    Fault("pay_429", 2),
    Fault("pay_truncated", 2),
    Fault("token_500_before", 1),
    Fault("token_timeout_before", 1, {"seconds": 2}),
    Fault("status_500_before", 6),
    Fault("status_reset_after", 3),
    Fault("status_timeout_before", 2, {"seconds": 3}),
    Fault("status_timeout_after", 1, {"seconds": 17}),
    Fault("status_html", 2),
    Fault("refund_500_before", 4),
    Fault("refund_500_after", 4),
    Fault("refund_timeout_after", 2, {"seconds": 3}),
    Fault("refund_reset_after", 3),
    Fault("refund_status_500_before", 3),
    Fault("refund_not_found", 2),
)
# Of this booking alone. PhonePe tells of a refund made in its dashboard by webhook only, so that one which is
# lost as well cannot be found out: it is not among them.
ITS_OWN = (
    Fault("webhook_lost", 10),
    Fault("webhook_doubled", 8, {"copies": 3}),
    Fault("webhook_burst", 2, {"copies": 20}),
    Fault("webhook_delayed", 8, {"seconds": 6}),
    Fault("webhook_reordered", 8),
    Fault("webhook_wrong_hash", 2),
    Fault("webhook_wrong_amount", 2),
    Fault("webhook_malformed_json", 2),
    Fault("webhook_before_pay_answer", 1),
    Fault("webhook_forged_completed", 2),
    Fault("status_lag", 4, {"times": 2}),
    Fault("status_flap", 2, {"times": 3}),
    Fault("status_not_found", 2),
    Fault("status_unknown_state", 2),
    Fault("status_of_another_order", 2),
    Fault("amount_higher", 2),
    Fault("amount_lower", 2),
    Fault("pending_then_completed", 4),
    Fault("attempt_failed_then_completed", 3, {"seconds": 4}),
    Fault("failed_then_completed", 4),
    Fault("success_after_expiry", 3),
    Fault("late_success", 6),
    Fault("redirect_with_parameters", 3),
    Fault("refund_fails", 8),
)


class Mischief:
    """Arms faults while there is a storm. ``calm`` calls off those that have not happened."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._control = httpx.Client(base_url=sandbox.url, timeout=30)
        self._lock = threading.Lock()
        self._armed: Counter[str] = Counter()
        self.happened: Counter[str] = Counter()

    def before(self, random: Random) -> None:
        """Somebody is about to book."""
        self._arm(ANYBODYS, FEW, random)

    def during(self, reference: str, random: Random) -> None:
        """Somebody holds a time, and its payment is known by this reference."""
        self._arm(ITS_OWN, SOME, random, only=reference)

    def calm(self) -> None:
        """From now on the gateway behaves; what has happened until now is counted."""
        left = Counter[str]()
        for fault in self._sandbox.armed():
            left[fault["fault"]] += fault["times"]
        self._sandbox.disarm()
        self.happened = self._armed - left

    def _arm(self, table: Sequence[Fault], counts: Counts, random: Random, **limits: str) -> None:
        count = random.choices([count for count, _ in counts], [weight for _, weight in counts])[0]
        for fault in random.choices(table, [fault.weight for fault in table], k=count):
            with self._lock:
                self._armed[fault.name] += int(fault.extra.get("times", 1))
            body = {"gateway": self._sandbox.gateway, "fault": fault.name, **fault.extra, **limits}
            self._control.post("/control/faults", json=body).raise_for_status()

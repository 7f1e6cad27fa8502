"""Money that a person takes and writes down: cash, a bank transfer. Nobody can be asked about it.

So it is no gateway that one could call. It is here for its facts, and for a payment to have an account like
any other; what came of one is known only by who recorded it, with their name on it.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from holdfast.kernel.money import EXPONENTS

from .base import About, Became, Gateway, Outcome, Refused, Start, Started


class Offline(Gateway):
    """Every currency there is, no credentials, and no calls."""

    name = "offline"
    label = "Cash or bank transfer"
    can = frozenset()
    currencies = frozenset(EXPONENTS)
    minimum = 1
    reference_format = re.compile(r"[A-Za-z0-9_-]{1,63}")
    credentials = ()
    ladder = ((timedelta(days=1), timedelta(days=1)),)

    def start(self, wanted: Start, *, now: datetime) -> Started:
        """Always refused: there is no page to pay on. Such money is recorded, not asked for."""
        self.must_take(wanted.reference, wanted.amount)
        raise Refused("BY_HAND", "This money is taken by a person, who writes it down.")

    def look_up(self, payment: About, *, now: datetime) -> Outcome:
        """Always pending: only a person can tell, and then nobody looks any more."""
        return Outcome(Became.PENDING, word="waits for a person", reference=payment.reference)

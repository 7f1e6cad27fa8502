"""When an order asks for how much: all of it at once, or a deposit now and the balance before the start."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from .pricing import half_up


class Kind(StrEnum):
    FULL = "full"
    DEPOSIT = "deposit"
    BALANCE = "balance"
    DIFFERENCE = "difference"


# What is asked for when the bookings are there already.
COMES_LATER = (Kind.BALANCE, Kind.DIFFERENCE)


@dataclass(frozen=True)
class Ask:
    """One amount, in minor units, and from when on it is asked for."""

    kind: Kind
    amount: int
    due_at: datetime


def dues_for(
    total: int,
    *,
    deposit_percent: int,
    balance_before: timedelta,
    starts_at: datetime,
    now: datetime,
    on_the_spot: bool = False,
) -> tuple[Ask, ...]:
    """What to ask for ``total``, the one to be paid now first.

    ``balance_before`` the start the balance is due. If that is past, or the deposit comes to nothing or to
    everything, all of it is due now; a total of 0 asks for one full due of 0. ``on_the_spot`` nothing is to
    be paid now, and all of it is the balance, due at the start.
    """
    if on_the_spot and total:
        return (Ask(Kind.BALANCE, total, starts_at),)
    deposit = half_up(total * deposit_percent, 100)
    balance_at = starts_at - balance_before
    if not 0 < deposit < total or balance_at <= now:
        return (Ask(Kind.FULL, total, now),)
    return (Ask(Kind.DEPOSIT, deposit, now), Ask(Kind.BALANCE, total - deposit, balance_at))

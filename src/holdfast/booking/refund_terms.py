"""What a cancellation gives back, by its terms. Pure functions."""

from __future__ import annotations

from datetime import timedelta

from holdfast.catalog.terms import Shares
from holdfast.kernel.money import Money


def percent_back(shares: Shares, *, notice: timedelta) -> int:
    """How much of the price comes back for so much notice: the share of the longest notice that was kept."""
    kept = [(seconds, percent) for seconds, percent in shares if notice >= timedelta(seconds=seconds)]
    return max(kept)[1] if kept else 0


def share_of(amount: int, *, percent: int) -> int:
    """So many percent of an amount in minor units, half a unit rounded up."""
    assert 0 <= percent <= 100
    return (amount * percent + 50) // 100


def refund_owed(paid: Money, *, percent: int, left: Money) -> Money:
    """So many percent of what was paid, half a minor unit rounded up, and never more than is left of it.

    ``left`` is what was taken and has not gone back, nor is on its way.
    """
    share = Money(share_of(paid.amount, percent=percent), paid.currency)
    assert left.currency == paid.currency
    return share if share.amount <= left.amount else left


def paid_for(service: int, *, total: int, paid: int) -> int:
    """How much of what was paid towards an order is for one of its services, in minor units.

    All that the service costs once the order is paid in full; of a deposit, its share, rounded down.
    """
    return service if paid >= total else service * paid // total

"""What a cancellation gives back, by its terms. Pure functions."""

from __future__ import annotations

from datetime import timedelta

from holdfast.catalog.terms import Shares
from holdfast.kernel.money import Money


def percent_back(shares: Shares, *, notice: timedelta) -> int:
    """How much of the price comes back for so much notice: the share of the longest notice that was kept."""
    kept = [(seconds, percent) for seconds, percent in shares if notice >= timedelta(seconds=seconds)]
    return max(kept)[1] if kept else 0


def refund_owed(price: Money, *, percent: int, left: Money) -> Money:
    """So many percent of the price, half a minor unit rounded up, and never more than is left of it.

    ``left`` is what was taken and has not gone back, nor is on its way.
    """
    assert 0 <= percent <= 100
    share = Money((price.amount * percent + 50) // 100, price.currency)
    assert left.currency == price.currency
    return share if share.amount <= left.amount else left

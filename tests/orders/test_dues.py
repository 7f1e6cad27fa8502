"""What is due when: everything now, or a deposit now and the balance before the start."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.orders.dues import Ask, Kind, dues_for
from tests.orders.shop import DAYS, NOW

WEEK = 7 * DAYS
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("total", "percent", "starts_in", "asks"),
    [
        (10_000, 0, 30 * DAYS, [("full", 10_000, 0 * DAYS)]),
        (10_000, 30, 30 * DAYS, [("deposit", 3000, 0 * DAYS), ("balance", 7000, 23 * DAYS)]),
        (
            10_000,
            30,
            WEEK + timedelta(seconds=1),
            [("deposit", 3000, 0 * DAYS), ("balance", 7000, timedelta(seconds=1))],
        ),
        (10_000, 30, WEEK, [("full", 10_000, 0 * DAYS)]),
        (10_000, 30, 1 * DAYS, [("full", 10_000, 0 * DAYS)]),
        (10_000, 100, 30 * DAYS, [("full", 10_000, 0 * DAYS)]),
        (25, 50, 30 * DAYS, [("deposit", 13, 0 * DAYS), ("balance", 12, 23 * DAYS)]),
        (1, 30, 30 * DAYS, [("full", 1, 0 * DAYS)]),
        (0, 30, 30 * DAYS, [("full", 0, 0 * DAYS)]),
    ],
    ids=[
        "no deposit",
        "a deposit",
        "the balance is due in a second",
        "the balance would be due now",
        "the balance would be overdue",
        "the deposit is everything",
        "half a unit goes up",
        "the deposit is nothing",
        "it costs nothing",
    ],
)
def test_what_is_due_when(
    total: int, percent: int, starts_in: timedelta, asks: list[tuple[str, int, timedelta]]
) -> None:
    asked = dues_for(total, deposit_percent=percent, balance_before=WEEK, starts_at=NOW + starts_in, now=NOW)

    assert asked == tuple(Ask(Kind(kind), amount, NOW + after) for kind, amount, after in asks)


@given(st.integers(0, 10_000_000), st.integers(0, 100), st.integers(0, 60))
def test_dues_ask_for_the_total_and_for_something_now(total: int, percent: int, days: int) -> None:
    asked = dues_for(
        total, deposit_percent=percent, balance_before=WEEK, starts_at=NOW + days * DAYS, now=NOW
    )

    assert sum(ask.amount for ask in asked) == total
    assert asked[0].due_at == NOW
    assert all(ask.amount > 0 for ask in asked) or total == 0


@pytest.mark.spec("DESK-4")
@pytest.mark.parametrize("percent", [0, 25, 100])
def test_on_the_spot_everything_is_the_balance_at_the_start(percent: int) -> None:
    soon, starts_at = timedelta(hours=1), NOW + timedelta(hours=1)

    asked = dues_for(
        1_000, deposit_percent=percent, balance_before=soon, starts_at=starts_at, now=NOW, on_the_spot=True
    )

    assert asked == (Ask(Kind.BALANCE, 1_000, starts_at),)


@pytest.mark.spec("DESK-4")
def test_what_costs_nothing_is_paid_on_the_spot_or_not() -> None:
    asked = dues_for(0, deposit_percent=0, balance_before=WEEK, starts_at=NOW, now=NOW, on_the_spot=True)

    assert asked == (Ask(Kind.FULL, 0, NOW),)

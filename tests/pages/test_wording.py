"""Amounts and times as people read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from holdfast.kernel.money import EXPONENTS, Money
from holdfast.kernel.wording import SYMBOLS, amount_in_words, day_in_words, hours_in_words, time_in_words


@pytest.mark.parametrize(
    ("minor", "currency", "said"),
    [
        (0, "INR", "₹0.00"),
        (5, "INR", "₹0.05"),
        (99_900, "INR", "₹999.00"),
        (199_900, "INR", "₹1,999.00"),
        (14_990_000, "INR", "₹1,49,900.00"),
        (1_234_567_890, "INR", "₹1,23,45,678.90"),
        (1_234_567_890, "USD", "$12,345,678.90"),
        (1_000, "JPY", "¥1,000"),
        (100_000, "CHF", "CHF 1,000.00"),
    ],
)
def test_an_amount_is_grouped_as_its_people_group_it(minor: int, currency: str, said: str) -> None:
    assert amount_in_words(Money(minor, currency)) == said


def test_every_currency_has_its_sign() -> None:
    assert set(SYMBOLS) == set(EXPONENTS)


def test_times_are_said_on_the_wall_clock_of_the_business() -> None:
    start = datetime(2026, 11, 26, 19, 0, tzinfo=UTC).astimezone(ZoneInfo("Asia/Kolkata"))
    end = datetime(2026, 11, 26, 19, 0, tzinfo=UTC) + timedelta(minutes=45)

    assert day_in_words(start) == "Friday, 27 November 2026"
    assert hours_in_words(start, end) == "00:30–01:15 (Asia/Kolkata time)"


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        (3, "22:00–01:00 (Europe/Vienna time)"),  # an evening that ends after midnight
        (13, "22:00 to Saturday, 28 November 2026, 11:00 (Europe/Vienna time)"),
        (61, "22:00 to Monday, 30 November 2026, 11:00 (Europe/Vienna time)"),
    ],
)
def test_of_what_goes_on_for_a_night_or_more_the_last_day_is_said(hours: int, said: str) -> None:
    start = datetime(2026, 11, 27, 22, 0, tzinfo=ZoneInfo("Europe/Vienna"))

    assert hours_in_words(start, start.astimezone(UTC) + timedelta(hours=hours)) == said


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(days=2, hours=3, minutes=59), "2 days, 3 hours"),
        (timedelta(days=1, minutes=5), "1 day"),
        (timedelta(hours=1, minutes=1, seconds=59), "1 hour, 1 minute"),
        (timedelta(minutes=12), "12 minutes"),
        (timedelta(seconds=59), "less than a minute"),
    ],
)
def test_a_length_of_time_is_said_by_its_two_largest_units(length: timedelta, words: str) -> None:
    assert time_in_words(length) == words

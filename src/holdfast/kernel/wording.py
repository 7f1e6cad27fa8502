"""Amounts and times as people read them, in pages and mail. Machines get ``Money.decimal`` and ISO dates."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from .money import Money

SYMBOLS = {
    "INR": "₹",
    "EUR": "€",
    "GBP": "£",
    "USD": "$",
    "JPY": "¥",
    "NPR": "NPR ",
    "IDR": "IDR ",
    "CHF": "CHF ",
}
MINUTE, HOUR, DAY = 60, 3_600, 86_400
UNITS = ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute"))
# How many digits stand together, from the right; the last number repeats. Others group by threes.
GROUPS = {"INR": (3, 2), "NPR": (3, 2)}
HALF_A_DAY = timedelta(hours=12)


def amount_in_words(money: Money) -> str:
    """``₹1,999.00``, and ``₹1,49,900.00`` where people count in lakhs."""
    whole, point, rest = money.decimal.partition(".")
    first, then = GROUPS.get(money.currency, (3, 3))
    head, tail = whole[:-first], whole[-first:]
    while head:
        head, tail = head[:-then], f"{head[-then:]},{tail}"
    return f"{SYMBOLS[money.currency]}{tail}{point}{rest}"


def day_in_words(moment: datetime) -> str:
    """``Thursday, 26 November 2026``, in the zone that the moment carries."""
    return f"{moment:%A}, {moment.day} {moment:%B %Y}"


def first_and_more(titles: Sequence[str]) -> str:
    """``Palm reading``, and of three ``Palm reading and 2 more``."""
    return titles[0] if len(titles) == 1 else f"{titles[0]} and {len(titles) - 1} more"


def hours_in_words(start: datetime, end: datetime) -> str:
    """``10:00–10:30 (Asia/Kolkata time)``, in the zone that ``start`` carries. Of a stay it is ``15:00 to
    Monday, 30 November 2026, 11:00 (Europe/Vienna time)``, for nobody could tell its end otherwise.
    """
    ends = end.astimezone(start.tzinfo)
    is_stay = ends.date() != start.date() and end - start > HALF_A_DAY
    until = f" to {day_in_words(ends)}, {ends:%H:%M}" if is_stay else f"–{ends:%H:%M}"
    return f"{start:%H:%M}{until} ({start.tzinfo} time)"


def time_in_words(length: timedelta) -> str:
    """``2 days, 3 hours``, ``1 hour, 5 minutes``: by its largest unit and the one below, rounded down."""
    rest, said = int(length.total_seconds()), []
    for seconds, unit in UNITS:
        count, rest = divmod(rest, seconds)
        said.append((count, f"{count} {unit}" if count == 1 else f"{count} {unit}s"))
    first = next((place for place, (count, _) in enumerate(said) if count), None)
    if first is None:
        return "less than a minute"
    return ", ".join(words for count, words in said[first : first + 2] if count)

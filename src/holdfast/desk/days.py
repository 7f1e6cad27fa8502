"""Days as forms and addresses write them."""

from __future__ import annotations

from datetime import date

YEARS = range(2000, 2200)  # beyond them, a calendar's sums come to no date at all


def day_in(written: str) -> date | None:
    """``2026-11-26`` as a day; None for what is none, or none that anybody can mean here."""
    try:
        day = date.fromisoformat(written)
    except ValueError:
        return None
    return day if day.year in YEARS else None

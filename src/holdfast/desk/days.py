"""Days as forms and addresses write them."""

from __future__ import annotations

from datetime import date

from django.http import Http404

YEARS = range(2000, 2200)  # beyond them, a calendar's sums come to no date at all


def day_in(written: str) -> date | None:
    """``2026-11-26`` as a day; None for what is none, or none that anybody can mean here."""
    try:
        day = date.fromisoformat(written)
    except ValueError:
        return None
    return day if day.year in YEARS else None


def day_asked(written: str, *, today: date) -> date:
    """The day that a page was asked for; today when none was. Raises Http404."""
    day = day_in(written) if written else today
    if day is None:
        raise Http404("There is no such day.")
    return day

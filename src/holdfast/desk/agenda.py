"""The agenda: one day of one business, and what waits on a person."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Never

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from holdfast.catalog.models import Business
from holdfast.kernel.clock import utc_now
from holdfast.platform.models import User

from . import rows
from .entry import at_the_desk
from .scope import (
    bookings_open_to,
    bookings_to_answer_for,
    businesses_of,
    findings_for,
    money_waiting_for,
)

A_DAY = timedelta(days=1)
FINDINGS_SHOWN = 20
YEARS = range(2000, 2200)


@at_the_desk
def front(request: HttpRequest, user: User) -> HttpResponse:
    """One day of one business, and the money that waits on a person."""
    businesses = list(businesses_of(user))
    business = _chosen(request.GET.get("business", ""), businesses)
    told: dict[str, Any] = {
        "businesses": businesses,
        "business": business,
        "waiting": rows.waiting(money_waiting_for(user)),
        "to_answer": [rows.appointment(booking) for booking in bookings_to_answer_for(user)],
        "findings": findings_for(user)[:FINDINGS_SHOWN],
    }
    if business is None:
        return render(request, "desk/front.html", told)
    today = utc_now().astimezone(business.zone).date()
    day = _day(request.GET.get("date", ""), today=today)
    start, end = (_midnight(moment, business) for moment in (day, day + A_DAY))
    booked = bookings_open_to(user).filter(business=business, starts_at__gte=start, starts_at__lt=end)
    told |= {
        "day": day,
        "today": today,
        "before": day - A_DAY,
        "after": day + A_DAY,
        "appointments": [rows.appointment(booking) for booking in booked],
    }
    return render(request, "desk/front.html", told)


def _chosen(slug: str, businesses: list[Business]) -> Business | None:
    """The business asked for, if it is one of theirs; the first of them when none was."""
    if not slug:
        return businesses[0] if businesses else None
    return next((b for b in businesses if b.slug == slug), None) or _not_here("There is no such business.")


def _day(text: str, *, today: date) -> date:
    if not text:
        return today
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return _not_here("There is no such day.")
    return day if day.year in YEARS else _not_here("There is no such day.")


def _midnight(day: date, business: Business) -> datetime:
    return datetime.combine(day, time(), tzinfo=business.zone).astimezone(UTC)


def _not_here(message: str) -> Never:
    raise Http404(message)

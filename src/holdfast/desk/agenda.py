"""The agenda: a day or a week of one business, and what waits on a person."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Never

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from holdfast.catalog.models import Business, Provider
from holdfast.kernel.clock import utc_now
from holdfast.kernel.period import Period
from holdfast.platform.models import User

from . import rows
from .agenda_rows import blocks_in, entries_of, week_of
from .days import day_asked
from .entry import at_the_desk
from .listening import stream_of
from .money import unmatched_for
from .scope import (
    bookings_open_to,
    bookings_to_answer_for,
    businesses_of,
    findings_for,
    money_waiting_for,
    resources_open_to,
)

A_DAY, A_WEEK = timedelta(days=1), timedelta(days=7)
SHOWN = 20


@at_the_desk
def front(request: HttpRequest, user: User) -> HttpResponse:
    """A day or a week of one business, of all or of one who gives it, and what waits on a person."""
    businesses = list(businesses_of(user))
    business = _chosen(request.GET.get("business", ""), businesses)
    waiting = money_waiting_for(user)
    told: dict[str, Any] = {
        "businesses": businesses,
        "business": business,
        "live": stream_of(businesses, shown=business),
        "waiting": rows.waiting(waiting[:SHOWN]),
        "to_see_to": waiting.count() + unmatched_for(user).count(),
        "to_answer": [rows.appointment(booking) for booking in bookings_to_answer_for(user)[:SHOWN]],
        "findings": findings_for(user)[:SHOWN],
    }
    if business is not None:
        told |= _agenda(request, user, business)
    return render(request, "desk/front.html", told)


def _agenda(request: HttpRequest, user: User, business: Business) -> dict[str, Any]:
    now = utc_now()
    today = now.astimezone(business.zone).date()
    day = day_asked(request.GET.get("date", ""), today=today)
    is_week = request.GET.get("view") == "week"
    step = A_WEEK if is_week else A_DAY
    first = day - A_DAY * day.weekday() if is_week else day
    start, end = (_midnight(moment, business) for moment in (first, first + step))
    booked = bookings_open_to(user).filter(business=business, starts_at__gte=start, starts_at__lt=end)
    resources = resources_open_to(user, business)
    providers = list(Provider.objects.filter(resource__in=resources).select_related("resource"))
    provider = _one_of(providers, request.GET.get("provider", ""))
    if provider is not None:
        booked = booked.filter(provider=provider)
        resources = resources.filter(pk=provider.resource_id)
    entries = entries_of(booked, now=now)
    return {
        "day": day,
        "today": today,
        "before": day - step,
        "after": day + step,
        "is_week": is_week,
        "week": week_of(entries, [first + A_DAY * n for n in range(7)]) if is_week else [],
        "providers": providers,
        "provider": provider,
        "appointments": entries,
        "blocks": blocks_in(Period(start, end), resources, business.zone),
    }


def _one_of(providers: list[Provider], said: str) -> Provider | None:
    """The provider that was asked for; None for all of them."""
    if not said:
        return None
    return next((one for one in providers if str(one.pk) == said), None) or _not_here("There is nobody so.")


def _chosen(slug: str, businesses: list[Business]) -> Business | None:
    """The business asked for, if it is one of theirs; the first of them when none was."""
    if not slug:
        return businesses[0] if businesses else None
    return next((b for b in businesses if b.slug == slug), None) or _not_here("There is no such business.")


def _midnight(day: date, business: Business) -> datetime:
    return datetime.combine(day, time(), tzinfo=business.zone).astimezone(UTC)


def _not_here(message: str) -> Never:
    raise Http404(message)

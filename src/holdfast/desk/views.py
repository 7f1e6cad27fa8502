"""The desk's pages of a booking and of a payment."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from holdfast.booking.models import Booking
from holdfast.kernel.clock import utc_now
from holdfast.kernel.money import Money
from holdfast.kernel.wording import amount_in_words
from holdfast.orders.queries import line_total
from holdfast.payments.queries import payments_of
from holdfast.platform.models import User

from . import rows
from .days import day_in
from .dues import dues_of
from .entry import at_the_desk
from .possible import METHODS, possible, times_on
from .scope import bookings_open_to, payments_open_to
from .story import story_of
from .ways_out import movements_of, ways_out_of


@at_the_desk
def booking(request: HttpRequest, user: User, reference: str) -> HttpResponse:
    """A booking with its customer, what can be done about it, its payments and its whole story."""
    return show_booking(request, user, reference)


def show_booking(
    request: HttpRequest, user: User, reference: str, *, said: str = "", status: int = 200
) -> HttpResponse:
    """The same, with what has just been ``said`` to whoever wanted to change it, and the form as sent."""
    found = get_object_or_404(bookings_open_to(user), reference=reference)
    order_id, zone, now = found.line.order_id, found.business.zone, utc_now()
    may = possible(found, user, now=now)
    told = {
        "appointment": rows.appointment(found),
        "costs": amount_in_words(Money(line_total(found.line), found.line.order.currency)),
        "details": rows.details_of(found),
        "may": may,
        "methods": METHODS,
        "dues": dues_of(found),
        "attempts": rows.attempts(payments_of(order_id), zone),
        "opens_payments": may.runs_it,
        "story": story_of(order_id, zone),
        "tells": may.runs_it,
        "said": said,
        "form": request.POST.dict(),
        **(_moves(request, found, now=now) if may.moves else {}),
    }
    return render(request, "desk/booking.html", told, status=status)


@at_the_desk
def payment(request: HttpRequest, user: User, reference: str) -> HttpResponse:
    """A payment with what it was for, what can be done about it, and its whole story."""
    return show_payment(request, user, reference)


def show_payment(
    request: HttpRequest, user: User, reference: str, *, said: str = "", status: int = 200
) -> HttpResponse:
    """The same, with what has just been ``said`` to whoever wanted to change it."""
    found = get_object_or_404(payments_open_to(user), reference=reference)
    business = found.order.business
    booked = bookings_open_to(user).filter(line__order_id=found.order_id)
    told = {
        "attempt": rows.attempts([found], business.zone)[0],
        "business": business,
        "customer": found.order.customer,
        "gateway": found.account.gateway,
        "appointments": [rows.appointment(booking) for booking in booked],
        "movements": movements_of(found, business.zone),
        "ways": ways_out_of([found])[found.pk],
        "story": story_of(found.order_id, business.zone),
        "tells": True,
        "said": said,
    }
    return render(request, "desk/payment.html", told, status=status)


def _moves(request: HttpRequest, found: Booking, *, now: datetime) -> dict[str, Any]:
    """The free times of the day that was asked for, or else of the booking's own, if that is still ahead."""
    today = now.astimezone(found.business.zone).date()
    own = found.starts_at.astimezone(found.business.zone).date()
    day = day_in(request.GET.get("move", "")) or max(own, today)
    return {
        "move_asked": "move" in request.GET,
        "move_day": day,
        "today": today,
        "times": times_on(found, day, now=now) if day >= today else [],
    }

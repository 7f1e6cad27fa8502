"""The desk's pages of a booking and of a payment."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from holdfast.payments.queries import payments_of
from holdfast.platform.models import User

from . import rows
from .entry import at_the_desk
from .scope import bookings_open_to, payments_open_to


@at_the_desk
def booking(request: HttpRequest, user: User, reference: str) -> HttpResponse:
    """A booking with its customer, its payments and its whole timeline."""
    return show_booking(request, user, reference)


def show_booking(
    request: HttpRequest, user: User, reference: str, *, said: str = "", status: int = 200
) -> HttpResponse:
    """The same, with what has just been ``said`` to whoever wanted to change it."""
    found = get_object_or_404(bookings_open_to(user), reference=reference)
    order_id, zone = found.line.order_id, found.business.zone
    told = {
        "appointment": rows.appointment(found),
        "details": rows.details_of(found),
        "attempts": [rows.attempt(payment, zone) for payment in payments_of(order_id)],
        "opens_payments": payments_open_to(user).filter(order_id=order_id).exists(),
        "timeline": rows.timeline(order_id, zone),
        "said": said,
    }
    return render(request, "desk/booking.html", told, status=status)


@at_the_desk
def payment(request: HttpRequest, user: User, reference: str) -> HttpResponse:
    """A payment with what it was for and its whole timeline."""
    found = get_object_or_404(payments_open_to(user), reference=reference)
    business = found.order.business
    booked = bookings_open_to(user).filter(line__order_id=found.order_id)
    told = {
        "attempt": rows.attempt(found, business.zone),
        "business": business,
        "customer": found.order.customer,
        "gateway": found.account.gateway,
        "appointments": [rows.appointment(booking) for booking in booked],
        "timeline": rows.timeline(found.order_id, business.zone),
    }
    return render(request, "desk/payment.html", told)

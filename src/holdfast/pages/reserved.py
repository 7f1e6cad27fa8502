"""The pages of a booking that is held before it is paid: what it costs, how it went, all that one has booked.

They are for whoever has booked it. They believe the gateway, and nothing that stands in an address.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from holdfast.flows.accounts import User
from holdfast.flows.actors import Shopper
from holdfast.flows.bookings import bookings_made_by, views
from holdfast.flows.paying_for import UNPAID, Bill, bill_of, booking_of_payment, is_own_booking, pay_for
from holdfast.kernel.clock import utc_now
from holdfast.kernel.errors import Conflict, HoldfastError, TooMany, Unavailable
from holdfast.web.auth import session_user
from holdfast.web.errors import status_of
from holdfast.web.throttles import client_address, limit

from .account import for_oneself
from .endings import ENDINGS, STATES, ending_of
from .problems import SeeOther, under_a_reference, with_patience

SHOWN_AT_MOST = 60
PROCESSED = "This booking has already been processed."
WHAT_NOW = {
    "pending_approval": "Payment successful! Waiting for coach confirmation. You hear from us by email; if "
    "nobody answers in time, all of your money goes back by itself.",
    "confirmed": "Your coach expects you at the time above.",
    "in_progress": "It is being given now.",
    "completed": "We hope that it was good.",
    "declined": "Your coach cannot give it. All of your money goes back to where it came from.",
    "canceled": "The time is free again. What is yours by the terms goes back to where it came from.",
    "expired": "It was not paid in time, so the time is free again. Should money still come, you get the "
    "time if nobody else has it, and else all of your money back.",
    "no_show": "Nobody came at the time above.",
}


@require_http_methods(["GET", "HEAD", "POST"])
@for_oneself
def confirm(request: HttpRequest, user: User, booking_id: int, trade: str) -> HttpResponse:
    """What is booked, what it costs, until when it is kept; and from here one goes and pays."""
    limit(request, "look_up")
    bill = bill_of(booking_id, user=user, trade=trade, now=utc_now())
    if bill.booking.state != UNPAID:
        return SeeOther(f"{reverse('booking_history')}?processed")
    if request.method != "POST":
        return _confirmation(request, bill)
    try:
        limit(request, "start_by_address", "start_by_user", user=user.pk)
        shopper = Shopper(user, client_address(request))
        again = "again" in request.POST
        checkout = pay_for(booking_id, by=shopper, trade=trade, now=utc_now(), anew=again)
    except (Conflict, TooMany, Unavailable) as error:
        return with_patience(_confirmation(request, bill, refused=error), error)
    page = "to_pay" if checkout.payment_url else "returned"
    return SeeOther(reverse(page, args=[checkout.reference]))


@require_safe
@for_oneself
def success(request: HttpRequest, user: User, booking_id: int, trade: str) -> HttpResponse:
    """Back from the gateway, which is asked: paid, or else wait, or try again."""
    limit(request, "look_up")
    bill = bill_of(booking_id, user=user, trade=trade, now=utc_now())
    if bill.booking.state == UNPAID:
        return SeeOther(
            reverse("returned", args=[bill.waits])
            if bill.waits
            else reverse("payment_confirm", args=[booking_id])
        )
    state = bill.booking.state
    shown = {"title": STATES[state], "what": WHAT_NOW[state], "state": state} | _booking(bill)
    return render(request, "holdfast/reserved/success.html", shown)


@require_safe
@for_oneself
def history(request: HttpRequest, user: User, trade: str) -> HttpResponse:
    """One's own bookings, the latest first."""
    limit(request, "look_up")
    found = views(bookings_made_by(user, trade=trade)[:SHOWN_AT_MOST])
    bookings = [(booking, STATES[booking.state], booking.state == UNPAID) for booking in found]
    note = PROCESSED if "processed" in request.GET else ""
    return render(request, "holdfast/reserved/history.html", {"bookings": bookings, "note": note})


@require_safe
@under_a_reference
def done(request: HttpRequest, reference: str, trade: str) -> HttpResponse:
    """The gateway's page has been left: on to the booking that was paid for, or was not. Whoever is not
    signed in, or as somebody else, may have paid by a link, and sees how that ended.
    """
    booking_id, user = booking_of_payment(reference, trade=trade), session_user(request)
    if user is None or not is_own_booking(booking_id, user=user, trade=trade):
        return SeeOther(reverse("pay_done", args=[reference]))
    return SeeOther(reverse("payment_success", args=[booking_id]))


def _confirmation(request: HttpRequest, bill: Bill, *, refused: HoldfastError | None = None) -> HttpResponse:
    shown = _booking(bill) | {
        "bill": bill,
        "over": _is_over(bill.kept_until),
        "looked_into": ENDINGS["quarantined"] if bill.looked_into else None,
        "tried": ending_of(bill.tried, refunded=False).title if bill.tried else "",
        "refused": refused.message if refused else "",
    }
    status = status_of(refused) if refused else 200
    return render(request, "holdfast/reserved/confirm.html", shown, status=status)


def _booking(bill: Bill) -> dict[str, Any]:
    return {"booking": bill.booking, "business": bill.booking.offering.business}


def _is_over(kept_until: datetime | None) -> bool:
    return kept_until is None or kept_until <= utc_now()

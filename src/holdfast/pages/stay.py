"""The pages of one stay: how it stands, paying for it, and with its guest's key, canceling it.

Whoever has a stay's reference sees how it stands, and may pay. For the rest it takes the key that was mailed.
Both stand in the address, and are all that counts: no cookie does.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from holdfast.flows.asking import StillUnknown
from holdfast.flows.bookings import booking_by_id
from holdfast.flows.paying_for import booking_of_payment
from holdfast.flows.returning import standing
from holdfast.flows.stay_lists import hotel_of
from holdfast.flows.stays import (
    StayView,
    cancel_by_key,
    open_session,
    preview_cancel_by_key,
    stay_of,
    stay_with_key,
    submit_stay,
)
from holdfast.kernel.clock import utc_now
from holdfast.kernel.errors import Conflict, HoldfastError, Invalid, TooMany, Unavailable
from holdfast.web.errors import status_of
from holdfast.web.live import live_address, that_listens
from holdfast.web.throttles import client_address, limit

from .problems import SeeOther, under_a_reference, with_patience

UNANSWERED = "The payment service has not answered yet. Please try again in a moment."
TRIED = "The payment did not go through. Your room is still kept, so you can try again."
# How a stay stands, in words for whoever opens its page: a title, a mark, and what comes next.
STANDS = {
    "open": ("This is not booked yet", "waiting", "No room is kept before you go on to pay."),
    "pending_payment": ("Please pay for your room", "waiting", ""),
    "pending_approval": (
        "Awaiting the hotel’s confirmation",
        "waiting",
        "You need not do anything. You hear from the hotel by email.",
    ),
    "confirmed": ("Your booking is confirmed", "good", "The hotel expects you."),
    "in_progress": ("You have checked in", "good", "Enjoy your stay."),
    "completed": ("You have checked out", "good", "We hope that you enjoyed your stay."),
    "declined": (
        "The hotel could not take your booking",
        "bad",
        "What was reserved on your card is set free, and what was charged goes back to you. A bank may take "
        "a few days to show it.",
    ),
    "canceled": (
        "Your booking is canceled",
        "bad",
        "What is yours by the terms goes back to you. A bank may take a few days to show it.",
    ),
    "expired": (
        "Your booking has run out",
        "bad",
        "It was not paid in time, so the room is free again. Should money still come, you get the room if "
        "one is left, and else all of your money back.",
    ),
    "no_show": ("Your booking was missed", "bad", "Nobody came on the day of arrival."),
}
GOES_ON = ("pending_payment", "pending_approval", "confirmed", "in_progress")
MAY_CANCEL = ("pending_payment", "pending_approval", "confirmed")


@require_safe
@under_a_reference
def stay(request: HttpRequest, reference: str) -> HttpResponse:
    """How a stay stands; with its guest's key, all of it."""
    return _page(request, reference)


@csrf_exempt
@require_POST
@under_a_reference
def pay(request: HttpRequest, reference: str) -> HttpResponse:
    """Open the stay's payment, and go there; a draft is submitted first."""
    limit(request, "start_by_address")
    found, now = _found(request, reference), utc_now()
    try:
        if found.state == "open":
            submit_stay(reference, business=found.business, address=client_address(request), now=now)
        session = open_session(reference, business=found.business, now=now)
    except StillUnknown:
        return _page(request, reference, note=UNANSWERED)
    except (Conflict, Invalid, TooMany, Unavailable) as error:
        return with_patience(_page(request, reference, refused=error), error)
    return SeeOther(reverse("to_pay", args=[session.reference]))


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@under_a_reference
def cancel(request: HttpRequest, reference: str) -> HttpResponse:
    """What canceling would give back; by POST, it is canceled."""
    key, slug, now = request.GET.get("key", ""), hotel_of(reference).slug, utc_now()
    if request.method == "POST":
        limit(request, "start_by_address")
        cancel_by_key(reference, key, business=slug, now=now)
        return SeeOther(f"{reverse('stay', args=[reference])}?key={key}")
    owed = preview_cancel_by_key(reference, key, business=slug, now=now)
    shown = {"stay": stay_with_key(reference, key, business=slug), "key": key, "owed": owed}
    return render(request, "holdfast/stays/cancel.html", shown)


@require_safe
@under_a_reference
def paid(request: HttpRequest, reference: str, trade: str) -> HttpResponse:
    """The gateway's page has been left: on to the stay that was paid for, or was not."""
    now_at = standing(reference, now=utc_now(), trade=trade, ended_too=False)
    if now_at.status == "PENDING":
        return SeeOther(reverse("returned", args=[reference]))
    booked = booking_by_id(booking_of_payment(reference, trade=trade), trade=trade)
    tried = "?tried" if now_at.status == "FAILED" else ""
    return SeeOther(reverse("stay", args=[booked.reference]) + tried)


def _found(request: HttpRequest, reference: str) -> StayView:
    """Raises NotFound, for a wrong key too."""
    key, slug = request.GET.get("key", ""), hotel_of(reference).slug
    return stay_with_key(reference, key, business=slug) if key else stay_of(reference, business=slug)


def _page(
    request: HttpRequest, reference: str, *, refused: HoldfastError | None = None, note: str = ""
) -> HttpResponse:
    found, key = _found(request, reference), request.GET.get("key", "")
    title, mark, what = STANDS[found.state]
    tried = TRIED if "tried" in request.GET and found.state == "pending_payment" else ""
    shown = {
        "stay": found,
        "business": hotel_of(reference),
        "key": key,
        "title": title,
        "mark": mark,
        "what": what,
        "wrong": refused.message if refused else tried,
        "note": note,
        "live": live_address(f"booking-{reference}") if found.state in GOES_ON else "",
        "may_pay": found.state in ("open", "pending_payment"),
        "may_cancel": bool(key) and found.state in MAY_CANCEL,
    }
    status = status_of(refused) if refused else 200
    return that_listens(render(request, "holdfast/stays/stay.html", shown, status=status))

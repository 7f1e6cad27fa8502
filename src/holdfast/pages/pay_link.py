"""Paying by a link: whoever holds it sees what is asked for and pays it, and sees how that ended."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from holdfast.flows.bookings import booking_by_reference
from holdfast.flows.pay_links import Stands, asked_for, pay_by_link, trade_of
from holdfast.flows.returning import standing
from holdfast.kernel.clock import utc_now
from holdfast.kernel.errors import Conflict, Unavailable
from holdfast.web.errors import status_of
from holdfast.web.throttles import limit

from .endings import STATES, ending_of
from .problems import SeeOther, under_a_reference, with_patience

# How what a link asks for stands, in words for whoever opens it: a title and what to do.
STANDS = {
    Stands.OPEN: ("Please pay", ""),
    Stands.LOOKED_INTO: (
        "Your payment is being looked into",
        "Money has come, but not as it was asked for. Somebody of the business sees to it; you need not pay "
        "again.",
    ),
    Stands.PAID: ("This has been paid", "Thank you. There is nothing left to do here."),
    Stands.NOT_YET: (
        "This cannot be paid yet",
        "Something else is to be settled first. Please open this link again a little later.",
    ),
    Stands.RUN_OUT: (
        "The time to pay has run out",
        "The time was kept for a while and is free again, so nothing is to be paid. If you still want it, "
        "please ask the business.",
    ),
    Stands.OVER: (
        "Nothing is to be paid here any more",
        "This was canceled or changed. If you did not expect that, please ask the business.",
    ),
}
# Attempts that come to nothing while the time is kept: the link is as good as before.
TRY_AGAIN = ("declined", "canceled", "error")


# The key in the address is all that counts here, and no cookie does; and a page that tells nobody where one
# comes from sends its form from nowhere, which the check would refuse.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@under_a_reference
def by_link(request: HttpRequest, key: str) -> HttpResponse:
    """What is asked for; by POST, a payment of it is opened, and the way to its page is shown."""
    if request.method != "POST":
        return _page(request, key)
    limit(request, "start_by_address")
    try:
        checkout = pay_by_link(key, now=utc_now())
    except (Conflict, Unavailable) as no:
        return with_patience(_page(request, key, refused=no), no)
    if checkout.payment_url is None:
        return SeeOther(reverse("returned", args=[checkout.reference]))
    return _page(request, key, payment_url=checkout.payment_url)


@require_safe
@under_a_reference
def done(request: HttpRequest, reference: str) -> HttpResponse:
    """How a payment ended whose customer may have no account: paid and booked, or not, and why."""
    now_at = standing(reference, now=utc_now(), ended_too=False)
    if now_at.status == "PENDING":
        return SeeOther(reverse("returned", args=[reference]))
    shown: dict[str, object] = {"standing": now_at}
    if now_at.booking_reference is not None:
        booking = booking_by_reference(now_at.booking_reference, trade=trade_of(reference))
        shown |= {"booking": booking, "business": booking.offering.business, "title": STATES[booking.state]}
    else:
        shown["ending"] = ending_of(
            "quarantined" if now_at.quarantined else now_at.reason, refunded=now_at.status == "REFUNDED"
        )
        shown["again"] = now_at.reason in TRY_AGAIN and not now_at.quarantined
    return render(request, "holdfast/payment/done.html", shown)


def _page(
    request: HttpRequest, key: str, *, payment_url: str = "", refused: Conflict | Unavailable | None = None
) -> HttpResponse:
    asked = asked_for(key, now=utc_now())
    title, what = STANDS[asked.stands]
    shown = {"asked": asked, "title": title, "what": what, "payment_url": payment_url, "refused": refused}
    status = status_of(refused) if refused else 200
    return render(request, "holdfast/payment/by_link.html", shown, status=status)

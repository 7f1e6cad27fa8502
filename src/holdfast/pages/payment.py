"""The pages around a payment. They believe the database, and nothing that stands in an address."""

from __future__ import annotations

import re
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from holdfast.flows.bookings import BookingView, booked_together, booking_by_reference
from holdfast.flows.returning import AT_ONCE, Standing, standing
from holdfast.kernel.clock import utc_now
from holdfast.kernel.errors import NotFound

from .endings import STATES, Endings, ending_of
from .problems import SeeOther, leaves_for_a_gateway, under_a_reference

REFERENCE = re.compile(r"[A-Za-z0-9_-]{1,63}")
NO_BOOKING = "There is no such booking."
LOOK_AGAIN_AFTER = 3  # seconds


@require_safe
@leaves_for_a_gateway
@under_a_reference
def to_pay(request: HttpRequest, reference: str) -> HttpResponse:
    """The time is held: from here one goes to the gateway."""
    now_at = standing(reference, now=utc_now())
    if now_at.address or not now_at.payment_url:
        return SeeOther(now_at.address or reverse("returned", args=[reference]))
    return render(request, "holdfast/payment/to_pay.html", {"standing": now_at})


@csrf_exempt  # some gateways send the browser back with a POST; nothing of it is read
@require_http_methods(["GET", "HEAD", "POST"])
@under_a_reference
def returned(request: HttpRequest, reference: str) -> HttpResponse:
    """Back from the gateway: on to how it ended, or wait here until it has."""
    now_at = standing(reference, now=utc_now(), every=AT_ONCE)
    if now_at.address:
        return SeeOther(now_at.address)
    response = render(request, "holdfast/payment/waiting.html", {"standing": now_at})
    # A header does what <meta http-equiv="refresh"> does, in every browser and without a script.
    response["Refresh"] = f"{LOOK_AGAIN_AFTER}; url={reverse('returned', args=[reference])}"
    return response


@require_safe
@under_a_reference
def success(request: HttpRequest, endings: Endings) -> HttpResponse:
    """Paid and booked, if that is so; where nothing was to pay, the booking alone."""
    if not request.GET.get(endings.payment_key) and request.GET.get(endings.booking_key):
        reference = _reference(request, endings.booking_key, NO_BOOKING)
        return SeeOther(_confirmation(booking_by_reference(reference, trade=endings.trade), endings))
    now_at = _standing(request, endings)
    if now_at.booking_reference is None:
        return _not_booked(request, now_at)
    booking = booking_by_reference(now_at.booking_reference, trade=endings.trade)
    if booking.state != "confirmed":
        return SeeOther(_confirmation(booking, endings))
    booked = booked_together(booking, trade=endings.trade)
    shown = {
        "business": booking.offering.business,
        "standing": now_at,
        "booked": [(one, _confirmation(one, endings)) for one in booked],
    }
    return render(request, "holdfast/payment/success.html", shown)


@require_safe
@under_a_reference
def failed(request: HttpRequest, endings: Endings) -> HttpResponse:
    """Not booked, and why, if that is so."""
    now_at = _standing(request, endings)
    if now_at.booking_reference is not None:
        return SeeOther(f"{endings.success_path}?{urlencode({endings.payment_key: now_at.reference})}")
    return _not_booked(request, now_at)


@require_safe
@under_a_reference
def confirmation(request: HttpRequest, endings: Endings) -> HttpResponse:
    """The booking, for whoever holds its reference."""
    reference = _reference(request, endings.booking_key, NO_BOOKING)
    booking = booking_by_reference(reference, trade=endings.trade)
    contact = {label: said for label, said in endings.contact(booking, utc_now()).items() if said}
    shown = _shown(booking) | {"title": STATES[booking.state], "contact": contact}
    return render(request, "holdfast/payment/confirmation.html", shown)


def _standing(request: HttpRequest, endings: Endings) -> Standing:
    reference = _reference(request, endings.payment_key, "There is no such payment.")
    return standing(reference, now=utc_now(), trade=endings.trade, ended_too=False)


def _reference(request: HttpRequest, key: str, missing: str) -> str:
    said = request.GET.get(key, "")
    if not REFERENCE.fullmatch(said):
        raise NotFound(missing)
    return said


def _not_booked(request: HttpRequest, now_at: Standing) -> HttpResponse:
    if now_at.status == "PENDING":
        return SeeOther(reverse("returned", args=[now_at.reference]))
    ending = ending_of(_told(now_at), refunded=now_at.status == "REFUNDED", kept=now_at.kept)
    return render(request, "holdfast/payment/failed.html", {"standing": now_at, "ending": ending})


def _told(now_at: Standing) -> str | None:
    """The reason, and where it does not say all, a closer word."""
    if now_at.quarantined:
        return "quarantined"
    return "released" if now_at.status == "CANCELLED" else now_at.reason


def _confirmation(booking: BookingView, endings: Endings) -> str:
    return f"{endings.confirmation_path}?{urlencode({endings.booking_key: booking.reference})}"


def _shown(booking: BookingView) -> dict[str, object]:
    return {"booking": booking, "business": booking.offering.business}

"""Accepting and declining at the desk: for who runs the business, and who gives the service."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse

from holdfast.flows.approval import approve_booking, decline_booking
from holdfast.flows.asking import StillUnknown
from holdfast.kernel.clock import utc_now
from holdfast.kernel.errors import HoldfastError, TooMany
from holdfast.platform.models import User
from holdfast.web.errors import status_of
from holdfast.web.throttles import limit

from .entry import acting_at_the_desk
from .scope import bookings_open_to
from .views import show_booking

SEE_OTHER = 303
ACCEPTED_FOR_NOW = 202
WHY_AT_MOST = 150


@acting_at_the_desk
def accept(request: HttpRequest, user: User, reference: str) -> HttpResponse:
    """Accept a booking; money that is only reserved is taken now."""
    return _answer(request, user, reference, accepts=True)


@acting_at_the_desk
def decline(request: HttpRequest, user: User, reference: str) -> HttpResponse:
    """Decline a booking and give its money back; its customer is told ``why``."""
    return _answer(request, user, reference, accepts=False)


def _answer(request: HttpRequest, user: User, reference: str, *, accepts: bool) -> HttpResponse:
    """Back to the booking as it is now; or the booking with what could not be done, and why."""
    trade, now = get_object_or_404(bookings_open_to(user), reference=reference).trade, utc_now()
    try:
        limit(request, "start_by_user", user=user.pk)
        if accepts:
            approve_booking(reference, by=user, trade=trade, now=now)
        else:
            why = request.POST.get("why", "").strip()[:WHY_AT_MOST]
            decline_booking(reference, by=user, trade=trade, now=now, why=why)
    except StillUnknown as unknown:
        return show_booking(request, user, reference, said=unknown.message, status=ACCEPTED_FOR_NOW)
    except HoldfastError as no:
        shown = show_booking(request, user, reference, said=no.message, status=status_of(no))
        if isinstance(no, TooMany):
            shown["Retry-After"] = str(no.retry_after)
        return shown
    return HttpResponseRedirect(reverse("desk:booking", args=[reference]), status=SEE_OTHER)

"""The approvals: what waits for an answer in all of a user's businesses, the nearest end first."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from holdfast.kernel.clock import utc_now
from holdfast.platform.models import User

from .answering import asked_again, to_answer
from .entry import at_the_desk
from .listening import is_refresh_of, stream_of
from .scope import bookings_asked_to_pay_again, bookings_to_answer_for, business_of, businesses_of

SHOWN = 50


@at_the_desk
def approvals(request: HttpRequest, user: User) -> HttpResponse:
    """All that this user may accept or decline; of one business, when one is asked for."""
    return show_approvals(request, user)


def show_approvals(request: HttpRequest, user: User, *, said: str = "", status: int = 200) -> HttpResponse:
    """The same, with what has just been ``said`` to whoever wanted to answer, and the reason as written."""
    slug, now = _asked_for(request), utc_now()
    business = business_of(user, slug) if slug else None
    waiting, again = bookings_to_answer_for(user), bookings_asked_to_pay_again(user, now=now)
    if business is not None:
        waiting, again = waiting.filter(business=business), again.filter(business=business)
    businesses = list(businesses_of(user))
    told = {
        "businesses": businesses,
        "live": stream_of(businesses, shown=business),
        "business": business,
        "here": approvals_of(slug),
        "waiting": to_answer(waiting[:SHOWN], user, now=now),
        "more": max(0, waiting.count() - SHOWN),
        "again": asked_again(again[:SHOWN]),
        "said": said,
        "is_refresh": is_refresh_of("queue", request),
        "form": request.POST.dict(),
    }
    return render(request, "desk/approvals.html", told, status=status)


def approvals_of(slug: str) -> str:
    """The address of the approvals of one business, or of all of them."""
    page = reverse("desk:approvals")
    return f"{page}?{urlencode({'business': slug})}" if slug else page


def _asked_for(request: HttpRequest) -> str:
    asked = request.POST if request.method == "POST" else request.GET
    return asked.get("business", "")

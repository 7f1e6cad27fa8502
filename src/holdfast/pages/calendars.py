"""Private calendars: where they are made, and the addresses that calendar programs ask."""

from __future__ import annotations

from hashlib import sha256

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import render
from django.utils.http import parse_etags
from django.views.decorators.http import require_http_methods, require_safe

from holdfast.flows.accounts import User
from holdfast.flows.feeds import calendar_under, feeds_of, make_feed
from holdfast.kernel.clock import utc_now
from holdfast.web.throttles import limit

from .account import for_oneself
from .problems import under_a_reference

FORM = ["GET", "HEAD", "POST"]


@require_http_methods(FORM)
@for_oneself
def calendars(request: HttpRequest, user: User) -> HttpResponse:
    """The calendars that one may subscribe to. A new address is the answer itself, and never shown again."""
    limit(request, "look_up")
    shown: dict[str, object] = {}
    if request.method == "POST":
        scope, business = request.POST.get("scope", ""), request.POST.get("business", "")
        shown["address"] = make_feed(user, scope, business=business, now=utc_now())
        shown["made"] = (scope, business)
    feeds = [(feed, shown.get("made") == (feed.scope, feed.business)) for feed in feeds_of(user)]
    return render(request, "holdfast/account/calendars.html", shown | {"feeds": feeds})


@require_safe
@under_a_reference
def calendar(request: HttpRequest, key: str) -> HttpResponse:
    """The calendar itself, for programs: nobody signs in, who has the address may read it."""
    content = calendar_under(key, now=utc_now())
    etag = f'"{sha256(content).hexdigest()[:32]}"'
    if etag in parse_etags(request.headers.get("If-None-Match", "")):
        return HttpResponseNotModified(headers={"ETag": etag})
    headers = {"ETag": etag, "Content-Disposition": 'inline; filename="bookings.ics"'}
    return HttpResponse(content, content_type="text/calendar; charset=utf-8", headers=headers)

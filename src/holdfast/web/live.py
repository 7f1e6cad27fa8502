"""Where the live process is, for who is told of it by a page or comes to the web server for it."""

from __future__ import annotations

from urllib.parse import quote, urlencode, urlsplit

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

KEEPING_ITS_METHOD = 307
# The scripts are of our own site: htmx, and its extension that listens. Every page works without them.
POLICY = (
    "default-src 'self'; connect-src 'self' {live}; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)


def live_address(*channels: str, **also: str) -> str:
    """Where a browser listens to these channels, all of them in one stream."""
    asked = urlencode([*(("channel", channel) for channel in channels), *also.items()], quote_via=quote)
    return f"{settings.HOLDFAST_LIVE_URL or settings.HOLDFAST_PUBLIC_URL}/live/?{asked}"


def live_origin() -> str:
    """The origin that a page's policy must let it connect to; empty where that is its own."""
    parts = urlsplit(settings.HOLDFAST_LIVE_URL)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def that_listens(response: HttpResponse) -> HttpResponse:
    """A page that may run our own scripts, and connect to live."""
    response["Content-Security-Policy"] = POLICY.format(live=live_origin())
    return response


@require_safe
def elsewhere(request: HttpRequest) -> HttpResponse:
    """Send whoever listens here on to the live process. In production a proxy does, and nobody comes here."""
    if not settings.HOLDFAST_LIVE_URL:
        raise Http404("Live events are served by a process of their own.")
    query = request.META.get("QUERY_STRING", "")
    to = f"{settings.HOLDFAST_LIVE_URL}/live/" + (f"?{query}" if query else "")
    return HttpResponse(status=KEEPING_ITS_METHOD, headers={"Location": to, "Cache-Control": "no-store"})

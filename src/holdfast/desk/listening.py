"""How a page of the desk changes by itself: it listens, and then reads a part of itself anew."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpRequest

from holdfast.catalog.models import Business
from holdfast.notifications.live import channel_of
from holdfast.web.live import live_address

CHANNELS_AT_MOST = 20  # of one stream; only who runs the platform has more businesses


def stream_of(businesses: Sequence[Business], *, shown: Business | None = None) -> str:
    """Where to listen to what moves at these businesses, the one that is shown first; empty for none."""
    first = [shown] if shown else []
    chosen = [*first, *(one for one in businesses if one != shown)][:CHANNELS_AT_MOST]
    return live_address(*(channel_of(one.slug) for one in chosen)) if chosen else ""


def is_refresh_of(part: str, request: HttpRequest) -> bool:
    """Whether a part of a page asks for itself anew, because something has moved. What is to be said once is
    then left for whoever did it: their own request comes at the same moment.
    """
    return request.headers.get("HX-Trigger") == part

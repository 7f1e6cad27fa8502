"""Who asks for a stream, and what they may follow: asked when it begins, and of the same caller every minute.

Everything here asks the database, and is called in a thread.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from io import BytesIO
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user
from django.core.exceptions import SuspiciousOperation
from django.core.handlers.asgi import ASGIRequest

from holdfast.flows.followers import scope_of
from holdfast.flows.following import Scope
from holdfast.kernel.errors import Invalid, NotFound
from holdfast.platform.connections import connections_returned
from holdfast.platform.models import User
from holdfast.web.auth import signed_in
from holdfast.web.reading import is_text
from holdfast.web.throttles import client_address, limit, neighborhood

from .tickets import Ticket

CHANNELS_AT_MOST = 20  # of one stream


@dataclass(frozen=True)
class Admission:
    """Somebody may listen: to what, who it is if they have said so, and the ticket that they came with."""

    scopes: tuple[Scope, ...]
    user: int | None
    ticket: Ticket | None

    def places(self, address: str) -> Mapping[str, int]:
        """As whom they are counted among those who listen now, and how many there may be."""
        by_user = {f"user:{self.user}": settings.HOLDFAST_LIVE_BY_USER} if self.user else {}
        return {f"address:{address}": settings.HOLDFAST_LIVE_BY_ADDRESS, **by_user}


def let_in(scope: Any, *, now: datetime) -> tuple[Admission, str]:
    """Whoever asks for a stream by this ASGI scope, and from which address. Raises what is to be answered."""
    with connections_returned():
        request = ASGIRequest(scope, BytesIO())
        limit(request, "look_up")
        channels = _channels(request)
        written = request.GET.get("ticket")
        ticket = Ticket.read(written, channel=channels[0], now=now) if written else None
        return _admitted(request, channels, ticket), neighborhood(client_address(request))


def check_again(scope: Any, admission: Admission, *, now: datetime) -> Ticket | None:
    """Raise if the same caller may listen no longer, or would now be told something else: coming back, they
    are. Answers the ticket to go on with, where they came with one.
    """
    ticket = admission.ticket
    with connections_returned():
        request = ASGIRequest(scope, BytesIO())
        renewed = ticket.renewed(now=now) if ticket else None
        if _admitted(request, _channels(request), ticket) != admission:
            raise NotFound("This is not what may be listened to now.")
        return renewed


def _admitted(request: ASGIRequest, channels: list[str], ticket: Ticket | None) -> Admission:
    user = ticket.holder() if ticket else _caller(request)
    scopes = tuple(scope_of(channel, user=user) for channel in channels)
    return Admission(scopes, user.pk if user else None, ticket)


def _caller(request: ASGIRequest) -> User | None:
    """Who has signed in, as everywhere: an ``Authorization`` header is judged alone, or a session is."""
    sessions = import_module(settings.SESSION_ENGINE)
    request.session = sessions.SessionStore(request.COOKIES.get(settings.SESSION_COOKIE_NAME))
    request.user = get_user(request)
    if "Authorization" in request.headers:
        return signed_in(request)
    return request.user if isinstance(request.user, User) else None


def _channels(request: ASGIRequest) -> list[str]:
    """The channels asked for. Raises Invalid; with a ticket there is one, which it is for."""
    try:
        asked = list(dict.fromkeys(request.GET.getlist("channel")))
    except SuspiciousOperation as odd:
        raise Invalid({"channel": ["There is too much in this address."]}) from odd
    allowed = 1 if "ticket" in request.GET else CHANNELS_AT_MOST
    if not asked or len(asked) > allowed:
        raise Invalid({"channel": [f"Name a channel, and {allowed} at most."]})
    if not all(is_text(channel) for channel in asked):
        raise Invalid({"channel": ["This is not text."]})
    return asked

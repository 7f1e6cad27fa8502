"""Tickets over HTTP, from the web process. Described in docs/api/live.md."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Form, Router, Schema
from pydantic import StringConstraints

from holdfast.flows.followers import needs_nobody, scope_of
from holdfast.flows.pushing import permission_to_subscribe
from holdfast.kernel.clock import utc_now
from holdfast.web.answers import BAD, MISSING, SIGNED_IN, THROTTLED, documented, private
from holdfast.web.auth import signed_in, who
from holdfast.web.idempotency import takes_no_key
from holdfast.web.live import live_address
from holdfast.web.throttles import limit

from .tickets import Ticket

router = Router(tags=["live"])

Name = Annotated[str, StringConstraints(max_length=120)]


class Wanted(Schema):
    channel: Name


class TicketOut(Schema):
    """``url`` is where to listen until ``expires_at``; the stream itself tells of newer tickets."""

    ticket: str
    expires_at: datetime
    url: str


@router.post("/ticket/", response=documented({200: TicketOut}, BAD, SIGNED_IN, MISSING, THROTTLED), auth=None)
@takes_no_key
def ticket(request: HttpRequest, response: HttpResponse, wanted: Wanted) -> TicketOut:
    """A ticket to listen to one channel with, for who cannot send a session's cookie to the stream."""
    limit(request, "look_up")
    user = None if needs_nobody(wanted.channel) else signed_in(request)
    scope_of(wanted.channel, user=user)
    made = Ticket.to(wanted.channel, user=user, now=utc_now())
    private(response)
    url = live_address(wanted.channel, ticket=made.text)
    return TicketOut(ticket=made.text, expires_at=made.until, url=url)


class Subscribing(Schema):
    """As Pusher's own libraries ask: which socket wants to subscribe to which channel."""

    socket_id: Name
    channel_name: Name


class Permission(Schema):
    """``auth`` is signed for that socket and that channel."""

    auth: str


@router.post(
    "/pusher-auth/",
    response=documented({200: Permission}, BAD, SIGNED_IN, MISSING, THROTTLED),
    auth=signed_in,
)
@takes_no_key
def pusher_auth(request: HttpRequest, response: HttpResponse, wanted: Form[Subscribing]) -> dict[str, str]:
    """Permission to subscribe to the private channel of a business, for who may see all that it tells."""
    limit(request, "look_up")
    private(response)
    return permission_to_subscribe(wanted.channel_name, wanted.socket_id, user=who(request))

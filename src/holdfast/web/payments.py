"""Payments over HTTP, for every trade: gateways' webhooks, and letting an unpaid hold go."""

from __future__ import annotations

from typing import Literal

from django.http import HttpRequest
from ninja import Router, Schema
from ninja.responses import Status

from holdfast.flows.actors import Shopper
from holdfast.flows.asking import StillUnknown
from holdfast.flows.returning import release_hold, standing
from holdfast.flows.webhooks import Call, receive, store_forged
from holdfast.kernel.clock import utc_now
from holdfast.kernel.errors import NotSignedIn

from .answers import BAD, MISSING, SIGNED_IN, THROTTLED, Problem, Unanswered, documented
from .auth import signed_in, who
from .idempotency import takes_no_key
from .throttles import client_address, limit

router = Router(tags=["payments"])


class Taken(Schema):
    """The event is stored; what it is about is settled after this answer."""

    success: Literal[True] = True


class Released(Schema):
    success: Literal[True] = True
    status: str


WEBHOOK = documented({200: Taken, 401: Problem}, BAD, MISSING, THROTTLED)


@router.post("/webhook/{gateway}/", response=WEBHOOK, auth=None)
@takes_no_key
def webhook(request: HttpRequest, gateway: str) -> Taken:
    """A gateway's call; which account it is for shows in what it is signed with."""
    return received(request, gateway, account=None)


@router.post("/webhook/{gateway}/{int:account}/", response=WEBHOOK, auth=None)
@takes_no_key
def webhook_of_account(request: HttpRequest, gateway: str, account: int) -> Taken:
    """A gateway's call for one gateway account."""
    return received(request, gateway, account=account)


@router.post(
    "/{reference}/release/",
    response=documented({200: Released, 202: Unanswered, 409: Problem}, BAD, SIGNED_IN, MISSING, THROTTLED),
    auth=signed_in,
)
def release(request: HttpRequest, reference: str) -> Released | Status[Unanswered]:
    """Let go of a time that one holds and has not paid for."""
    shopper = Shopper(who(request), client_address(request))
    limit(request, "start_by_user", user=shopper.user.pk)
    try:
        after = release_hold(reference, by=shopper, now=utc_now())
    except StillUnknown:
        return Status(202, Unanswered(status="PENDING", status_url=request.path))
    return Released(status=after.status)


@router.get(
    "/{reference}/release/",
    response=documented({200: Released}, BAD, SIGNED_IN, MISSING, THROTTLED),
    auth=signed_in,
)
def released(request: HttpRequest, reference: str) -> Released:
    """Where the payment of that time stands: CANCELLED once it is let go."""
    limit(request, "look_up")
    return Released(status=standing(reference, now=utc_now(), of_user=who(request).pk).status)


def received(request: HttpRequest, gateway: str, *, account: int | None) -> Taken:
    """Store a gateway's call, whichever address it came to. Raises NotSignedIn for what is not its own."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    call = Call(gateway=gateway, account=account, headers=headers, body=request.body)
    if not receive(call, now=utc_now()):
        limit(request, "bad_webhook")
        store_forged(call, now=utc_now())
        raise NotSignedIn("This call is not the gateway's.")
    return Taken()

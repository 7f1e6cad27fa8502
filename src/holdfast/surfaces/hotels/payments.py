"""Paying for a room over HTTP: a session, the gateway's word on it, and its calls. See docs/api/hotels.md."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router
from ninja.responses import Status as Answer

from holdfast.flows.asking import StillUnknown
from holdfast.flows.gateways import payment_methods
from holdfast.flows.stays import open_session, verify_stay
from holdfast.kernel.clock import utc_now
from holdfast.kernel.errors import Invalid
from holdfast.web.answers import BAD, MISSING, THROTTLED, Problem, Unanswered, documented
from holdfast.web.idempotency import takes_no_key
from holdfast.web.payments import WEBHOOK, Taken, received
from holdfast.web.throttles import limit

from . import present
from .bookings import ONE
from .schemas import PayForRoom, Session, Verified

router = Router(tags=["hotels"])


@router.post("/hotel/room-bookings/stripe-webhook/", response=WEBHOOK, auth=None)
@takes_no_key
def stripe_webhook(request: HttpRequest) -> Taken:
    """Stripe's call; which hotel's account it is for shows in what it is signed with."""
    return received(request, "stripe", account=None)


@router.post(
    f"{ONE}/payment/session/",
    response=documented({200: Session, 202: Unanswered, 409: Problem, 503: Problem}, BAD, MISSING, THROTTLED),
    auth=None,
)
def session(request: HttpRequest, slug: str, booking_id: str, body: PayForRoom | None = None) -> Any:
    """Where the guest pays: the session that is open already, or a new one."""
    limit(request, "start_by_address")
    method = _method(body.method if body else "")
    try:
        opened = open_session(booking_id, business=slug, now=utc_now(), method=method)
    except StillUnknown:
        return _still_asking(slug, booking_id)
    return present.session(opened)


@router.get(
    f"{ONE}/payment/verify/",
    response=documented({200: Verified, 202: Unanswered}, BAD, MISSING, THROTTLED),
    auth=None,
)
def verify(request: HttpRequest, slug: str, booking_id: str) -> Any:
    """What the gateway says of the latest payment. What the browser brought along is not believed."""
    limit(request, "look_up")
    try:
        return present.verified(verify_stay(booking_id, business=slug, now=utc_now()))
    except StillUnknown:
        return _still_asking(slug, booking_id)


def _method(said: str) -> str:
    """The gateway that is named, or none for the hotel's first. Raises Invalid."""
    if said and said.lower() not in payment_methods():
        raise Invalid({"method": [f"Pay by one of: {', '.join(sorted(payment_methods()))}."]})
    return said.lower()


def _still_asking(slug: str, booking_id: str) -> Answer[Unanswered]:
    status_url = f"/api/public/hotel/{slug}/room-bookings/{booking_id}/payment/verify/"
    return Answer(202, Unanswered(status="PENDING", status_url=status_url))

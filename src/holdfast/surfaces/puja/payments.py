"""What has become of the payments of carts, over HTTP. Described in docs/api/puja.md."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Query, Router

from holdfast.flows.bookings import booking_seen_by
from holdfast.flows.own_payments import PaymentView, payment_made_by, payments_made_by
from holdfast.kernel.clock import utc_now
from holdfast.web.answers import BAD, MISSING, SIGNED_IN, THROTTLED, documented
from holdfast.web.auth import signed_in, who
from holdfast.web.paging import Page, Paging, paged
from holdfast.web.throttles import limit

from . import paying, present
from .schemas import Booked, NotBooked, PaymentSeen
from .terms import TRADE

router = Router(tags=["payments"])
router.add_router("", paying.router)

CHECKED = documented({200: Booked | NotBooked}, BAD, SIGNED_IN, MISSING, THROTTLED)


@router.get(
    "/payments/", response=documented({200: Page[PaymentSeen]}, BAD, SIGNED_IN, THROTTLED), auth=signed_in
)
def payments(request: HttpRequest, paging: Query[Paging]) -> dict[str, Any]:
    """One's own payments, newest first, as they stand in our books."""
    limit(request, "look_up")
    return paged(request, payments_made_by(who(request), trade=TRADE), paging, present.payments)


@router.get(
    "/payments/{int:payment_id}/",
    response=documented({200: PaymentSeen}, BAD, SIGNED_IN, MISSING, THROTTLED),
    auth=signed_in,
)
def payment(request: HttpRequest, payment_id: int) -> dict[str, Any]:
    """Where one's own payment stands; the gateway is asked if it is undecided."""
    return present.payment(_payment(request, payment_id))


@router.get("/payments/{int:payment_id}/check-booking/", response=CHECKED, auth=signed_in)
def check_booking(request: HttpRequest, payment_id: int) -> dict[str, Any]:
    """Whether one's own payment has become a booking; the gateway is asked if it is undecided."""
    return _checked(request, payment_id)


@router.get("/{int:payment_id}/check-booking/", response=CHECKED, auth=signed_in)
def check_booking_of(request: HttpRequest, payment_id: int) -> dict[str, Any]:
    """The same at a shorter address."""
    return _checked(request, payment_id)


def _payment(request: HttpRequest, payment_id: int) -> PaymentView:
    limit(request, "look_up")
    return payment_made_by(who(request), payment_id, trade=TRADE, now=utc_now())


def _checked(request: HttpRequest, payment_id: int) -> dict[str, Any]:
    made = _payment(request, payment_id)
    if not made.booking_references:
        return present.not_booked(made)
    first = booking_seen_by(who(request), made.booking_references[0], trade=TRADE)
    return present.booked(made, first)

"""Consultations over HTTP: parse, one call, present. Described in docs/api/astrology.md."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router
from ninja.responses import Status as Answer

from holdfast.flows import catalogue
from holdfast.flows.actors import Shopper
from holdfast.flows.bookings import booking_by_reference, booking_seen_by, bookings_seen_by
from holdfast.flows.checkout import Choice, Wish, check_out
from holdfast.flows.returning import standing
from holdfast.kernel.clock import utc_now
from holdfast.kernel.errors import Invalid, NotFound, SlotTaken
from holdfast.web.answers import (
    BAD,
    MISSING,
    SIGNED_IN,
    THROTTLED,
    Problem,
    SlotProblem,
    Unanswered,
    documented,
)
from holdfast.web.auth import signed_in, who
from holdfast.web.birth import birth_details
from holdfast.web.naming import named
from holdfast.web.paging import Page, Paging, paged
from holdfast.web.slots import DaySlots, SlotQuery, SpanSlots, slots_answer, slots_out
from holdfast.web.throttles import client_address, limit

from . import changes, present
from .schemas import (
    BookWithPayment,
    Confirmation,
    ConsultationStarted,
    OwnBooking,
    OwnConsultationOut,
    ServiceOut,
    Status,
)
from .terms import FIELDS, TERMS, TRADE

router = Router(tags=["astrology"])
router.add_router("/bookings", changes.router)

HELD = {409: SlotProblem | Problem, 202: Unanswered, 503: Problem}


@router.get("/services/", response=documented({200: Page[ServiceOut]}, BAD, THROTTLED), auth=None)
def services(request: HttpRequest, paging: Query[Paging], business: str | None = None) -> dict[str, Any]:
    """The consultations on offer."""
    limit(request, "look_up")
    return paged(request, catalogue.offerings(TRADE, business=business), paging, present.services)


@router.get(
    "/services/{int:service_id}/", response=documented({200: ServiceOut}, BAD, MISSING, THROTTLED), auth=None
)
def service(request: HttpRequest, service_id: int) -> dict[str, Any]:
    """One consultation."""
    limit(request, "look_up")
    return present.service(catalogue.offering(service_id, trade=TRADE))


@router.get(
    "/services/{int:service_id}/slots/",
    response=documented({200: DaySlots | SpanSlots}, BAD, MISSING, THROTTLED),
    by_alias=True,
    auth=None,
)
def slots(request: HttpRequest, service_id: int, query: Query[SlotQuery]) -> dict[str, Any]:
    """The free times of a consultation."""
    limit(request, "look_up")
    return slots_answer(catalogue.offering(service_id, trade=TRADE), query)


@router.post(
    "/bookings/book-with-payment/",
    response=documented({200: ConsultationStarted}, HELD, BAD, SIGNED_IN, THROTTLED),
    auth=signed_in,
)
def book_with_payment(request: HttpRequest, body: BookWithPayment) -> Any:
    """Hold a time and start its payment. Nothing is a booking before the money is in."""
    shopper = Shopper(who(request), client_address(request))
    limit(request, "start_by_address", "start_by_user", user=shopper.user.pk)
    wish = wish_of(body)
    try:
        with named(FIELDS):
            checkout = check_out(wish, by=shopper, now=utc_now())
    except SlotTaken as taken:
        raise SlotTaken(slots_out(taken.nearest, wish.offering.business.zone)) from None
    if checkout.payment_url is None:
        return Answer(202, Unanswered(status="PENDING", status_url=_status_url(checkout.reference)))
    return present.started(checkout, wish.offering)


@router.get(
    "/bookings/confirmation/", response=documented({200: Confirmation}, BAD, MISSING, THROTTLED), auth=None
)
def confirmation(request: HttpRequest, astro_book_id: str) -> dict[str, Any]:
    """What a confirmation page shows to whoever holds the booking's reference."""
    limit(request, "look_up")
    return present.confirmation(booking_by_reference(astro_book_id, trade=TRADE), now=utc_now())


@router.get(
    "/bookings/status/",
    response=documented({200: Status}, BAD, SIGNED_IN, MISSING, THROTTLED),
    auth=signed_in,
)
def status(request: HttpRequest, merchant_order_id: str) -> dict[str, Any]:
    """Where the payer's own payment stands; the gateway is asked if it is undecided."""
    user = who(request)
    limit(request, "look_up")
    return present.status(standing(merchant_order_id, now=utc_now(), of_user=user.pk, trade=TRADE))


@router.get(
    "/bookings/",
    response=documented({200: Page[OwnConsultationOut]}, BAD, SIGNED_IN, THROTTLED),
    auth=signed_in,
)
def bookings(request: HttpRequest, paging: Query[Paging], business: str | None = None) -> dict[str, Any]:
    """One's own bookings, newest first; all of a business's for those who run it."""
    limit(request, "look_up")
    seen = bookings_seen_by(who(request), trade=TRADE, business=business)
    return paged(request, seen, paging, present.own_bookings)


@router.get(
    "/bookings/{astro_book_id}/",
    response=documented({200: OwnBooking}, BAD, SIGNED_IN, MISSING, THROTTLED),
    auth=signed_in,
)
def booking(request: HttpRequest, astro_book_id: str) -> dict[str, Any]:
    """One booking, for its customer and for those who run the business."""
    limit(request, "look_up")
    return {"data": present.own_booking(booking_seen_by(who(request), astro_book_id, trade=TRADE))}


def wish_of(body: BookWithPayment) -> Wish:
    """The request as a wish, checked against what the service offers. Raises Invalid."""
    try:
        offering = catalogue.offering(body.service, trade=TRADE)
    except NotFound:
        raise Invalid({"service": ["There is no such service."]}) from None
    return Wish(
        choices=(
            Choice(
                offering=offering,
                starts_at=datetime.combine(body.preferred_date, body.time),
                details=birth_details(body, offering=offering),
            ),
        ),
        return_url=body.redirect_url,
        terms=TERMS.changed_by(offering.terms),
    )


def _status_url(reference: str) -> str:
    return f"/api/astrology/bookings/status/?merchant_order_id={reference}"

"""Booking a room over HTTP, as a guest: ask, submit, look, cancel. Described in docs/api/hotels.md."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.http import HttpRequest
from ninja import Router
from ninja.responses import Status as Answer

from holdfast.flows import catalogue
from holdfast.flows.catalogue import Business
from holdfast.flows.stays import (
    Guest,
    StayWish,
    book_stay,
    cancel_by_key,
    draft_stay,
    preview_cancel_by_key,
    stay_of,
    stay_with_key,
    submit_stay,
)
from holdfast.kernel.clock import utc_now
from holdfast.kernel.errors import Invalid, NotFound, SlotTaken
from holdfast.web.answers import BAD, MISSING, SIGNED_IN, THROTTLED, Problem, SlotProblem, documented
from holdfast.web.auth import anybody, who_if_any
from holdfast.web.contact import check_phone
from holdfast.web.naming import named
from holdfast.web.throttles import client_address, limit, limit_starts

from . import present
from .schemas import BookRoom, GuestBooking, RoomBooking, StayCanceled, StayPreview, StayProblem
from .terms import FIELDS, TERMS, TRADE

router = Router(tags=["hotels"])

AT = "/hotel/{slug}/room-bookings"
ONE = f"{AT}/{{booking_id}}"
TAKEN = {409: StayProblem | SlotProblem | Problem}
REFUSED = {409: Problem}


@router.post(
    f"{AT}/",
    response=documented({201: RoomBooking}, TAKEN, BAD, SIGNED_IN, MISSING, THROTTLED),
    auth=anybody,
)
def book(request: HttpRequest, slug: str, body: BookRoom) -> Any:
    """Hold a room for these nights, to be paid next; or with ``submit`` false, only write it down."""
    user = who_if_any(request)
    limit_starts(request, user, promo_code=body.promo_code)
    wish = wish_of(slug, body)
    begin = book_stay if body.submit else draft_stay
    with as_asked(wish.offering.business):
        stay = begin(wish, address=client_address(request), user=user, now=utc_now())
    return Answer(201, present.room_booking(stay))


@router.post(
    f"{ONE}/submit/", response=documented({200: RoomBooking}, TAKEN, BAD, MISSING, THROTTLED), auth=None
)
def submit(request: HttpRequest, slug: str, booking_id: str) -> dict[str, Any]:
    """Hold what a draft asks for, at the prices of today. Submitting it again changes nothing."""
    limit(request, "start_by_address")
    with as_asked(catalogue.seller(slug, trade=TRADE)):
        stay = submit_stay(booking_id, business=slug, address=client_address(request), now=utc_now())
    return present.room_booking(stay)


@router.get(
    f"{ONE}/",
    response=documented({200: GuestBooking | RoomBooking}, BAD, MISSING, THROTTLED),
    auth=None,
)
def booking(request: HttpRequest, slug: str, booking_id: str, key: str = "") -> dict[str, Any]:
    """How a booking stands and what is paid for it; with the guest's key, whose it is and for when."""
    limit(request, "look_up")
    if key:
        return present.guests_booking(stay_with_key(booking_id, key, business=slug))
    return present.room_booking(stay_of(booking_id, business=slug))


@router.get(
    f"{ONE}/cancel/", response=documented({200: StayPreview}, REFUSED, BAD, MISSING, THROTTLED), auth=None
)
def cancel_preview(request: HttpRequest, slug: str, booking_id: str, key: str = "") -> dict[str, Any]:
    """What canceling now would give back."""
    limit(request, "look_up")
    return present.owed(preview_cancel_by_key(booking_id, key, business=slug, now=utc_now()))


@router.post(
    f"{ONE}/cancel/", response=documented({200: StayCanceled}, REFUSED, BAD, MISSING, THROTTLED), auth=None
)
def cancel(request: HttpRequest, slug: str, booking_id: str, key: str = "") -> dict[str, Any]:
    """Cancel with the guest's key; what the terms owe goes back."""
    limit(request, "start_by_address")
    owed = cancel_by_key(booking_id, key, business=slug, now=utc_now())
    return present.canceled(stay_of(booking_id, business=slug), owed)


def wish_of(slug: str, body: BookRoom) -> StayWish:
    """The request as a wish. Raises NotFound for the hotel, and Invalid."""
    hotel = catalogue.seller(slug, trade=TRADE)
    try:
        room_type = catalogue.offering(body.room_type, trade=TRADE)
    except NotFound:
        room_type = None
    if room_type is None or room_type.business_id != hotel.pk:
        raise Invalid({"room_type": ["There is no such room type."]})
    if body.guest_phone and (wrong := check_phone("guest_phone", body.guest_phone, country=hotel.country)):
        raise Invalid(wrong)
    return StayWish(
        offering=room_type,
        check_in=body.check_in,
        check_out=body.check_out,
        guests=body.guests,
        guest=Guest(body.guest_name, body.guest_email, body.guest_phone),
        terms=TERMS.changed_by(room_type.terms),
        return_url=body.redirect_url,
        promo_code=body.promo_code,
    )


@contextmanager
def as_asked(hotel: Business) -> Iterator[None]:
    """What is refused inside is refused in this trade's names; where no room is left, with stays as long."""
    try:
        with named(FIELDS):
            yield
    except SlotTaken as taken:
        raise SlotTaken(present.stay_slots(taken.nearest, hotel)) from None

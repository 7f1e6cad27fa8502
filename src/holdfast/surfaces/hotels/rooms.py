"""Hotels, their room types and what is free over HTTP. Described in docs/api/hotels.md."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router

from holdfast.flows import catalogue
from holdfast.flows.stays import room_types_of, rooms_on_offer
from holdfast.kernel.clock import utc_now
from holdfast.web.answers import BAD, MISSING, THROTTLED, documented
from holdfast.web.paging import Page, Paging, paged
from holdfast.web.throttles import limit

from . import present
from .schemas import Asked, Availability, Hotel, HotelWithRooms
from .terms import TRADE

router = Router(tags=["hotels"])

SEASONS_AHEAD = timedelta(days=2 * 366)


@router.get("/hotels/", response=documented({200: Page[Hotel]}, BAD, THROTTLED), auth=None)
def hotels(request: HttpRequest, paging: Query[Paging]) -> dict[str, Any]:
    """The hotels that have rooms on offer, by name."""
    limit(request, "look_up")
    return paged(request, catalogue.sellers(TRADE), paging, present.hotels)


@router.get("/hotel/{slug}/", response=documented({200: HotelWithRooms}, BAD, MISSING, THROTTLED), auth=None)
def hotel(request: HttpRequest, slug: str) -> dict[str, Any]:
    """One hotel with its room types, what their nights cost by season, and how long one must stay."""
    limit(request, "look_up")
    found = catalogue.seller(slug, trade=TRADE)
    today = utc_now().astimezone(found.zone).date()
    room_types = room_types_of(slug, first=today, last=today + SEASONS_AHEAD)
    return {**present.hotel(found), "room_types": [present.room_type(one) for one in room_types]}


@router.get(
    "/hotel/{slug}/availability/",
    response=documented({200: Availability}, BAD, MISSING, THROTTLED),
    auth=None,
)
def availability(request: HttpRequest, slug: str, query: Query[Asked]) -> dict[str, Any]:
    """Every room type for these nights: how many rooms are free, and what one costs with taxes and fees."""
    limit(request, "look_up")
    offers = rooms_on_offer(
        slug, check_in=query.check_in, check_out=query.check_out, guests=query.guests, now=utc_now()
    )
    if not offers:
        catalogue.seller(slug, trade=TRADE)  # what sells no rooms is no hotel
    return {
        "check_in": query.check_in.isoformat(),
        "check_out": query.check_out.isoformat(),
        "guests": query.guests,
        "room_types": present.on_offer(offers, nights=(query.check_out - query.check_in).days),
    }

"""Finding stays: those of a hotel that its staff look for, one of them, and the hotel of one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from django.db.models import Q, QuerySet

from holdfast.availability.slots import reached
from holdfast.booking.models import Booking
from holdfast.catalog.models import Business
from holdfast.catalog.stay_rules import ONE_DAY
from holdfast.kernel.errors import NotFound
from holdfast.orders.models import Order
from holdfast.platform.models import User

from .front_desk import stays_of_hotel
from .stay_views import NO_SUCH_BOOKING, StayView, stays, views_of_stays

Days = tuple[date | None, date | None]  # from the first to the last, both included; open where there is none
SAID_IN = (
    "reference",
    "customer__name",
    "customer__email",
    "line__details__contact_name",
    "line__details__contact_email",
)


@dataclass(frozen=True)
class Sought:
    """What a hotel's staff look for: states, days of arrival and of departure, and a part of a name, an
    address or a reference.
    """

    states: tuple[str, ...]
    arrives: Days = (None, None)
    leaves: Days = (None, None)
    said: str = ""


def stays_sought(business: str, sought: Sought, *, by: User) -> QuerySet[Booking]:
    """Those stays of a hotel, by its slug, newest first. Raises NotFound for who does not run it."""
    found = stays_of_hotel(business, by=by).filter(state__in=sought.states)
    hotel = Business.objects.get(slug=business)
    for moment, days in (("starts_at", sought.arrives), ("ends_at", sought.leaves)):
        found = found.filter(**_between(moment, days, hotel))
    if sought.said:
        is_said = Q()
        for text in SAID_IN:
            is_said |= Q(**{f"{text}__icontains": sought.said})
        found = found.filter(is_said)
    return found


def _between(moment: str, days: Days, hotel: Business) -> dict[str, Any]:
    first, last = days
    since = {f"{moment}__gte": _start_of(first, hotel)} if first else {}
    until = {f"{moment}__lt": _start_of(last + ONE_DAY, hotel)} if last else {}
    return since | until


def _start_of(day: date, hotel: Business) -> datetime:
    return reached(datetime.combine(day, time()), hotel.zone)


def staffs_stay(reference: str, *, business: str, by: User) -> StayView:
    """A stay of a hotel, by its slug, for whoever runs it. Raises NotFound for everybody else, and for a
    draft, which is its guest's alone.
    """
    booking = stays_of_hotel(business, by=by).filter(reference=reference).first()
    if booking is None:
        raise NotFound(NO_SUCH_BOOKING)
    return views_of_stays([booking])[0]


def stay_of_order(order_id: int) -> str:
    """The reference of the stay that an order is for. Raises NotFound."""
    found = stays().filter(line__order=order_id).values_list("reference", flat=True).first()
    if found is None:
        raise NotFound(NO_SUCH_BOOKING)
    return found


def hotel_of(reference: str) -> Business:
    """The hotel that a stay or a draft is of. Raises NotFound."""
    booked = stays().filter(reference=reference).first()
    if booked is not None:
        return booked.business
    drafts = Order.objects.select_related("business").filter(booking_reference=reference)
    draft = drafts.first() if reference else None
    if draft is None:
        raise NotFound(NO_SUCH_BOOKING)
    return draft.business

"""The pages of a front desk: rooms by night, and the arrivals and departures of a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from holdfast.catalog.models import Business
from holdfast.flows.stays import RoomsByNight, rooms_by_night
from holdfast.kernel.clock import utc_now
from holdfast.platform.models import User

from .days import day_asked
from .entry import at_the_desk
from .house import house_on
from .listening import is_refresh_of, stream_of
from .scope import bookings_open_to, hotels_run_by

A_DAY = timedelta(days=1)
NIGHTS = 14  # of a page


@dataclass(frozen=True)
class Night:
    """One night of a room type: how many rooms are free, how many are sold or held, how many out of use."""

    free: int
    sold: int
    blocked: int


@dataclass(frozen=True)
class RoomType:
    """A row of the page of rooms."""

    title: str
    capacity: int
    nights: Sequence[Night]


@at_the_desk
def rooms(request: HttpRequest, user: User) -> HttpResponse:
    """The rooms of each type in fourteen nights: how many there are, sold, out of use and free."""
    hotels = hotels_run_by(user)
    hotel = _chosen(hotels, request.GET.get("business", ""))
    if hotel is None:
        return render(request, "desk/no_hotel.html")
    now = utc_now()
    today = now.astimezone(hotel.zone).date()
    first = day_asked(request.GET.get("first", ""), today=today)
    last = first + A_DAY * (NIGHTS - 1)
    told = {
        "businesses": list(hotels),
        "business": hotel,
        "live": stream_of([hotel]),
        "today": today,
        "first": first,
        "last": last,
        "before": first - A_DAY * NIGHTS,
        "after": last + A_DAY,
        "nights": [first + A_DAY * n for n in range(NIGHTS)],
        "types": [_type(one) for one in rooms_by_night(hotel.slug, first, last, now=now)],
    }
    return render(request, "desk/rooms.html", told)


def _type(found: RoomsByNight) -> RoomType:
    each = [Night(one.free, one.kept - one.blocked, one.blocked) for one in found.nights]
    return RoomType(found.offering.title, found.nights[0].capacity, each)


@at_the_desk
def stays(request: HttpRequest, user: User) -> HttpResponse:
    """Who arrives at a hotel, leaves and stays on a day."""
    return show_stays(request, user)


def show_stays(request: HttpRequest, user: User, *, said: str = "", status: int = 200) -> HttpResponse:
    """The same, with what has just been ``said`` to whoever wanted to do something there."""
    asked, hotels = (request.POST if request.method == "POST" else request.GET), hotels_run_by(user)
    hotel = _chosen(hotels, asked.get("business", ""))
    if hotel is None:
        return render(request, "desk/no_hotel.html")
    now = utc_now()
    today = now.astimezone(hotel.zone).date()
    day = day_asked(asked.get("date", ""), today=today)
    booked = bookings_open_to(user).filter(business=hotel, stay__isnull=False)
    told = {
        "businesses": list(hotels),
        "business": hotel,
        "live": stream_of([hotel]),
        "today": today,
        "day": day,
        "before": day - A_DAY,
        "after": day + A_DAY,
        "here": stays_on(hotel.slug, day.isoformat()),
        "house": house_on(day, hotel, booked, user=user, now=now),
        "said": said,
        "is_refresh": is_refresh_of("house", request),
    }
    return render(request, "desk/stays.html", told, status=status)


def stays_on(slug: str, day: str) -> str:
    """The address of a hotel's day."""
    return f"{reverse('desk:stays')}?{urlencode({'business': slug, 'date': day})}"


def _chosen(hotels: QuerySet[Business], slug: str) -> Business | None:
    """The hotel that was asked for, if it is one of theirs; the first when none was, if there is one."""
    if not slug:
        return hotels.first()
    return get_object_or_404(hotels, slug=slug)

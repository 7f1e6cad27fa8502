"""A hotel to stay in: a room type of a few rooms, with seasons and fees, and guests who have no account.

A story begins with ``stay`` (its nights are held) or ``authorized`` (its money is reserved as well, and the
hotel is to answer).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from typing import Any

from holdfast.availability.models import Allocation
from holdfast.booking.models import Booking
from holdfast.catalog.models import Business, Member, Offering, Resource, Room, StayRules
from holdfast.flows.settlement import settle
from holdfast.flows.stays import Guest, StayView, StayWish, book_stay, open_session, stay_of
from holdfast.payments.models import Payment
from holdfast.platform.models import User
from holdfast.surfaces.hotels.terms import TERMS, TRADE
from tests.support.practice import NOW, TODAY, Practice, new_user
from tests.support.sandbox import Sandbox
from tests.support.ways import SOON

ROOMS = 3
NIGHT = 10_000
SLUG = "lake-view"
GUEST = Guest("A guest", "guest@example.com", "+49 30 1234567")


@dataclass
class Hotel:
    """One hotel with one room type; the rooms are called 201, 202 and so on."""

    business: Business
    pool: Resource
    offering: Offering
    staff: User

    @property
    def rooms(self) -> list[Room]:
        return list(self.pool.rooms.order_by("name"))


def day(number: int) -> date:
    """So many days after TODAY."""
    return TODAY + timedelta(days=number)


def new_hotel(
    slug: str = SLUG, *, zone: str = "Europe/Berlin", rooms: int = ROOMS, price: int = NIGHT, **rules: Any
) -> Hotel:
    business = Business.objects.create(
        slug=slug, name=slug.title(), timezone=zone, country="DE", currency="EUR", tax_name="VAT"
    )
    staff = new_user()
    Member.objects.create(business=business, user=staff, role=Member.Role.STAFF)
    offering, pool = new_room_type(business, rooms=rooms, price=price, **rules)
    return Hotel(business, pool, offering, staff)


def new_room_type(
    business: Business, title: str = "Double room", *, rooms: int = ROOMS, price: int = NIGHT, **rules: Any
) -> tuple[Offering, Resource]:
    pool = Resource.objects.create(
        business=business, kind=Resource.Kind.PLACE, name=title, capacity=rooms, keeps_hours=False
    )
    Room.objects.bulk_create(Room(pool=pool, name=str(201 + n)) for n in range(rooms))
    offering = Offering.objects.create(
        business=business,
        trade=TRADE,
        title=title,
        price=price,
        tax_rate=700,
        duration=timedelta(days=1),
        horizon=timedelta(days=400),
        by_night=True,
    )
    offering.resources.add(pool)
    defaults = {"occupancy": 2, "check_in_from": time(15), "check_out_until": time(11)}
    StayRules.objects.create(offering=offering, **defaults | rules)
    return offering, pool


def sells_through(hotel: Hotel, practice: Practice) -> None:
    """The hotel takes money where the practice does."""
    account = practice.account
    account.pk, account.business = None, hotel.business
    account.save()


def wish(hotel: Hotel, first: int = 10, last: int = 12, **over: Any) -> StayWish:
    """From the day that is ``first`` days after TODAY to the ``last``."""
    asked = StayWish(hotel.offering, day(first), day(last), guests=2, guest=GUEST, terms=TERMS)
    return replace(asked, **over)


def stay(hotel: Hotel, first: int = 10, last: int = 12, *, user: User | None = None, **over: Any) -> StayView:
    """Its nights are held."""
    now, address = over.pop("now", NOW), over.pop("address", None)
    return book_stay(wish(hotel, first, last, **over), address=address, user=user, now=now)


def authorized(hotel: Hotel, gateway: Sandbox, first: int = 10, last: int = 12, **over: Any) -> StayView:
    """Its guest has paid a minute later: where the gateway can, the money is reserved."""
    return paid(hotel, gateway, stay(hotel, first, last, **over))


def paid(hotel: Hotel, gateway: Sandbox, held: StayView) -> StayView:
    session = open_session(held.booking_id, business=hotel.business.slug, now=NOW)
    gateway.settle(session.reference)
    settle(Payment.objects.get(reference=session.reference).pk, now=SOON)
    return again(hotel, held)


def again(hotel: Hotel, seen: StayView) -> StayView:
    """The same stay as it stands now."""
    return stay_of(seen.booking_id, business=hotel.business.slug)


def booking_of(seen: StayView) -> Booking:
    return Booking.objects.select_related("line", "stay").get(reference=seen.booking_id)


def nights_kept(seen: StayView) -> list[str]:
    """The state of each night of a stay, in order."""
    rows = Allocation.objects.filter(owner=booking_of(seen).line.owner).order_by("period", "pk")
    return list(rows.values_list("state", flat=True))

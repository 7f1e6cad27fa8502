"""The front desk of a hotel: who comes, stays and leaves, which rooms are free, and who gets which."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import QuerySet

from holdfast.availability.slots import nights
from holdfast.availability.stays import blocked_each_night, free_each_night
from holdfast.booking.models import Booking
from holdfast.catalog.models import Offering, Room
from holdfast.catalog.queries import businesses_run_by
from holdfast.catalog.stay_rules import ONE_DAY, nights_of
from holdfast.kernel.errors import NotFound
from holdfast.platform.models import User

from .changing import change_from_inside
from .completion import say
from .rooms import free_rooms
from .stay_views import NO_SUCH_BOOKING, stays
from .staying import NO_SUCH_HOTEL, room_types_of


@dataclass(frozen=True)
class RoomNight:
    """How many rooms of a type there are in one night, how many of them are kept, and of those how many are
    out of use.
    """

    night: date
    capacity: int
    kept: int
    blocked: int
    free: int


@dataclass(frozen=True)
class RoomsByNight:
    """The nights of one room type."""

    offering: Offering
    nights: tuple[RoomNight, ...]


def check_in(reference: str, *, by: User, now: datetime, room: int | None = None) -> None:
    """A stay's guests have come, from the day of their arrival on: they have ``room``, or the first free one.

    Raises NotFound, for a room that is not of its type too, Forbidden for one's own stay, and Conflict for
    one that is not to begin, where somebody is in the room, or none is free.
    """
    say(reference, "begin", by=by, trade=_trade_of(reference), now=now, room=room)


def check_out(reference: str, *, by: User, now: datetime) -> None:
    """A stay's guests have left: their room is free, and so are the nights that have not begun.

    Raises NotFound, Forbidden, and Conflict for a stay that has not begun.
    """
    say(reference, "complete", by=by, trade=_trade_of(reference), now=now)


def free_rooms_for(reference: str, *, by: User, now: datetime) -> list[Room]:
    """The rooms that the guests of a stay can be given. Raises NotFound and Forbidden."""
    change = change_from_inside(reference, by=by, trade=_trade_of(reference))
    return list(free_rooms(Booking.objects.select_related("line__offering").get(pk=change.booking_id)))


def _trade_of(reference: str) -> str:
    trade = stays().filter(reference=reference).values_list("trade", flat=True).first()
    if trade is None:
        raise NotFound(NO_SUCH_BOOKING)
    return trade


def stays_of_hotel(business: str, *, by: User) -> QuerySet[Booking]:
    """The stays of a hotel, by its slug, for whoever runs it, newest first; ``views_of_stays`` shows them.

    Raises NotFound for everybody else.
    """
    if not businesses_run_by(by).filter(slug=business).exists():
        raise NotFound(NO_SUCH_HOTEL)
    return stays().filter(business__slug=business)


def rooms_by_night(business: str, first: date, last: date, *, now: datetime) -> list[RoomsByNight]:
    """The rooms of a hotel in the nights from ``first`` to ``last``: seven queries, however many there are.

    Raises NotFound.
    """
    found = room_types_of(business, first=first, last=last)
    if not found:
        return []
    dates = nights_of(first, last + ONE_DAY)
    each = nights(first, last + ONE_DAY, found[0].offering.business.zone)
    pools = [one.pool for one in found]
    free = free_each_night(pools, each, now=now)
    blocked = blocked_each_night(pools, each)
    return [
        RoomsByNight(
            one.offering,
            tuple(
                RoomNight(night, one.pool.capacity, one.pool.capacity - left, out, left)
                for night, left, out in zip(dates, free[one.pool.pk], blocked[one.pool.pk], strict=True)
            ),
        )
        for one in found
    ]

"""The real rooms of a stay: one is given at check-in, and is free again when its guests have left."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import structlog
from django.db import IntegrityError
from django.db.models import Exists, OuterRef, QuerySet
from django.db.transaction import atomic

from holdfast.availability.actions import lock_pools, release_from
from holdfast.booking.models import Booking, Stay
from holdfast.catalog.models import Room
from holdfast.kernel.errors import Conflict, NotFound
from holdfast.platform.db import transaction_required

log = structlog.get_logger(__name__)

NO_ROOM = "No room of this type is free at this moment."
NO_SUCH_ROOM = "There is no such room of this type."
OCCUPIED = "There are guests in room {}."


def free_rooms(booking: Booking) -> QuerySet[Room]:
    """The rooms that a stay's guests can be given now, by name."""
    out = Stay.objects.filter(room=OuterRef("pk"), checked_out_at=None)
    return _rooms_of(booking).filter(~Exists(out)).order_by("name", "pk")


def _rooms_of(booking: Booking) -> QuerySet[Room]:
    return Room.objects.filter(pool__offerings=booking.line.offering, active=True)


@transaction_required
def give_room(booking: Booking, *, room: int | None, now: datetime) -> str:
    """Its guests have come: they have this room, or the first that is free. The caller has the order's lock.

    Answers which, as it is remembered.

    Raises NotFound, and Conflict where somebody is in it, or none is free. Who chooses has the pool's lock,
    so that two who come at once choose one after the other; the index has the last word.
    """
    lock_pools([_pool_of(booking)])
    given = _this_room(booking, room) if room is not None else free_rooms(booking).first()
    if given is None:
        raise Conflict(NO_ROOM)
    try:
        with atomic():
            Stay.objects.filter(pk=booking.pk).update(room=given, checked_in_at=now)
    except IntegrityError as taken:
        raise Conflict(OCCUPIED.format(given.name)) from taken
    log.info("checked_in", booking=booking.reference, room=given.name)
    return f"room {given.name}"


def _pool_of(booking: Booking) -> UUID:
    return booking.line.offering.resources.values_list("pk", flat=True).get()


def _this_room(booking: Booking, room: int) -> Room:
    found = _rooms_of(booking).filter(pk=room).first()
    if found is None:
        raise NotFound(NO_SUCH_ROOM)
    if not free_rooms(booking).filter(pk=room).exists():
        raise Conflict(OCCUPIED.format(found.name))
    return found


@transaction_required
def take_room_back(booking: Booking, *, room: int | None, now: datetime) -> str:
    """Its guests have left: the room can be given again, and nights that have not begun are free."""
    Stay.objects.filter(pk=booking.pk).update(checked_out_at=now)
    left = _nights_freed(booking, now=now)
    log.info("checked_out", booking=booking.reference, left=left)
    return left


@transaction_required
def free_nights(booking: Booking, *, room: int | None, now: datetime) -> str:
    """Nobody has come: what is left of the nights is free."""
    return _nights_freed(booking, now=now)


def _nights_freed(booking: Booking, *, now: datetime) -> str:
    nights = release_from(booking.line.owner, now)
    return f"nights freed: {nights}" if nights else ""


# What follows from saying that a stay has begun, is over, or was missed; each answers what to remember of it.
STAYS: dict[str, Callable[..., str]] = {
    "begin": give_room,
    "complete": take_room_back,
    "miss": free_nights,
}

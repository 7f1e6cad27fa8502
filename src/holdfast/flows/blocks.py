"""Time off, and resources taken out of use: look at what is in the way, block, lift.

A block takes only what is free: who is booked then is moved or canceled first. To take no new bookings while
the old ones stand, give the resource other hours on that date.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import structlog
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from holdfast.availability.actions import claim, release
from holdfast.availability.models import Block
from holdfast.availability.queries import kept_times
from holdfast.availability.wanted import ANY_SEAT, Wanted
from holdfast.booking.models import Booking
from holdfast.catalog.models import Resource
from holdfast.kernel.errors import Conflict, Invalid, NotFound, SlotTaken
from holdfast.kernel.period import Period
from holdfast.orders.models import owner_of
from holdfast.platform.db import retried_once, transaction

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class InTheWay:
    """What a block would meet, for as long as it is kept, buffers and all.

    ``reference`` names a booking. It is empty for another block, and for a time that somebody holds until
    ``held_until`` and has not paid for.
    """

    owner: str
    reference: str
    period: Period
    held_until: datetime | None

    def __str__(self) -> str:
        return self.reference or ("an unpaid hold" if self.held_until else "another block")


def in_the_way(resource: Resource, period: Period, *, now: datetime) -> list[InTheWay]:
    """What a block of this resource would touch, in order of time. Of a pool, every seat that is kept."""
    kept = kept_times(resource, period, now=now)
    lines = [int(one.owner.partition(":")[2]) for one in kept if one.owner.startswith("line:")]
    bookings = Booking.objects.filter(pk__in=lines).values_list("pk", "reference")
    references = {owner_of(line): reference for line, reference in bookings}
    return [InTheWay(one.owner, references.get(one.owner, ""), one.period, one.held_until) for one in kept]


@retried_once
def block(
    resource: Resource, period: Period, *, by: str, now: datetime, why: str = "", seats: int | None = None
) -> Block:
    """Keep a resource from everybody for a period; of a pool, so many seats, or all of them.

    Raises Conflict, naming what is in the way, unless all of it is free, and Invalid for a period that is
    over or seats that are not there.
    """
    if period.end <= now:
        raise Invalid({"period": ["This is over."]})
    if seats is not None and not 1 <= seats <= resource.capacity:
        raise Invalid({"seats": [f"There are {resource.capacity}."]})
    with transaction():
        made = Block.objects.create(
            resource=resource,
            period=DateTimeTZRange(period.start, period.end),
            seats=seats or resource.capacity,
            why=why,
            created_by=by,
            created_at=now,
        )
        try:
            claim(_wanted(made, period), owner=made.owner, until=None, now=now)
        except SlotTaken:
            names = ", ".join(str(one) for one in in_the_way(resource, period, now=now))
            raise Conflict(f"Kept at that time: {names}. Move or cancel that first.") from None
    log.info("blocked", block=made.pk, resource=str(resource.pk), by=by)
    return made


def lift(block_id: int, *, by: str, now: datetime) -> Block:
    """Give a block's time back. Lifting it again changes nothing. Raises NotFound."""
    with transaction():
        found = Block.objects.select_for_update().filter(pk=block_id).first()
        if found is None:
            raise NotFound
        if found.lifted_at is None:
            found.lifted_by, found.lifted_at = by, now
            found.save(update_fields=["lifted_by", "lifted_at"])
            release(found.owner)
            log.info("block_lifted", block=found.pk, by=by)
    return found


def blocks_of(resource: Resource, period: Period) -> list[Block]:
    """The blocks of a resource that stand in a period, in order of time."""
    meets = DateTimeTZRange(period.start, period.end)
    return list(resource.blocks.filter(lifted_at=None, period__overlap=meets).order_by("period", "pk"))


def _wanted(block: Block, period: Period) -> list[Wanted]:
    seat = ANY_SEAT if block.resource.is_pool else 1
    return [Wanted(block.resource_id, seat, period)] * block.seats

"""A hotel's day at the desk: who arrives, who leaves and who stays, and what can be done about each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from holdfast.availability.slots import reached
from holdfast.booking.models import Booking, Stay
from holdfast.catalog.models import Business, Room
from holdfast.flows.completion import may_be_said
from holdfast.kernel.period import Period
from holdfast.platform.models import User

from . import rows

A_DAY = timedelta(days=1)
LONGEST_STAY = timedelta(days=367)  # so that not every booking of the past is read
KEEPS_A_ROOM = ("pending_payment", "pending_approval", "confirmed", "in_progress")
SHOWN = (*KEEPS_A_ROOM, "completed")


@dataclass(frozen=True)
class Door:
    """A room that guests can be given."""

    pk: int
    name: str


@dataclass(frozen=True)
class Staying:
    """One stay on a day. ``rooms`` are those that its guests can be given now, where they may check in.

    ``late`` says what should have happened before: empty for who comes and goes as booked.
    """

    appointment: rows.Appointment
    checks_in: bool
    checks_out: bool
    may_be_missed: bool
    rooms: Sequence[Door]
    late: str

    @property
    def reference(self) -> str:
        return self.appointment.reference


@dataclass(frozen=True)
class House:
    """Everybody of one day. Each stay is in one of the three."""

    arriving: Sequence[Staying]
    leaving: Sequence[Staying]
    staying: Sequence[Staying]


def house_on(day: date, business: Business, stays: QuerySet[Booking], *, user: User, now: datetime) -> House:
    """The house on a day of the business's own, of these stays: two queries, however many there are."""
    zone = business.zone
    whole = Period(*(reached(datetime.combine(at, time()), zone) for at in (day, day + A_DAY)))
    is_today = now in whole
    there = list(stays.filter(_there_on(whole, is_today=is_today)).select_related("line__offering"))
    doors = free_doors(there)
    found: dict[str, list[Staying]] = defaultdict(list)
    for booking in there:
        late = _late(booking, whole) if is_today else ""
        row = _row(booking, doors, is_own=booking.customer.user_id == user.pk, late=late, now=now)
        found[_part(booking, whole)].append(row)
    return House(found["arriving"], found["leaving"], sorted(found["staying"], key=_by_room))


def _there_on(whole: Period, *, is_today: bool) -> Q:
    """Who has the night before a day or that of the day; today, whoever is in the house still."""
    comes = Q(starts_at__gte=whole.start, starts_at__lt=whole.end, state__in=SHOWN)
    leaves = Q(ends_at__gte=whole.start, ends_at__lt=whole.end, state__in=SHOWN)
    stays = Q(starts_at__lt=whole.start, ends_at__gte=whole.end, state__in=KEEPS_A_ROOM)
    not_left = Q(state="in_progress", starts_at__lt=whole.end) if is_today else Q()
    return Q(starts_at__gte=whole.start - LONGEST_STAY) & (comes | leaves | stays | not_left)


def _part(booking: Booking, whole: Period) -> str:
    if booking.starts_at in whole:
        return "arriving"
    return "leaving" if booking.ends_at in whole else "staying"


def _late(booking: Booking, whole: Period) -> str:
    if booking.state == "confirmed" and booking.starts_at < whole.start:
        return "has not come yet"
    return "was to leave before" if booking.ends_at < whole.start else ""


def _row(
    booking: Booking, doors: Mapping[int, Sequence[Door]], *, is_own: bool, late: str, now: datetime
) -> Staying:
    def may(event: str) -> bool:
        return not is_own and may_be_said(booking, event, now=now)

    return Staying(
        appointment=rows.appointment(booking),
        checks_in=may("begin"),
        checks_out=booking.state == "in_progress" and not is_own,
        may_be_missed=may("miss"),
        rooms=doors.get(booking.line.offering.pk, ()) if may("begin") else (),
        late=late,
    )


def free_doors(bookings: Sequence[Booking]) -> dict[int, list[Door]]:
    """The rooms in which nobody is, by the room types of these bookings."""
    types = {booking.line.offering.pk for booking in bookings}
    out = Stay.objects.filter(room=OuterRef("pk"), checked_out_at=None)
    free = Room.objects.filter(~Exists(out), pool__offerings__in=types, active=True).order_by("name", "pk")
    found: dict[int, list[Door]] = defaultdict(list)
    for offering, pk, name in free.values_list("pool__offerings", "pk", "name"):
        found[offering].append(Door(pk, name))
    return found


def _by_room(one: Staying) -> tuple[str, datetime]:
    stay = one.appointment.stay
    return (stay.room if stay else "", one.appointment.starts_at.astimezone(UTC))

"""What the agenda says of each booking: what has become of its money, and what can be done with it now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import QuerySet

from holdfast.availability.models import Block
from holdfast.booking.models import Booking
from holdfast.catalog.models import Resource
from holdfast.kernel.period import Period
from holdfast.orders.models import Due
from holdfast.payments.models import Payment

from . import rows

UNDECIDED = ("created", "pending")
# What one press does: the event that must be possible, its address, its label, whether it must have begun.
QUICK = (
    ("approve", "accept", "Accept", False),
    ("complete", "complete", "It is done", True),
    ("miss", "miss", "Nobody came", True),
)
# The same of a stay, whose guests are checked in on a page of its own.
QUICK_STAY = (("approve", "accept", "Accept", False),)


@dataclass(frozen=True)
class Entry:
    """A booking on the agenda. ``can`` are what one press does to it: an address and a label each."""

    appointment: rows.Appointment
    money: str
    can: tuple[tuple[str, str], ...]

    @property
    def reference(self) -> str:
        return self.appointment.reference


@dataclass(frozen=True)
class Blocked:
    """A block on the agenda, by the business's clock."""

    pk: int
    who: str
    starts_at: datetime
    ends_at: datetime
    why: str


@dataclass(frozen=True)
class Day:
    """One day of a week."""

    day: date
    entries: Sequence[Entry]


def entries_of(bookings: Iterable[Booking], *, now: datetime) -> list[Entry]:
    """The bookings as the agenda shows them: two queries more, however many they are."""
    those = list(bookings)
    words = _money_words({one.line.order_id for one in those})
    return [
        Entry(
            appointment=rows.appointment(one),
            money="" if one.state in rows.OVER else words[one.line.order_id],
            can=tuple(
                (act, label)
                for event, act, label, begun in (QUICK_STAY if hasattr(one, "stay") else QUICK)
                if one.lifecycle.allows(one.state, event) and (one.starts_at <= now or not begun)
            ),
        )
        for one in those
    ]


def week_of(entries: Sequence[Entry], days: Sequence[date]) -> list[Day]:
    """The same by their days, those on which nothing is booked as well."""
    by_day: dict[date, list[Entry]] = defaultdict(list)
    for entry in entries:
        by_day[entry.appointment.starts_at.date()].append(entry)
    return [Day(day, by_day[day]) for day in days]


def blocks_in(span: Period, resources: QuerySet[Resource], zone: ZoneInfo) -> list[Blocked]:
    """The blocks of these resources that stand in a span."""
    standing = Block.objects.filter(
        resource__in=resources, lifted_at=None, period__overlap=DateTimeTZRange(span.start, span.end)
    )
    return [
        Blocked(
            pk=one.pk,
            who=f"{one.seats} of {one.resource}" if one.resource.is_pool else one.resource.name,
            starts_at=one.period.lower.astimezone(zone),
            ends_at=one.period.upper.astimezone(zone),
            why=one.why,
        )
        for one in standing.select_related("resource").order_by("period", "pk")
    ]


def _money_words(orders: set[int]) -> dict[int, str]:
    payments: dict[int, list[Payment]] = defaultdict(list)
    for payment in Payment.objects.filter(order__in=orders).select_related("due"):
        payments[payment.order_id].append(payment)
    dues: dict[int, list[Due]] = defaultdict(list)
    for due in Due.objects.filter(order__in=orders, withdrawn_at=None, amount__gt=0):
        dues[due.order_id].append(due)
    return {order: _in_a_word(dues[order], payments[order]) for order in orders}


def _in_a_word(dues: Sequence[Due], payments: Sequence[Payment]) -> str:
    """What has become of the money of one order, by what it asks for and what was tried to pay it."""
    paid = {payment.due_id for payment in payments if payment.has_paid}
    unpaid = [due for due in dues if due.pk not in paid]
    undecided = any(one.state in UNDECIDED or one.is_looked_into for one in payments)
    said = (
        (any(one.wins and one.is_reserved for one in payments), "reserved"),
        (not dues, "nothing to pay"),
        (not unpaid, "paid"),
        (bool(paid), "part paid"),
        (undecided, "waiting"),
    )
    return next((word for is_so, word in said if is_so), "unpaid")

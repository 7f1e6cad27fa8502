"""What became of what was booked at a demo business: it was given, missed, canceled, declined, or waits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from holdfast.booking.models import Booking
from holdfast.flows.actors import staff_actor
from holdfast.flows.approval import approve_booking, decline_booking
from holdfast.flows.cancellation import cancel_booking
from holdfast.flows.completion import complete_booking, miss_booking
from holdfast.flows.refunds import record_refund
from holdfast.payments.models import Transaction
from holdfast.platform.models import User

A_WHILE, AN_HOUR = timedelta(minutes=10), timedelta(hours=1)


@dataclass(frozen=True)
class Booked:
    """A visit or a stay that has been booked and paid, who it is about, and when that was."""

    reference: str
    trade: str
    customer: User | None
    staff: User
    starts_at: datetime
    ends_at: datetime
    booked_at: datetime
    now: datetime


def accepted(booked: Booked) -> None:
    """Where somebody must accept it, they have."""
    if Booking.objects.get(reference=booked.reference).state == "pending_approval":
        approve_booking(
            booked.reference, by=_giver(booked), trade=booked.trade, now=booked.booked_at + AN_HOUR / 2
        )


def _done(booked: Booked) -> None:
    accepted(booked)
    complete_booking(booked.reference, by=_giver(booked), trade=booked.trade, now=booked.ends_at)


def _missed(booked: Booked) -> None:
    accepted(booked)
    miss_booking(booked.reference, by=booked.staff, trade=booked.trade, now=booked.ends_at)


def _canceled(booked: Booked) -> None:
    """In good time, and the money has been given back."""
    accepted(booked)
    _cancel(booked, now=booked.booked_at + timedelta(days=1))
    _given_back(booked, now=booked.booked_at + timedelta(days=2))


def _canceled_late(booked: Booked) -> None:
    """An hour ago: somebody has to give the money back yet."""
    accepted(booked)
    _cancel(booked, now=booked.now - AN_HOUR)


def _declined(booked: Booked) -> None:
    at = booked.booked_at + AN_HOUR
    decline_booking(
        booked.reference, by=_giver(booked), trade=booked.trade, now=at, why="not possible that week"
    )
    _given_back(booked, now=at + AN_HOUR)


def _waits(booked: Booked) -> None:
    """For its coach's answer."""


ENDS: dict[str, Callable[[Booked], None]] = {
    "": accepted,
    "on the spot": accepted,
    "done": _done,
    "missed": _missed,
    "canceled": _canceled,
    "canceled late": _canceled_late,
    "declined": _declined,
    "waits": _waits,
}


def _cancel(booked: Booked, *, now: datetime) -> None:
    cancel_booking(booked.reference, by=booked.customer or booked.staff, trade=booked.trade, now=now)


def _given_back(booked: Booked, *, now: datetime) -> None:
    owed = Transaction.objects.filter(
        payment__order__lines__booking__reference=booked.reference, by_hand=True, kind=Transaction.Kind.REFUND
    )
    for refund in owed:
        record_refund(refund.pk, by=staff_actor(booked.staff.pk), now=now)


def _giver(booked: Booked) -> User:
    """Whoever gives it, if they can sign in; else the front office."""
    booking = Booking.objects.select_related("provider__user").get(reference=booked.reference)
    gives = booking.provider.user if booking.provider else None
    return gives or booked.staff

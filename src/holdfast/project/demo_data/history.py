"""What has been booked at a demo business so far, played through the flows: nothing here writes a booking.

Customers reserve, the front office takes their money by hand, coaches accept, time goes by.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

from django.db import connection
from django.utils.text import slugify

from holdfast.booking.models import Booking
from holdfast.catalog.models import Business, Offering
from holdfast.catalog.terms import Terms, Way
from holdfast.flows.actors import Shopper, staff_actor
from holdfast.flows.approval import approve_booking, decline_booking
from holdfast.flows.callers import Caller
from holdfast.flows.cancellation import cancel_booking
from holdfast.flows.checkout import Choice, Wish, reserve
from holdfast.flows.completion import complete_booking, miss_booking
from holdfast.flows.counter import Pays, Wanted, book_at_the_counter, price_at_the_counter
from holdfast.flows.recording import Method, Taken, record_payment
from holdfast.flows.refunds import record_refund
from holdfast.payments.models import Transaction
from holdfast.platform.models import User
from holdfast.project.surfaces import SURFACES

from .people import STAFF, People
from .shop import Shop, Visit

A_WHILE, AN_HOUR = timedelta(minutes=10), timedelta(hours=1)
TERMS: dict[str, Terms] = {surface.trade: surface.terms for surface in SURFACES if surface.terms}


@dataclass(frozen=True)
class Booked:
    """A visit that has been booked and paid, who it is about, and when that was."""

    reference: str
    trade: str
    customer: User | None
    staff: User
    ends_at: datetime
    booked_at: datetime
    now: datetime


def play(shop: Shop, people: People, *, now: datetime) -> None:
    """Everything that has happened at this business, in the order of its rows.

    Nobody is written to about it: what is past was made up a moment ago.
    """
    business = Business.objects.get(slug=shop.slug)
    last = _last_message()
    for visit in shop.visits:
        booked = _book(business, visit, people, now=now)
        ENDS[visit.end](booked)
    _forget_mail_since(last)


def _book(business: Business, visit: Visit, people: People, *, now: datetime) -> Booked:
    today = now.astimezone(business.zone).date()
    starts_at = datetime.combine(today + timedelta(days=visit.day), time.fromisoformat(visit.at))
    offering = Offering.objects.select_related("business").get(business=business, title=visit.title)
    sold = offering.sold_as(offering.packages.get(name=visit.pack) if visit.pack else None)
    begins = starts_at.replace(tzinfo=business.zone)
    booked_at = min(begins, now) - (timedelta(days=visit.booked) or AN_HOUR)
    user, staff = people.get(visit.who), people[STAFF]
    choice = Choice(sold, starts_at, _details(user))
    if user is None:
        reference = _booked_in(visit, choice, by=staff, now=booked_at)
    else:
        reference = _reserved_and_paid(visit, choice, user, staff=staff, now=booked_at)
    return Booked(reference, sold.trade, user, staff, begins + sold.duration, booked_at, now)


def _details(user: User | None) -> dict[str, str]:
    return {"contact_email": user.email, "language": "Hindi"} if user else {}


def _reserved_and_paid(visit: Visit, choice: Choice, user: User, *, staff: User, now: datetime) -> str:
    """By the customer, over the phone as it were: the money is taken at the office."""
    terms = replace(TERMS[choice.offering.trade], way=Way.HOLD_THEN_PAY)
    held = reserve(Wish((choice,), return_url="", terms=terms), by=Shopper(user, None), now=now)
    reference, taken = held.bookings[0].reference, Taken(held.placed.due.money, Method(visit.paid))
    record_payment(reference, taken, by=staff, trade=choice.offering.trade, now=now + A_WHILE)
    return reference


def _booked_in(visit: Visit, choice: Choice, *, by: User, now: datetime) -> str:
    """By the front office, for somebody who has no account."""
    pays = Pays.ON_THE_SPOT if visit.end == "on the spot" else Pays.NOW
    sold, terms = choice.offering, TERMS[choice.offering.trade]
    price = price_at_the_counter(
        sold, terms=terms, pays=pays, starts_at=choice.starts_at, promo_code="", now=now
    )
    wanted = Wanted(
        offering=sold,
        starts_at=choice.starts_at,
        terms=terms,
        caller=Caller(name=visit.who, email=f"{slugify(visit.who)}@callers.test"),
        pays=pays,
        taken=Taken(price.first, Method(visit.paid)) if pays is Pays.NOW else None,
    )
    return book_at_the_counter(wanted, by=by, now=now).reference


def _accepted(booked: Booked) -> None:
    """Where somebody must accept it, they have."""
    if Booking.objects.get(reference=booked.reference).state == "pending_approval":
        approve_booking(
            booked.reference, by=_giver(booked), trade=booked.trade, now=booked.booked_at + AN_HOUR / 2
        )


def _done(booked: Booked) -> None:
    _accepted(booked)
    complete_booking(booked.reference, by=_giver(booked), trade=booked.trade, now=booked.ends_at)


def _missed(booked: Booked) -> None:
    _accepted(booked)
    miss_booking(booked.reference, by=booked.staff, trade=booked.trade, now=booked.ends_at)


def _canceled(booked: Booked) -> None:
    """In good time, and the money has been given back."""
    _accepted(booked)
    _cancel(booked, now=booked.booked_at + timedelta(days=1))
    _given_back(booked, now=booked.booked_at + timedelta(days=2))


def _canceled_late(booked: Booked) -> None:
    """An hour ago: somebody has to give the money back yet."""
    _accepted(booked)
    _cancel(booked, now=booked.now - AN_HOUR)


def _declined(booked: Booked) -> None:
    at = booked.booked_at + AN_HOUR
    decline_booking(booked.reference, by=_giver(booked), trade=booked.trade, now=at, why="away that week")
    _given_back(booked, now=at + AN_HOUR)


def _waits(booked: Booked) -> None:
    """For its coach's answer."""


ENDS: dict[str, Callable[[Booked], None]] = {
    "": _accepted,
    "on the spot": _accepted,
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


def _last_message() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0) FROM procrastinate_jobs")
        (last,) = cursor.fetchone()
    return int(last)


def _forget_mail_since(last: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM procrastinate_jobs WHERE id > %s AND status = 'todo' AND args->>'kind' = 'email'",
            [last],
        )

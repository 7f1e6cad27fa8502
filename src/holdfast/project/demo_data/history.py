"""What has been booked at a demo business so far, played through the flows: nothing here writes a booking.

Customers reserve, the front office takes their money by hand, coaches accept, time goes by.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta

from django.db import connection
from django.utils.text import slugify

from holdfast.catalog.models import Business, Offering
from holdfast.catalog.terms import Terms, Way
from holdfast.flows.actors import Shopper
from holdfast.flows.callers import Caller
from holdfast.flows.checkout import Choice, Wish, reserve
from holdfast.flows.counter import Pays, Wanted, book_at_the_counter, price_at_the_counter
from holdfast.flows.recording import Method, Taken, record_payment
from holdfast.platform.models import User
from holdfast.project.surfaces import SURFACES

from .ends import A_WHILE, AN_HOUR, ENDS, Booked
from .people import STAFF, People
from .shop import Shop, Visit
from .sojourns import stay

TERMS: dict[str, Terms] = {surface.trade: surface.terms for surface in SURFACES if surface.terms}


def play(shop: Shop, people: People, *, now: datetime) -> None:
    """Everything that has happened at this business, in the order of its rows.

    Nobody is written to about it: what is past was made up a moment ago.
    """
    business = Business.objects.get(slug=shop.slug)
    last = _last_message()
    for visit in shop.visits:
        booked = _book(business, visit, people, now=now)
        ENDS[visit.end](booked)
    for one in shop.sojourns:
        stay(business, one, people, now=now)
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
    ends = begins + sold.duration
    return Booked(reference, sold.trade, user, staff, begins, ends, booked_at, now)


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
    price = price_at_the_counter(sold, terms=terms, pays=pays, when=choice.starts_at, promo_code="", now=now)
    wanted = Wanted(
        offering=sold,
        when=choice.starts_at,
        terms=terms,
        caller=Caller(name=visit.who, email=f"{slugify(visit.who)}@callers.test"),
        pays=pays,
        taken=Taken(price.first, Method(visit.paid)) if pays is Pays.NOW else None,
    )
    return book_at_the_counter(wanted, by=by, now=now).reference


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

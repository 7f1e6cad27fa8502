"""What has happened at a demo's hotel: who has stayed there, is there, or will be."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta

from django.utils.text import slugify

from holdfast.catalog.models import Business, Offering
from holdfast.flows.recording import Method, Taken, record_payment
from holdfast.flows.stays import Guest, StayWish, book_stay, check_in, check_out
from holdfast.platform.models import User
from holdfast.surfaces.hotels.terms import TERMS, TRADE

from .ends import A_WHILE, AN_HOUR, Booked, accepted
from .ends import ENDS as OF_VISITS
from .people import STAFF, People
from .shop import Sojourn

COMES, LEAVES = time(16), time(10)


def stay(business: Business, one: Sojourn, people: People, *, now: datetime) -> None:
    """Book it, have it paid at the reception, and let become of it what did."""
    arrives = now.astimezone(business.zone).date() + timedelta(days=one.day)
    leaves = arrives + timedelta(days=one.nights)
    comes = datetime.combine(arrives, COMES, tzinfo=business.zone)
    goes = datetime.combine(leaves, LEAVES, tzinfo=business.zone)
    booked_at = min(comes, now) - (timedelta(days=one.booked) or AN_HOUR)
    user, staff = people.get(one.who), people[STAFF]
    wish = StayWish(
        offering=Offering.objects.select_related("business").get(business=business, title=one.title),
        check_in=arrives,
        check_out=leaves,
        guests=one.guests,
        guest=_guest(one.who, user),
        terms=TERMS,
    )
    booked = book_stay(wish, address=None, user=user, now=booked_at)
    taken = Taken(booked.total, Method(one.paid))
    record_payment(booked.booking_id, taken, by=staff, trade=TRADE, now=booked_at + A_WHILE)
    ENDS[one.end](Booked(booked.booking_id, TRADE, user, staff, comes, goes, booked_at, now))


def _guest(who: str, user: User | None) -> Guest:
    return Guest(user.name, user.email) if user else Guest(who, f"{slugify(who)}@guests.test")


def _here(booked: Booked) -> None:
    accepted(booked)
    check_in(booked.reference, by=booked.staff, now=booked.starts_at)


def _done(booked: Booked) -> None:
    _here(booked)
    check_out(booked.reference, by=booked.staff, now=booked.ends_at)


ENDS: dict[str, Callable[[Booked], None]] = OF_VISITS | {"here": _here, "done": _done}

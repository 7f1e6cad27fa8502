"""Businesses with more free time than a bench can book, and customers enough that nobody holds too much."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import count
from typing import Any

from holdfast.availability.models import WeeklyHours
from holdfast.catalog.models import Business, Offering, Provider, Resource
from holdfast.kernel.clock import utc_now
from holdfast.payments.models import GatewayAccount
from holdfast.platform.models import User
from holdfast.web.tokens import issue

from .gateway import PRICE

OPENS, CLOSES = time(9), time(19)
PROVIDERS = 200
TIME_ZONE = "Asia/Kolkata"
HALF_HOURS = (CLOSES.hour - OPENS.hour) * 2
DETAILS = {
    "language": "Hindi",
    "birth_place": "Delhi, India",
    "birth_date": "1995-05-15",
    "birth_time": "08:30",
    "gender": "MALE",
    "questions": "Career guidance needed",
    "contact_email": "user@example.com",
    "contact_phone": "9876543210",
}


@dataclass(frozen=True)
class Person:
    """A customer, with a network address and, where HTTP is spoken, an access token of their own."""

    id: int
    email: str
    address: str
    token: str = ""


@dataclass(frozen=True)
class Share:
    """What one client has to itself, so that no two of them ever ask for one slot."""

    offerings: Sequence[int]
    people: Sequence[Person]


def shares(offerings: Sequence[int], people: Sequence[Person], *, clients: int) -> list[Share]:
    return [Share(offerings[n::clients], people[n::clients]) for n in range(clients)]


def new_business(slug: str, **account: Any) -> list[int]:
    """A business of 200 providers, each with a calendar and an offering of half an hour. Their ids."""
    business = Business.objects.create(
        slug=slug, name=slug.title(), timezone=TIME_ZONE, country="IN", currency=PRICE.currency
    )
    GatewayAccount.objects.create(business=business, **account)
    people = Resource.objects.bulk_create(
        Resource(business=business, kind=Resource.Kind.PERSON, name=f"Provider {n}") for n in range(PROVIDERS)
    )
    Provider.objects.bulk_create(Provider(resource=person) for person in people)
    WeeklyHours.objects.bulk_create(
        WeeklyHours(resource=person, weekday=weekday, opens=OPENS, closes=CLOSES)
        for person in people
        for weekday in range(7)
    )
    offerings = Offering.objects.bulk_create(_offering(business, person.name) for person in people)
    needs = Offering.resources.through
    needs.objects.bulk_create(
        needs(offering_id=offering.pk, resource_id=person.pk)
        for offering, person in zip(offerings, people, strict=True)
    )
    return [offering.pk for offering in offerings]


def _offering(business: Business, title: str) -> Offering:
    return Offering(
        business=business,
        trade="astrology",
        title=title,
        price=PRICE.amount,
        duration=timedelta(minutes=30),
        slot_step=timedelta(minutes=30),
        languages=["Hindi"],
        horizon=timedelta(days=400),
    )


def new_people(count: int, *, prefix: str, network: int, first: int = 0) -> list[Person]:
    """Customers who have never booked, each at an address of 198.18.0.0/15, which is kept for benches.

    Theirs are so many of 198.18 or 198.19 from the ``first`` on, counted 250 to a third number.
    """
    users = User.objects.bulk_create(
        User(email=f"{prefix}{n}@example.com", name="A customer", password="!") for n in range(count)
    )
    return [
        Person(user.pk, user.email, f"198.{network}.{n // 250}.{n % 250 + 1}")
        for n, user in enumerate(users, first)
    ]


def with_tokens(people: Sequence[Person]) -> list[Person]:
    now = utc_now()
    users: Mapping[int, User] = User.objects.in_bulk([person.id for person in people])
    return [
        Person(person.id, person.email, person.address, issue(users[person.id], now=now).access)
        for person in people
    ]


def free_slots(share: Share, *, first_day: int = 2) -> Iterator[tuple[int, datetime]]:
    """Every offering's every half hour, by the wall clock there, from some days hence on."""
    midnight = datetime.combine(utc_now().date(), OPENS)
    for day in count(first_day):
        for half_hour in range(HALF_HOURS):
            starts_at = midnight + timedelta(days=day, minutes=30 * half_hour)
            yield from ((offering, starts_at) for offering in share.offerings)

"""An astrologer's practice to book with, and people who book."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from django.test import Client
from django.utils.crypto import get_random_string

from holdfast.availability.models import WeeklyHours
from holdfast.catalog.models import Business, Member, Offering, Provider, Resource
from holdfast.flows.actors import Shopper
from holdfast.flows.checkout import Choice, Wish, check_out
from holdfast.flows.paying import Checkout
from holdfast.payments.models import GatewayAccount, Payment
from holdfast.platform.models import User
from holdfast.surfaces.astrology.terms import TERMS
from tests.support.sandbox import Sandbox

PASSWORD = "a long enough password"
# Ten in the morning in Kolkata, some days ahead of the real clock, by which the sandbox lives: so whatever
# the gateway says of its own deadlines is past, and no test grows old.
NOW = datetime.combine(datetime.now(UTC) + timedelta(days=5), time(4, 30), tzinfo=UTC)
TODAY = NOW.date()
DAY = (NOW + timedelta(days=1)).date().isoformat()
CREDENTIALS = {
    "client_id": "HOLDFAST_DEMO",
    "client_secret": "holdfast-demo-secret",
    "client_version": "1",
    "webhook_username": "simuser",
    "webhook_password": "Sim12345",
}


@dataclass
class Practice:
    """One business with one astrologer, open from 9 to 19 every day, and one consultation of 30 minutes."""

    business: Business
    person: Resource
    offering: Offering
    account: GatewayAccount


def new_practice(sandbox: Sandbox, *, slug: str = "jyoti", **offering: Any) -> Practice:
    business = Business.objects.create(
        slug=slug,
        name=slug.title(),
        timezone="Asia/Kolkata",
        country="IN",
        currency="INR",
        return_origins=["https://yourapp.com"],
    )
    person = Resource.objects.create(business=business, kind=Resource.Kind.PERSON, name="Astrologer")
    Provider.objects.create(resource=person)
    WeeklyHours.objects.bulk_create(
        WeeklyHours(resource=person, weekday=day, opens=time(9), closes=time(19)) for day in range(7)
    )
    defaults: dict[str, Any] = {
        "title": "Gemstone Consultation",
        "price": 199900,
        "duration": timedelta(minutes=30),
        "languages": ["Hindi"],
        "horizon": timedelta(days=400),
    }
    bookable = Offering.objects.create(business=business, trade="astrology", **defaults | offering)
    bookable.resources.add(person)
    account = GatewayAccount.objects.create(
        business=business,
        gateway="phonepe",
        credentials=CREDENTIALS,
        base_urls={
            "pg": f"{sandbox.url}/phonepe/apis/pg-sandbox",
            "oauth": f"{sandbox.url}/phonepe/apis/identity-manager",
        },
    )
    return Practice(business, person, bookable, account)


def new_user(email: str | None = None, **fields: Any) -> User:
    """Somebody who can sign in with PASSWORD (hashed cheaply: see the ``cheap_passwords`` fixture)."""
    return User.objects.create_user(
        email or f"{get_random_string(8).lower()}@example.com", PASSWORD, **fields
    )


def new_member(practice: Practice, role: str) -> User:
    user = new_user()
    Member.objects.create(business=practice.business, user=user, role=role)
    return user


def request_body(practice: Practice, **over: Any) -> dict[str, Any]:
    """The documented booking request, for ten in the morning on DAY, the day after NOW."""
    return {
        "service": practice.offering.pk,
        "language": "Hindi",
        "preferred_date": DAY,
        "preferred_time": "10:00",
        "birth_place": "Delhi, India",
        "birth_date": "1995-05-15",
        "birth_time": "08:30",
        "gender": "MALE",
        "questions": "Career guidance needed",
        "contact_email": "user@example.com",
        "contact_phone": "9876543210",
        "redirect_url": "https://yourapp.com",
    } | over


def choice(offering: Offering, *, day: str = DAY, at: str = "10:00") -> Choice:
    return Choice(
        offering=Offering.objects.select_related("business").get(pk=offering.pk),
        starts_at=datetime.fromisoformat(f"{day}T{at}"),
        details={"contact_email": "user@example.com", "contact_phone": "9876543210", "language": "Hindi"},
    )


def wish(practice: Practice, *, day: str = DAY, at: str = "10:00", offering: Offering | None = None) -> Wish:
    return Wish(
        choices=(choice(offering or practice.offering, day=day, at=at),),
        return_url="https://yourapp.com",
        terms=TERMS,
    )


def held(practice: Practice, *, user: User | None = None, now: datetime = NOW, **when: Any) -> Checkout:
    """A checkout of the flows: the time is held and the payment open at the sandbox."""
    return check_out(wish(practice, **when), by=Shopper(user or new_user(), "192.0.2.1"), now=now)


def payment_of(checkout: Checkout) -> Payment:
    """The payment as it is in the database now."""
    return Payment.objects.select_related("order", "account").get(reference=checkout.reference)


class Api(Client):
    """Django's test client, speaking JSON, signed in by bearer token."""

    def __init__(self, token: str | None = None) -> None:
        super().__init__(headers={"Authorization": f"Bearer {token}"} if token else None)

    def send(self, path: str, body: Any = None, **extra: Any) -> Any:
        return self.post(
            path, data=body if body is not None else {}, content_type="application/json", **extra
        )

    def book(self, practice: Practice, **over: Any) -> Any:
        return self.send("/api/astrology/bookings/book-with-payment/", request_body(practice, **over))

"""Who sells and who buys: providers with free time, and customers with a password. Needs Django set up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time, timedelta

from django.contrib.auth.hashers import make_password

from holdfast.availability.models import WeeklyHours
from holdfast.catalog.models import Business, Member, Offering, Package, Provider, Resource
from holdfast.orders.models import PromoCode
from holdfast.payments.models import GatewayAccount
from holdfast.platform.models import User

from .trades import PROMO

PASSWORD = "prove that it holds"
OPENS, CLOSES = time(9), time(19)
PRICE = 99_900
PACKAGES = {"puja": {"Basic": 99_900, "Grand": 249_900}}
# What the sandbox's merchant is called there.
MERCHANT = {
    "client_id": "HOLDFAST_DEMO",
    "client_secret": "holdfast-demo-secret",
    "client_version": "1",
    "webhook_username": "simuser",
    "webhook_password": "Sim12345",
}


@dataclass(frozen=True)
class Site:
    """What the crowd needs to know: offerings by trade, and the addresses of those who may sign in."""

    offerings: dict[str, list[int]]
    customers: list[str]
    coaches: list[str]  # each provider's


def new_site(*, sandbox_url: str, trades: tuple[str, ...], providers: int, customers: int) -> Site:
    """A business of so many providers, each of whom sells every trade, and so many customers."""
    business = Business.objects.create(
        slug="prove",
        name="Prove",
        timezone="Asia/Kolkata",
        country="IN",
        currency="INR",
        email="desk@prove.test",
    )
    phonepe = f"{sandbox_url}/phonepe/apis"
    GatewayAccount.objects.create(
        business=business,
        gateway="phonepe",
        credentials=MERCHANT,
        base_urls={"pg": f"{phonepe}/pg-sandbox", "oauth": f"{phonepe}/identity-manager"},
    )
    hashed = make_password(PASSWORD)
    coaches = [f"coach{number}@prove.test" for number in range(providers)]
    people = [_provider(business, number, email, hashed) for number, email in enumerate(coaches)]
    PromoCode.objects.create(business=business, code=PROMO, percent=10)
    offerings = {trade: [_offering(business, trade, person) for person in people] for trade in trades}
    addresses = [f"customer{number}@prove.test" for number in range(customers)]
    User.objects.bulk_create(User(email=email, name="A customer", password=hashed) for email in addresses)
    return Site(offerings, addresses, coaches)


def _provider(business: Business, number: int, email: str, hashed: str) -> Resource:
    person = Resource.objects.create(business=business, kind=Resource.Kind.PERSON, name=f"Provider {number}")
    user = User.objects.create(email=email, name=person.name, password=hashed)
    Member.objects.create(business=business, user=user, role=Member.Role.PROVIDER)
    Provider.objects.create(resource=person, user=user)
    WeeklyHours.objects.bulk_create(
        WeeklyHours(resource=person, weekday=weekday, opens=OPENS, closes=CLOSES) for weekday in range(7)
    )
    return person


def _offering(business: Business, trade: str, person: Resource) -> int:
    offering = Offering.objects.create(
        business=business,
        trade=trade,
        title=f"{trade.title()} with {person.name}",
        price=PRICE,
        duration=timedelta(minutes=30),
        slot_step=timedelta(minutes=30),
        languages=["Hindi"],
        horizon=timedelta(days=90),
    )
    offering.resources.add(person)
    for name, price in PACKAGES.get(trade, {}).items():
        Package.objects.create(offering=offering, name=name, price=price)
    return int(offering.pk)

"""Who sells and who buys: providers with free time, and customers with a password. Needs Django set up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time, timedelta

from django.contrib.auth.hashers import make_password

from holdfast.availability.models import WeeklyHours
from holdfast.catalog.models import (
    Business,
    Member,
    Offering,
    Package,
    Provider,
    Resource,
    Room,
    StayFee,
    StayRules,
)
from holdfast.orders.models import PromoCode
from holdfast.payments.models import GatewayAccount
from holdfast.platform.models import User

from .stays import HOTEL
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
AT_STRIPE = {"secret_key": "sk_test_holdfast_demo", "webhook_secret": "whsec_holdfast_demo"}
ROOMS = 4  # of each type


@dataclass(frozen=True)
class Site:
    """What the crowd needs to know: offerings by trade, and the addresses of those who may sign in."""

    offerings: dict[str, list[int]]
    customers: list[str]
    coaches: list[str]  # each provider's
    hoteliers: list[str]  # of the one hotel


def new_site(*, sandbox_url: str, trades: tuple[str, ...], providers: int, customers: int) -> Site:
    """A business of so many providers, each of whom sells every trade but rooms; a hotel, where rooms are
    sold; and so many customers.
    """
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
    offerings = {
        trade: [_offering(business, trade, person) for person in people]
        for trade in trades
        if trade != "hotels"
    }
    hoteliers = [f"hotelier{number}@prove.test" for number in range(2)]
    if "hotels" in trades:
        offerings["hotels"] = _hotel(sandbox_url, hoteliers, hashed, room_types=max(2, providers // 2))
    addresses = [f"customer{number}@prove.test" for number in range(customers)]
    User.objects.bulk_create(User(email=email, name="A customer", password=hashed) for email in addresses)
    return Site(offerings, addresses, coaches, hoteliers)


def _hotel(sandbox_url: str, staff: list[str], hashed: str, *, room_types: int) -> list[int]:
    """It takes money at Stripe, and in the same currency, so that one sum says what disagrees."""
    hotel = Business.objects.create(
        slug=HOTEL,
        name="Prove Inn",
        timezone="Asia/Kathmandu",
        country="NP",
        currency="INR",
        email="desk@inn.prove.test",
    )
    GatewayAccount.objects.create(
        business=hotel,
        gateway="stripe",
        credentials=AT_STRIPE,
        base_urls={"api": f"{sandbox_url}/stripe"},
    )
    for email in staff:
        user = User.objects.create(email=email, name="Front desk", password=hashed)
        Member.objects.create(business=hotel, user=user, role=Member.Role.STAFF)
    StayFee.objects.create(business=hotel, title="City tax", price=5_000, per="guest_night")
    return [_room_type(hotel, number) for number in range(room_types)]


def _room_type(hotel: Business, number: int) -> int:
    pool = Resource.objects.create(
        business=hotel,
        kind=Resource.Kind.PLACE,
        name=f"Rooms {number}",
        capacity=ROOMS,
        keeps_hours=False,
    )
    Room.objects.bulk_create(Room(pool=pool, name=f"{number}{room:02}") for room in range(ROOMS))
    offering = Offering.objects.create(
        business=hotel,
        trade="hotels",
        title=f"Room of type {number}",
        price=PRICE,
        duration=timedelta(days=1),
        horizon=timedelta(days=90),
        by_night=True,
    )
    offering.resources.add(pool)
    StayRules.objects.create(offering=offering, occupancy=2, check_in_from=time(14), check_out_until=time(11))
    return int(offering.pk)


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

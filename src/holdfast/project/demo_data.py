"""The demo's data: one astrologer's practice, with people to sign in as. Password: holdfast-demo."""

from __future__ import annotations

from datetime import time, timedelta

from django.conf import settings
from django.db.transaction import atomic

from holdfast.availability.models import WeeklyHours
from holdfast.catalog.models import Business, Member, Offering, Provider, Resource
from holdfast.payments.models import GatewayAccount
from holdfast.platform.models import User

PASSWORD = "holdfast-demo"  # noqa: S105 - the demo's, printed where it starts
PEOPLE = {
    "customer@demo.test": "A customer",
    "other@demo.test": "Another customer",
    "astrologer@demo.test": "The astrologer",
    "staff@demo.test": "The front office",
}
CONSULTATIONS = (
    ("Birth chart reading", "Your chart explained, planet by planet.", 149900, 60),
    ("Career guidance", "Which way to turn, and when.", 99900, 30),
    ("Marriage matching", "Two charts side by side.", 249900, 60),
    ("Muhurta: a good hour", "The hour for a wedding, a house, a journey.", 79900, 30),
    ("Gemstone Consultation", "Which stone suits your chart, and why.", 199900, 45),
)
HOURS = ((time(9), time(13)), (time(14), time(19)))
LANGUAGES = ["Hindi", "English"]
# What the sandbox's merchant is called there.
PHONEPE = {
    "client_id": "HOLDFAST_DEMO",
    "client_secret": "holdfast-demo-secret",
    "client_version": "1",
    "webhook_username": "simuser",
    "webhook_password": "Sim12345",
}


@atomic
def seed_demo() -> None:
    """Create what is missing. What a person has changed stays, but for the sandbox's address."""
    people = {email: _person(email, name) for email, name in PEOPLE.items()}
    if not User.objects.filter(email="admin@demo.test").exists():
        User.objects.create_superuser("admin@demo.test", PASSWORD, name="The administrator")
    business, is_new = Business.objects.get_or_create(
        slug="jyoti-astrology",
        defaults={
            "name": "Jyoti Astrology",
            "timezone": "Asia/Kolkata",
            "country": "IN",
            "currency": "INR",
            "return_origins": [
                "https://yourapp.com",
                settings.HOLDFAST_PUBLIC_URL.replace("127.0.0.1", "localhost"),
            ],
            "email": "hello@jyoti.test",
        },
    )
    if is_new:
        _staff(business, people)
        _consultations(business, people["astrologer@demo.test"])
    _gateway_account(business)


def _person(email: str, name: str) -> User:
    known = User.objects.filter(email=email).first()
    return known or User.objects.create_user(email, PASSWORD, name=name)


def _staff(business: Business, people: dict[str, User]) -> None:
    roles = {"staff@demo.test": Member.Role.STAFF, "astrologer@demo.test": Member.Role.PROVIDER}
    Member.objects.bulk_create(
        Member(business=business, user=people[email], role=role) for email, role in roles.items()
    )


def _consultations(business: Business, astrologer: User) -> None:
    person = Resource.objects.create(business=business, kind=Resource.Kind.PERSON, name="The astrologer")
    Provider.objects.create(resource=person, user=astrologer, profile="Vedic astrology since 1998.")
    WeeklyHours.objects.bulk_create(
        WeeklyHours(resource=person, weekday=weekday, opens=opens, closes=closes)
        for weekday in range(7)
        for opens, closes in HOURS
    )
    for title, description, price, minutes in CONSULTATIONS:
        offering = Offering.objects.create(
            business=business,
            trade="astrology",
            title=title,
            description=description,
            price=price,
            duration=timedelta(minutes=minutes),
            slot_step=timedelta(minutes=30),
            languages=LANGUAGES,
            horizon=timedelta(days=400),
        )
        offering.resources.add(person)


def _gateway_account(business: Business) -> None:
    """PhonePe, played by the sandbox, wherever that listens this time."""
    phonepe = f"{settings.HOLDFAST_SANDBOX_URL}/phonepe/apis"
    GatewayAccount.objects.update_or_create(
        business=business,
        gateway="phonepe",
        mode=GatewayAccount.Mode.TEST,
        defaults={"base_urls": {"pg": f"{phonepe}/pg-sandbox", "oauth": f"{phonepe}/identity-manager"}},
        create_defaults={
            "credentials": PHONEPE,
            "base_urls": {"pg": f"{phonepe}/pg-sandbox", "oauth": f"{phonepe}/identity-manager"},
        },
    )

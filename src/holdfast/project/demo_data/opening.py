"""A demo business is made from its rows, once."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings

from holdfast.availability.models import WeeklyHours
from holdfast.catalog.models import Business, Member, Offering, Package, Provider, Resource, StayFee
from holdfast.orders.models import PromoCode

from .letting import let
from .people import People
from .shop import MINUTES, Sells, Shop, Works

LANGUAGES = ["Hindi", "English"]
STEP, HORIZON = timedelta(minutes=30), timedelta(days=400)


def open_shop(shop: Shop, people: People, *, now: datetime) -> tuple[Business, bool]:
    """The business, and whether it is new. One that is there already stays as people have made it."""
    business, is_new = Business.objects.get_or_create(
        slug=shop.slug,
        defaults={
            "name": shop.name,
            "timezone": shop.timezone,
            "country": shop.country,
            "currency": shop.currency,
            "tax_name": shop.tax_name,
            "return_origins": [
                *shop.return_origins,
                settings.HOLDFAST_PUBLIC_URL.replace("127.0.0.1", "localhost"),
            ],
            "email": shop.email,
            "phone": shop.phone,
        },
    )
    if is_new:
        Member.objects.bulk_create(
            Member(business=business, user=people[email], role=role) for email, role in shop.members.items()
        )
        resources = {one.name: _resource(business, one, people) for one in shop.works}
        for one in shop.sells:
            _offering(business, one, resources)
        for room_type in shop.lets:
            let(business, room_type, today=now.astimezone(business.zone).date())
        for fee in shop.charges:
            StayFee.objects.create(business=business, title=fee.title, price=fee.price, per=fee.per)
        for code, percent in shop.promos.items():
            PromoCode.objects.create(business=business, code=code, percent=percent)
    return business, is_new


def _resource(business: Business, one: Works, people: People) -> Resource:
    resource = Resource.objects.create(
        business=business,
        kind=one.kind,
        name=one.name,
        capacity=one.places,
        keeps_hours=bool(one.hours),
    )
    if one.kind == Resource.Kind.PERSON:
        Provider.objects.create(resource=resource, user=people.get(one.email), profile=one.profile)
    WeeklyHours.objects.bulk_create(
        WeeklyHours(resource=resource, weekday=weekday, opens=opens, closes=closes)
        for weekday in range(7)
        for opens, closes in one.hours
    )
    return resource


def _offering(business: Business, one: Sells, resources: dict[str, Resource]) -> None:
    columns = {"slot_step": STEP, "horizon": HORIZON, "languages": LANGUAGES, **one.more}
    offering = Offering.objects.create(
        business=business,
        trade=one.trade,
        title=one.title,
        category=one.category,
        description=one.description,
        price=one.price,
        duration=MINUTES[one.minutes],
        place=one.place,
        **columns,
    )
    offering.resources.add(*(resources[name] for name in one.by))
    Package.objects.bulk_create(
        Package(
            offering=offering,
            position=position,
            name=pack.name,
            price=pack.price,
            location=pack.location,
            language=pack.language,
            description=pack.description,
            duration=MINUTES[pack.minutes] if pack.minutes else None,
        )
        for position, pack in enumerate(one.packs)
    )

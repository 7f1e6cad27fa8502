"""A small business for long stories: two rooms, four times, three customers, three ways to sell."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from holdfast.availability.models import WeeklyHours
from holdfast.catalog.models import Offering, Resource
from holdfast.catalog.terms import DAY, Terms, Way
from holdfast.flows.actors import Shopper
from holdfast.flows.checkout import Choice, Wish
from holdfast.orders.models import PromoCode
from holdfast.payments.models import GatewayAccount
from holdfast.platform.models import User
from holdfast.surfaces.astrology.terms import TERMS
from tests.support import stripe, toy
from tests.support.practice import NOW, Practice, new_member, new_practice, new_user
from tests.support.sandbox import Sandbox

TRADE = "astrology"
PROMO, PERCENT_OFF, PROMO_LIMIT = "TENOFF", 10, 2
# By the wall clock of the business, where it is ten in the morning now: the terms of a cancellation change
# with the notice, a day and seven days before.
TIMES = tuple(
    (NOW + timedelta(days=days, hours=5, minutes=30 + minutes)).replace(tzinfo=None)
    for days, minutes in ((1, 30), (3, 0), (3, 30), (9, 0))
)
PRICES = {"reading": 100_000, "long reading": 160_000, "other reading": 100_000}
MINUTES = {"reading": 30, "long reading": 60, "other reading": 30}

CREDENTIALS = {"toy": toy.CREDENTIALS, "stripe": stripe.CREDENTIALS}

WAYS: dict[str, Terms] = {
    "pay first": TERMS,
    "hold, then pay": replace(TERMS, way=Way.HOLD_THEN_PAY, reserve_for=3_600, failed_payment_frees=False),
    "approve": replace(TERMS, way=Way.AUTHORIZE_THEN_APPROVE, approve_within=DAY, failed_payment_frees=False),
    "pay first, then approve": replace(TERMS, needs_approval=True, approve_within=DAY, accept_again=True),
}


@dataclass(frozen=True)
class Shop:
    """What there is to buy, who buys it, and who sells it."""

    offerings: dict[str, Offering]
    promo: PromoCode
    customers: tuple[User, ...]
    staff: User

    def wish(self, offering: str, time: int, way: str, method: str, promo: bool) -> Wish:
        return Wish(
            choices=(Choice(self.offerings[offering], TIMES[time], {"contact_email": "a@example.com"}),),
            return_url="https://yourapp.com",
            terms=WAYS[way],
            promo_code=PROMO if promo else "",
            method=method,
        )

    def shopper(self, customer: int) -> Shopper:
        return Shopper(self.customers[customer], None)


def open_shop(sandbox: Sandbox, *, reserving: str) -> Shop:
    """Everything anew, in an empty database."""
    practice = new_practice(sandbox, title="reading", price=PRICES["reading"])
    GatewayAccount.objects.create(
        business=practice.business,
        gateway=reserving,
        credentials=CREDENTIALS[reserving],
        base_urls={"api": f"{sandbox.url}/{reserving}"},
        position=1,
    )
    room = Resource.objects.create(business=practice.business, kind=Resource.Kind.PLACE, name="Room")
    hours = WeeklyHours.objects.filter(resource=practice.person)
    WeeklyHours.objects.bulk_create(
        WeeklyHours(resource=room, weekday=one.weekday, opens=one.opens, closes=one.closes) for one in hours
    )
    offerings = {
        "reading": practice.offering,
        "long reading": _offering(practice, "long reading", practice.person),
        "other reading": _offering(practice, "other reading", room),
    }
    promo = PromoCode.objects.create(
        business=practice.business, code=PROMO, percent=PERCENT_OFF, total_limit=PROMO_LIMIT
    )
    customers = tuple(new_user(f"customer{n}@example.com") for n in range(3))
    return Shop(offerings, promo, customers, new_member(practice, "owner"))


def _offering(practice: Practice, title: str, resource: Resource, **more: Any) -> Offering:
    made = Offering.objects.create(
        business=practice.business,
        trade=TRADE,
        title=title,
        price=PRICES[title],
        duration=timedelta(minutes=MINUTES[title]),
        horizon=timedelta(days=400),
        **more,
    )
    made.resources.add(resource)
    return made


def begins(time: int) -> datetime:
    """When one of the times is, for everybody."""
    return TIMES[time].replace(tzinfo=NOW.tzinfo) - timedelta(hours=5, minutes=30)

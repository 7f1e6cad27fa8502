"""A temple that sells a puja in two packages, and consultations."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any

from holdfast.availability.models import WeeklyHours
from holdfast.catalog.models import Offering, Package, Provider, Resource
from holdfast.flows.actors import Shopper
from holdfast.flows.carts import Cart, Wanted, open_cart
from holdfast.flows.checkout import Choice, Wish, check_out
from holdfast.flows.paying import Checkout
from holdfast.flows.settlement import settle
from holdfast.kernel.clock import utc_now
from holdfast.orders.models import PromoCode
from holdfast.payments.models import Payment
from holdfast.platform.models import User
from holdfast.surfaces.puja.terms import TERMS, TRADE
from tests.support.practice import DAY, Practice
from tests.support.sandbox import Sandbox


@dataclass
class Temple:
    """One business: an astrologer's practice, and a pujari who keeps the same hours."""

    practice: Practice
    puja: Offering
    basic: Package
    grand: Package

    @property
    def consultation(self) -> Offering:
        return self.practice.offering

    def item(self, **over: Any) -> dict[str, Any]:
        """The documented request: the puja in its basic package, at half past ten on DAY."""
        return {
            "service_type": "PUJA",
            "puja_service": self.puja.pk,
            "package_id": self.basic.pk,
            "selected_date": DAY,
            "selected_time": "10:30",
        } | over

    def talk(self, **over: Any) -> dict[str, Any]:
        """A consultation, at eleven."""
        return {
            "service_type": "ASTROLOGY",
            "astrology_service": self.consultation.pk,
            "selected_date": DAY,
            "selected_time": "11:00",
            "language": "Hindi",
            "birth_place": "Delhi, India",
            "birth_date": "1995-05-15",
            "birth_time": "08:30",
            "gender": "MALE",
            "contact_email": "user@example.com",
            "contact_phone": "9876543210",
        } | over


def temple_of(practice: Practice) -> Temple:
    pujari = Resource.objects.create(business=practice.business, kind=Resource.Kind.PERSON, name="The pujari")
    Provider.objects.create(resource=pujari)
    WeeklyHours.objects.bulk_create(
        WeeklyHours(resource=pujari, weekday=day, opens=time(9), closes=time(19)) for day in range(7)
    )
    puja = Offering.objects.create(
        business=practice.business,
        trade="puja",
        title="Satyanarayan Puja",
        category="Prosperity",
        description="For a new house or a new year.",
        price=99_900,
        duration=timedelta(minutes=30),
        horizon=timedelta(days=400),
        languages=["Sanskrit"],
    )
    puja.resources.add(pujari)
    basic = Package.objects.create(
        offering=puja, name="Basic", price=99_900, location="At the temple", language="Hindi"
    )
    grand = Package.objects.create(
        offering=puja,
        name="Grand",
        price=199_900,
        location="At your home",
        language="Sanskrit",
        duration=timedelta(minutes=120),
        description="With havan.",
        position=1,
    )
    PromoCode.objects.create(business=practice.business, code="DISCOUNT10", percent=10)
    return Temple(practice, puja, basic, grand)


def carted(temple: Temple, *, user: User, at: str = "10:30") -> Cart:
    """A cart of this user's, with the puja in it."""
    wanted = Wanted(temple.puja.sold_as(temple.basic), datetime.fromisoformat(f"{DAY}T{at}"))
    return open_cart(wanted, by=Shopper(user, None), trade=TRADE, terms=TERMS, now=utc_now())


def held(temple: Temple, *, user: User, at: str = "10:30") -> Checkout:
    """The puja in its basic package: its time is held, and its payment open."""
    chosen = Choice(temple.puja.sold_as(temple.basic), datetime.fromisoformat(f"{DAY}T{at}"))
    wish = Wish((chosen,), return_url="", terms=replace(TERMS, reopens=False))
    return check_out(wish, by=Shopper(user, None), now=utc_now())


def bought(temple: Temple, sandbox: Sandbox, *, user: User, at: str = "10:30") -> Payment:
    """The same, paid for; the payment."""
    checkout = held(temple, user=user, at=at)
    assert checkout.payment_id is not None
    sandbox.settle(checkout.reference)
    settle(checkout.payment_id, now=utc_now())
    return Payment.objects.select_related("order").get(pk=checkout.payment_id)

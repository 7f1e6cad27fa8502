"""A shop for tests of orders alone: what it sells, who buys, and its promo codes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from holdfast.catalog.models import Business, Offering
from holdfast.catalog.terms import Terms, Way
from holdfast.kernel.period import Period
from holdfast.orders.actions import Item, Placed, place
from holdfast.orders.models import Order, PromoCode, Redemption
from holdfast.orders.pricing import Fee
from holdfast.orders.promos import give_back_redemption, redeem, redeem_again
from holdfast.orders.queries import quote_of
from holdfast.platform.db import transaction
from holdfast.platform.models import Customer

NOW = datetime(2030, 1, 7, 4, 30, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
DAYS = timedelta(days=1)
TERMS = Terms(
    way=Way.HOLD_THEN_PAY,
    booking_reference="B_{random}",
    payment_reference="P_{random}",
    success_address="/done",
    failed_address="/failed",
    confirmation_address="/bookings/{booking}",
)


def new_business(**over: Any) -> Business:
    defaults = {"slug": "jyoti", "timezone": "Asia/Kolkata", "country": "IN", "currency": "INR"}
    return Business.objects.create(name="Jyoti", **defaults | over)


def new_offering(business: Business, price: int, **over: Any) -> Offering:
    defaults: dict[str, Any] = {"title": "An hour", "trade": "astrology", "duration": timedelta(hours=1)}
    return Offering.objects.create(business=business, price=price, **defaults | over)


def new_promo(business: Business, *offerings: Offering, **over: Any) -> PromoCode:
    """Ten percent off, unless it says otherwise."""
    defaults = {"code": "SUMMER"} | ({} if "amount" in over else {"percent": 10})
    made = PromoCode.objects.create(business=business, **defaults | over)
    made.offerings.set(offerings)
    return made


def new_customer() -> Customer:
    return Customer.objects.create(name="A customer")


def placed(
    *offerings: Offering,
    customer: Customer | None = None,
    terms: Terms = TERMS,
    promo: PromoCode | None = None,
    fees: Sequence[Fee] = (),
    starts_in: timedelta = 30 * DAYS,
) -> Placed:
    """An order for these offerings, an hour each, one after the other; with a promo code its use as well."""
    buyer = customer or new_customer()
    starts = [NOW + starts_in + timedelta(hours=number) for number in range(len(offerings))]
    items = [
        Item(offering, Period(start, start + timedelta(hours=1)))
        for offering, start in zip(offerings, starts, strict=True)
    ]
    return place(
        items,
        customer=buyer,
        terms=terms,
        quote=quote_of(offerings, promo=promo, fees=fees),
        return_base="",
        address=None,
        by="nobody",
        now=NOW,
    )


def ordered(*offerings: Offering, **how: Any) -> Order:
    """An order in a transaction of its own."""
    with transaction():
        return placed(*offerings, **how).order


def standing(promo: PromoCode) -> list[int]:
    """The numbers of the uses that stand, from the lowest."""
    return sorted(Redemption.objects.filter(promo=promo, given_back_at=None).values_list("n", flat=True))


def redeemed(promo: PromoCode, order: Order) -> Redemption:
    """One use, in a transaction of its own."""
    with transaction():
        return redeem(promo, order=order, customer=order.customer, now=NOW)


def given_back(order: Order) -> None:
    with transaction():
        give_back_redemption(order, LATER)


def had_again(order: Order) -> bool:
    with transaction():
        return redeem_again(order, LATER)

"""Carts: opened by ``filled``, placed by ``placed``, and what has become of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from holdfast.catalog.models import Offering, Package
from holdfast.flows.actors import Shopper
from holdfast.flows.carts import Cart, Wanted, add_item, apply_promo, cart_of, open_cart, place_cart
from holdfast.flows.paying import Checkout
from holdfast.flows.settlement import settle
from holdfast.orders.models import Due, Line, Order
from holdfast.payments.models import Payment
from holdfast.platform.models import User
from holdfast.surfaces.puja.terms import TERMS
from tests.support.practice import NOW, Practice, new_user
from tests.support.sandbox import Sandbox
from tests.support.shop import another
from tests.support.ways import FAR, SOON

TRADE = "puja"
HOLD_ENDS = NOW + TERMS.hold_for
PRICES = (99_900, 199_900, 50_001)
TOTAL = sum(PRICES)


@dataclass(frozen=True)
class Basket:
    """One cart, and whose it is."""

    cart_id: int
    user: User

    @property
    def shopper(self) -> Shopper:
        return Shopper(self.user, "192.0.2.1")

    @property
    def order(self) -> Order:
        return Order.objects.get(pk=self.cart_id)

    @property
    def payments(self) -> list[Payment]:
        return list(Payment.objects.select_related("due").filter(order=self.cart_id).order_by("pk"))

    @property
    def lines(self) -> list[Line]:
        """The services that stand."""
        return list(Line.objects.filter(order=self.cart_id, kind="service", withdrawn_at=None).order_by("pk"))

    @property
    def asks(self) -> list[int]:
        """What is asked for it."""
        dues = Due.objects.filter(order=self.cart_id, withdrawn_at=None).order_by("pk")
        return list(dues.values_list("amount", flat=True))

    def seen(self, *, now: datetime = NOW) -> Cart:
        return cart_of(self.cart_id, user=self.user, trade=TRADE, now=now)

    def put(self, wanted: Wanted, *, now: datetime = NOW) -> Cart:
        terms = self.order.terms
        return add_item(self.cart_id, wanted, by=self.shopper, trade=TRADE, terms=terms, now=now)

    def cheaper_by(self, code: str, *, now: datetime = NOW) -> Cart:
        return apply_promo(self.cart_id, code, by=self.shopper, trade=TRADE, now=now)

    def place(self, *, now: datetime = NOW, **over: Any) -> Checkout:
        how = {"return_url": "https://yourapp.com"} | over
        return place_cart(self.cart_id, by=self.shopper, trade=TRADE, now=now, **how)


def wanted(
    offering: Offering, clock: str = "10:00", *, package: Package | None = None, day: str = FAR
) -> Wanted:
    sold = Offering.objects.select_related("business").get(pk=offering.pk).sold_as(package)
    return Wanted(sold, datetime.fromisoformat(f"{day}T{clock}"), {"contact_email": "user@example.com"})


def filled(*things: Wanted, user: User | None = None, now: datetime = NOW, **terms: Any) -> Basket:
    """A new cart with these things in it."""
    user = user or new_user()
    by = Shopper(user, "192.0.2.1")
    how: dict[str, Any] = {"by": by, "trade": TRADE, "terms": replace(TERMS, **terms), "now": now}
    cart = open_cart(things[0], **how)
    for thing in things[1:]:
        add_item(cart.id, thing, **how)
    return Basket(cart.id, user)


def three_of(practice: Practice, *, day: str = FAR) -> tuple[Wanted, ...]:
    """Three services that cost 999.00, 1,999.00 and 500.01, one after the other."""
    clocks = ("10:00", "11:00", "12:00")
    return tuple(
        wanted(another(practice, price=price), clock, day=day)
        for clock, price in zip(clocks, PRICES, strict=True)
    )


def comes_in(gateway: Sandbox, checkout: Checkout, *, now: datetime = SOON, outcome: str = "pay") -> Payment:
    """Its customer pays, or does not, and we hear of it."""
    gateway.settle(checkout.reference, outcome)
    settle(Payment.objects.get(reference=checkout.reference).pk, now=now)
    return Payment.objects.select_related("due").get(reference=checkout.reference)

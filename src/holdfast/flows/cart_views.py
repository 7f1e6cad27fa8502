"""Reading carts: what is in one, and what it costs, as frozen data."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from holdfast.catalog.models import Business, Offering, Package
from holdfast.kernel.errors import Invalid, NotFound
from holdfast.kernel.money import Money
from holdfast.orders.carts import carts_of_user, items_of
from holdfast.orders.models import CartItem as Item
from holdfast.orders.models import Line, Order, PromoCode
from holdfast.orders.pricing import Kind
from holdfast.orders.queries import quote_of, usable_promo
from holdfast.platform.models import User

GONE = "{} is not offered any more. Please take it out of the cart."
NO_SUCH_CART = "There is no such cart."
IS_ANOTHER_PRICE = "Prices have changed since you went to pay: it was {} then, and is {} now."
# From when it is placed on, a cart costs what it was placed with.
SNAPSHOT = ("placed", "completed")


@dataclass(frozen=True)
class CartItem:
    """One thing in a cart. ``starts_at`` is in the business's zone."""

    id: int
    offering: Offering
    package: Package | None
    title: str
    price: Money
    starts_at: datetime
    details: Mapping[str, Any]


@dataclass(frozen=True)
class Cart:
    """A cart as surfaces and pages present it. ``state`` is its order's; one that was paid for is completed,
    whatever has become of its bookings since.

    While its payment is under way, and when it has been paid, it costs what it was placed with; else what it
    costs today, and ``note`` tells a customer what has become different, or stands in the way.
    """

    id: int
    uuid: UUID
    state: str
    business: Business
    items: tuple[CartItem, ...]
    subtotal: Money
    discount: Money
    total: Money
    promo_code: str
    created_at: datetime
    updated_at: datetime
    note: str = ""


@dataclass(frozen=True)
class Costs:
    """What a cart costs: each thing in it, and all of it."""

    prices: Sequence[int]
    subtotal: int
    discount: int
    total: int
    note: str = ""


def carts_of(user: User, *, trade: str) -> QuerySet[Order]:
    """The user's carts that have not been deleted, newest first."""
    return carts_of_user(user, trade=trade)


def cart_of(cart_id: int | UUID, *, user: User, trade: str, now: datetime) -> Cart:
    """One of the user's carts, by either of its ids. Raises NotFound, also for one that was deleted."""
    return views_of([cart_row(cart_id, user=user, trade=trade)], now=now)[0]


def cart_row(cart_id: int | UUID, *, user: User, trade: str) -> Order:
    """The order that a cart is. Raises NotFound."""
    by_id = {"uuid" if isinstance(cart_id, UUID) else "pk": cart_id}
    found = carts_of_user(user, trade=trade).filter(**by_id).first()
    if found is None:
        raise NotFound(NO_SUCH_CART)
    return found


def views_of(orders: Iterable[Order], *, now: datetime) -> list[Cart]:
    """These carts, at their prices; they come with their business and customer."""
    carts = list(orders)
    items, lines = defaultdict[int, list[Item]](list), defaultdict[int, list[Line]](list)
    for item in items_of(carts):
        items[item.order_id].append(item)
    for line in Line.objects.filter(order__in=carts, withdrawn_at=None).order_by("pk"):
        lines[line.order_id].append(line)
    promos = Promos(now)
    return [_view(cart, items[cart.pk], lines[cart.pk], promos) for cart in carts]


class Promos:
    """The promo codes of some carts, each looked up once: the code, or why it may not be used."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._known: dict[tuple[int, int, str], PromoCode | Invalid] = {}

    def of(self, cart: Order) -> PromoCode:
        """The one that was typed into this cart. Raises Invalid."""
        key = (cart.business_id, cart.customer_id, cart.promo_code)
        if key not in self._known:
            self._known[key] = self._look_up(cart)
        found = self._known[key]
        if isinstance(found, Invalid):
            raise found
        return found

    def _look_up(self, cart: Order) -> PromoCode | Invalid:
        try:
            return usable_promo(cart.business_id, cart.promo_code, customer=cart.customer, now=self._now)
        except Invalid as refused:
            return refused


def _view(cart: Order, items: Sequence[Item], lines: Sequence[Line], promos: Promos) -> Cart:
    state = "completed" if cart.state == "canceled" else cart.state  # a deleted one is not there
    costs = _as_placed(cart, lines) if state in SNAPSHOT else _today(cart, items, lines, promos)
    assert cart.updated_at is not None  # or it is no cart
    return Cart(
        id=cart.pk,
        uuid=cart.uuid,
        state=state,
        business=cart.business,
        items=tuple(_item(item, price, cart) for item, price in zip(items, costs.prices, strict=True)),
        subtotal=Money(costs.subtotal, cart.currency),
        discount=Money(costs.discount, cart.currency),
        total=Money(costs.total, cart.currency),
        promo_code=cart.promo_code,
        created_at=cart.created_at,
        updated_at=cart.updated_at,
        note=costs.note,
    )


def _item(item: Item, price: int, cart: Order) -> CartItem:
    return CartItem(
        id=item.pk,
        offering=item.offering,
        package=item.package,
        title=item.sold.title,
        price=Money(price, cart.currency),
        starts_at=item.starts_at.astimezone(cart.business.zone),
        details=item.details,
    )


def _as_placed(cart: Order, lines: Sequence[Line]) -> Costs:
    """What its lines say, the services in the order of the things in it."""
    prices = [line.price for line in lines if line.kind == Kind.SERVICE]
    discount = -sum(line.price for line in lines if line.kind == Kind.DISCOUNT)
    return Costs(prices, sum(prices), discount, cart.total)


def _today(cart: Order, items: Sequence[Item], lines: Sequence[Line], promos: Promos) -> Costs:
    """What the same costs now. A promo code that may not be used takes nothing off, and the note says why."""
    if not items:
        return Costs([], 0, 0, 0)
    offerings = [item.sold for item in items]
    notes = [GONE.format(item.sold.title) for item in items if not is_offered(item)]
    quote = quote_of(offerings)
    if cart.promo_code:
        try:
            quote = quote_of(offerings, promo=promos.of(cart))
        except Invalid as refused:
            notes += [sentence for said in refused.fields.values() for sentence in said]
    if lines and quote.total != cart.total:
        was, now_is = Money(cart.total, cart.currency), Money(quote.total, cart.currency)
        notes.append(IS_ANOTHER_PRICE.format(was, now_is))
    prices = [service.price for service in quote.services]
    return Costs(prices, quote.subtotal, quote.discount, quote.total, " ".join(notes))


def is_offered(item: Item) -> bool:
    """Whether what is in the cart can still be bought."""
    return item.offering.active and (item.package is None or item.package.active)

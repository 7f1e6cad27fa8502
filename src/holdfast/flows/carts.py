"""Carts: put together over days, they hold nothing; placed, their times are held and a payment is begun.

A cart is an order that is open. What it is placed with are its lines and dues. When its hold ends without
money it is open again, and they stand until the cart is changed or placed anew: then they are withdrawn, and
money that comes for them goes back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog

from holdfast.availability.queries import NEEDED
from holdfast.catalog.models import Offering
from holdfast.catalog.terms import Terms
from holdfast.kernel.errors import Conflict, Invalid, NotFound
from holdfast.orders import carts as rows
from holdfast.orders.actions import lock
from holdfast.orders.carts import items_of
from holdfast.orders.models import Order
from holdfast.orders.queries import promo_for, quote_of
from holdfast.platform.customers import customer_of
from holdfast.platform.db import transaction, transaction_required

from .actors import Shopper
from .cart_views import Cart, CartItem, cart_of, cart_row, carts_of, views_of
from .choosing import open_period
from .ending import end_if_run_out
from .paying import Checkout
from .placing import place_cart
from .returning import PAID_MEANWHILE, release_order

__all__ = [
    "Cart",
    "CartItem",
    "Checkout",
    "Wanted",
    "add_item",
    "apply_promo",
    "cart_of",
    "carts_of",
    "delete_cart",
    "open_cart",
    "place_cart",
    "remove_item",
    "remove_promo",
    "views_of",
]

log = structlog.get_logger(__name__)

MOST_CARTS, MOST_ITEMS = 20, 20
TOO_MANY_CARTS = f"You have {MOST_CARTS} carts. Pay for one of them, or delete one, before you begin another."
TOO_MANY_ITEMS = f"A cart holds {MOST_ITEMS} things at most. Please begin another."
OTHER_BUSINESS = "Only services of one business can be in one cart."
OTHER_TERMS = "This is sold under other terms than what is in this cart. Please begin another cart for it."
NO_SUCH_ITEM = "There is no such thing in this cart."
IS_EMPTY = "There is nothing in this cart."
# Why a cart cannot be changed, by its state.
UNCHANGEABLE = {
    "placed": "This cart is being paid for. It can be changed once that is over, or deleted.",
    "completed": "This cart has been paid for.",
    "expired": "This cart was left for too long. Please begin another.",
    "canceled": "This cart is over.",
}


@dataclass(frozen=True)
class Wanted:
    """What is to be put into a cart: an offering as it is sold, and when, naive by the business's clock."""

    offering: Offering
    starts_at: datetime
    details: dict[str, Any] = field(default_factory=dict)


def open_cart(wanted: Wanted, *, by: Shopper, trade: str, terms: Terms, now: datetime) -> Cart:
    """A new cart with one thing in it, to be placed under these terms.

    Raises Invalid for a time that is not open, and Conflict where the user has as many carts as one may.
    """
    starts_at = _start_of(wanted, now=now)
    with transaction():
        customer = customer_of(by.user)
        if carts_of(by.user, trade=trade).filter(state="open").count() >= MOST_CARTS:
            raise Conflict(TOO_MANY_CARTS)
        cart = rows.open_cart(
            business=wanted.offering.business,
            customer=customer,
            trade=trade,
            terms=terms,
            address=by.address,
            by=str(by),
            now=now,
        )
        rows.put(cart, wanted.offering, starts_at=starts_at, details=wanted.details, now=now)
    log.info("cart_opened", order=cart.pk)
    return cart_of(cart.pk, user=by.user, trade=trade, now=now)


def add_item(
    cart_id: int | UUID, wanted: Wanted, *, by: Shopper, trade: str, terms: Terms, now: datetime
) -> Cart:
    """Put another thing of the same business, sold under the same terms, into a cart.

    Raises NotFound, Invalid and Conflict.
    """
    found = cart_row(cart_id, user=by.user, trade=trade)
    if wanted.offering.business_id != found.business_id:
        raise Invalid({"offering": [OTHER_BUSINESS]})
    if terms != found.terms:
        raise Invalid({"offering": [OTHER_TERMS]})
    starts_at = _start_of(wanted, now=now)
    with transaction():
        cart = _changeable(found.pk, now=now)
        if cart.items.count() >= MOST_ITEMS:
            raise Conflict(TOO_MANY_ITEMS)
        rows.put(cart, wanted.offering, starts_at=starts_at, details=wanted.details, now=now)
        rows.changed(cart, now=now)
    return cart_of(cart_id, user=by.user, trade=trade, now=now)


def remove_item(cart_id: int | UUID, item_id: int, *, by: Shopper, trade: str, now: datetime) -> Cart:
    """Take one thing out of a cart. Raises NotFound and Conflict."""
    found = cart_row(cart_id, user=by.user, trade=trade)
    with transaction():
        cart = _changeable(found.pk, now=now)
        taken_out, _ = cart.items.filter(pk=item_id).delete()
        if not taken_out:
            raise NotFound(NO_SUCH_ITEM)
        rows.changed(cart, now=now)
    return cart_of(cart_id, user=by.user, trade=trade, now=now)


def apply_promo(cart_id: int | UUID, code: str, *, by: Shopper, trade: str, now: datetime) -> Cart:
    """Make a cart cheaper by a promo code, which is used when the cart is placed and not before.

    Raises Invalid for one that may not be used on what is in the cart.
    """
    found = cart_row(cart_id, user=by.user, trade=trade)
    offerings = [item.sold for item in items_of([found])]
    if not offerings:
        raise Invalid({"promo_code": [IS_EMPTY]})
    promo = promo_for(found.business_id, code, offerings=offerings, customer=found.customer, now=now)
    quote_of(offerings, promo=promo)  # it may be for dearer orders only
    return _change_promo(found, promo.code, by=by, now=now)


def remove_promo(cart_id: int | UUID, *, by: Shopper, trade: str, now: datetime) -> Cart:
    """Let a cart's promo code go, if it has one. Raises NotFound and Conflict."""
    return _change_promo(cart_row(cart_id, user=by.user, trade=trade), "", by=by, now=now)


def delete_cart(cart_id: int | UUID, *, by: Shopper, trade: str, now: datetime) -> None:
    """Delete a cart; what it holds is free, and money that comes later goes back.

    Of one that is being paid for the gateway is asked first, as in ``release_hold``: raises Conflict when it
    has been paid, and StillUnknown when nobody can say. Raises NotFound, also for one that was deleted.
    """
    found = cart_row(cart_id, user=by.user, trade=trade)
    if found.state == "canceled":  # its bookings are, and it is there all the same
        raise Conflict(UNCHANGEABLE["completed"])
    if found.state == "placed":
        release_order(found.pk, by=by, now=now, for_good=True)
    with transaction():
        cart = lock(found.pk)
        if cart.state == "open":
            cart.move("cancel", by=str(by), at=now, reason=Order.Reason.CANCELED)
        elif cart.state != "canceled":
            raise Conflict(PAID_MEANWHILE if cart.state == "completed" else UNCHANGEABLE[cart.state])
    log.info("cart_deleted", order=found.pk)


def _start_of(wanted: Wanted, *, now: datetime) -> datetime:
    """When it begins. Raises Invalid for a time that is not open; whether it is free is said at placing."""
    resources: Sequence[Any] = NEEDED(offering=wanted.offering.pk)
    return open_period(wanted.offering, wanted.starts_at, resources, now=now).start


@transaction_required
def _changeable(order_id: int, *, now: datetime) -> Order:
    """The cart, locked. Raises Conflict while it is being paid for, and once it is over."""
    cart = lock(order_id)
    end_if_run_out(cart, now=now)
    if cart.state != "open":
        raise Conflict(UNCHANGEABLE[cart.state])
    return cart


def _change_promo(found: Order, code: str, *, by: Shopper, now: datetime) -> Cart:
    with transaction():
        rows.changed(_changeable(found.pk, now=now), now=now, promo_code=code)
    return cart_of(found.pk, user=by.user, trade=found.trade, now=now)

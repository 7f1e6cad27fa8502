"""Carts as rows: orders that are open, and what is in them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from holdfast.catalog.models import Business, Offering
from holdfast.catalog.terms import Terms
from holdfast.platform.db import transaction_required
from holdfast.platform.models import Customer, Transition, User
from holdfast.platform.moves import born

from .actions import withdraw_all
from .models import CartItem, Order


def carts_of_user(user: User, *, trade: str) -> QuerySet[Order]:
    """The carts of a user that have not been deleted, newest first, with their business and customer.

    One that was paid for is among them, also when all of its bookings have been canceled since.
    """
    since_it_was_paid = Transition.objects.filter(
        subject="order", subject_id=OuterRef("pk"), before="completed", after="canceled"
    )
    own = Order.objects.filter(customer__user=user, trade=trade, updated_at__isnull=False)
    there = own.filter(~Q(state="canceled") | Exists(since_it_was_paid))
    return there.select_related("business", "customer").order_by("-pk")


def items_of(orders: Iterable[Order]) -> QuerySet[CartItem]:
    """What is in these carts, in the order in which it was put there, with what it is."""
    items = CartItem.objects.filter(order__in=orders)
    return items.select_related("offering__business", "package").order_by("pk")


@transaction_required
def open_cart(
    *,
    business: Business,
    customer: Customer,
    trade: str,
    terms: Terms,
    address: str | None,
    by: str,
    now: datetime,
) -> Order:
    """A new cart, with nothing in it. It is placed under these terms."""
    cart = Order(
        business=business,
        customer=customer,
        trade=trade,
        terms_placed=terms.as_json(),
        currency=business.currency,
        total=0,
        return_base="",
        address=address,
        state="open",
        created_at=now,
        updated_at=now,
    )
    born([cart], by=by, at=now)
    return cart


@transaction_required
def make_draft(cart: Order, *, booking_reference: str, return_base: str, promo_code: str) -> None:
    """A new cart is a draft: its one booking will have this reference, and the browser goes back there."""
    said = {
        "booking_reference": booking_reference,
        "return_base": return_base,
        "promo_code": promo_code,
    }
    Order.objects.filter(pk=cart.pk).update(**said)
    cart.refresh_from_db(fields=list(said))


@transaction_required
def put(
    cart: Order, offering: Offering, *, starts_at: datetime, details: dict[str, Any], now: datetime
) -> CartItem:
    """Put an offering, as it is sold, into a cart whose lock the caller has, or which is new."""
    return CartItem.objects.create(
        order=cart,
        offering_id=offering.pk,
        package=offering.package,
        starts_at=starts_at,
        details=details,
        created_at=now,
    )


@transaction_required
def changed(cart: Order, *, now: datetime, **changes: Any) -> None:
    """Its customer has changed a cart: what it was placed with before is asked for no more."""
    if cart.seq:
        withdraw_all(cart, now=now)
    Order.objects.filter(pk=cart.pk).update(updated_at=now, **changes)

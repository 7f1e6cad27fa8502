"""Carts in the words of the puja API."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from holdfast.flows.carts import Cart, CartItem, views_of

from .present import chosen
from .terms import CART_WORDS

EMPTY = {
    "service_type": None,
    "puja_service": None,
    "package": None,
    "astrology_service": None,
    "selected_date": None,
    "selected_time": None,
}
CLOCK = "%H:%M"


def cart(seen: Cart, *, user: Any) -> dict[str, Any]:
    items = [_item(item) for item in seen.items]
    first = {name: items[0][name] for name in EMPTY} if items else EMPTY
    return {
        "id": seen.id,
        "cart_id": seen.uuid,
        "user": user.pk,
        **first,
        "status": CART_WORDS[seen.state],
        "items": items,
        "promo_code": seen.promo_code,
        "currency": seen.total.currency,
        "subtotal": seen.subtotal.decimal,
        "discount": seen.discount.decimal,
        "total_price": seen.total.decimal,
        "note": seen.note,
        "created_at": seen.created_at,
        "updated_at": seen.updated_at,
    }


def carts(rows: Sequence[Any], *, user: Any, now: datetime) -> list[dict[str, Any]]:
    return [cart(seen, user=user) for seen in views_of(rows, now=now)]


def _item(item: CartItem) -> dict[str, Any]:
    return {
        "id": item.id,
        **chosen(item.offering, item.package, item.starts_at, clock=CLOCK),
        "title": item.title,
        "price": item.price.decimal,
    }

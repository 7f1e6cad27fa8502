"""Guests' keys: whoever holds one may change the order that it was made for."""

from __future__ import annotations

from datetime import datetime

from holdfast.kernel.keys import digest_of, random_key

from .models import GuestKey, Order


def new_guest_key(order: Order, *, now: datetime) -> str:
    """A key of 32 letters and digits to an order. Those that were made before are as good."""
    key = random_key()
    GuestKey.objects.create(order=order, digest=digest_of(key), created_at=now)
    return key


def opens(key: str, order: Order) -> bool:
    """Whether this is a key to this order."""
    return GuestKey.objects.filter(order=order, digest=digest_of(key)).exists()

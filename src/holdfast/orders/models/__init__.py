"""The rows of orders: what is bought, what is asked for it, and the codes that make it cheaper."""

from __future__ import annotations

from .cart import CartItem
from .line import Line, owner_of
from .order import Due, GuestKey, Order
from .promo import PromoCode, Redemption

__all__ = ["CartItem", "Due", "GuestKey", "Line", "Order", "PromoCode", "Redemption", "owner_of"]

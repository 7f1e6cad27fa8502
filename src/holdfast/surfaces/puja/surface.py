"""Pujas and carts, as the project takes them in."""

from __future__ import annotations

from dataclasses import replace

from holdfast.web.surface import Surface

from . import api, bookings, carts, payments
from .terms import TERMS, TRADE
from .urls import urlpatterns

PUJA = Surface(
    TRADE,
    {
        "/api/puja": api.router,
        "/api/cart/carts": carts.router,
        "/api/payments": payments.router,
        "/api/booking/bookings": bookings.router,
    },
    urlpatterns,
    replace(TERMS, reopens=False),  # what staff book in is no cart that could be open again
)

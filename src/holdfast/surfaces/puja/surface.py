"""Pujas and carts, as the project takes them in."""

from __future__ import annotations

from dataclasses import replace

from holdfast.notifications.live import Speech
from holdfast.web.surface import Surface

from . import api, bookings, carts, payments
from .terms import TERMS, TRADE, WORDS
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
    Speech(WORDS),
)

"""The admin, for platform admins: everything can be found here, and the books cannot be edited."""

from __future__ import annotations

from . import (
    accounts,
    bookings,
    businesses,
    door,
    events,
    files,
    gateways,
    live,
    offerings,
    opening_hours,
    orders,
    payments,
    promos,
    rooms,
)

__all__ = [
    "accounts",
    "bookings",
    "businesses",
    "door",
    "events",
    "files",
    "gateways",
    "live",
    "offerings",
    "opening_hours",
    "orders",
    "payments",
    "promos",
    "rooms",
]

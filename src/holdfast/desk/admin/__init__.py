"""The admin, for platform admins: everything can be found here, and the books cannot be edited."""

from __future__ import annotations

from . import accounts, books, businesses, door, events, files, gateways, offerings, opening_hours, promos

__all__ = [
    "accounts",
    "books",
    "businesses",
    "door",
    "events",
    "files",
    "gateways",
    "offerings",
    "opening_hours",
    "promos",
]

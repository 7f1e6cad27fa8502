"""Hotels, as the project takes them in."""

from __future__ import annotations

from ninja import Router

from holdfast.notifications.live import Speech
from holdfast.web.surface import Surface

from . import bookings, payments, rooms, staff
from .terms import LIVE_CHANNEL, TERMS, TRADE, WORDS
from .urls import urlpatterns

public = Router(tags=["hotels"])
for part in (payments, rooms, bookings):
    public.add_router("", part.router)

HOTELS = Surface(
    TRADE,
    {"/api/public": public, "/api/staff/hotel": staff.router},
    urlpatterns,
    terms=TERMS,
    speech=Speech(WORDS, LIVE_CHANNEL),
)

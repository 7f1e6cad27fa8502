"""Coaching, as the project takes it in."""

from __future__ import annotations

from ninja import Router

from holdfast.notifications.live import Speech
from holdfast.web.surface import Surface

from . import bookings, courses, payments
from .terms import TERMS, TRADE, WORDS
from .urls import urlpatterns

router = Router(tags=["coaching"])
for part in (courses, bookings, payments):
    router.add_router("", part.router)

COACHING = Surface(TRADE, {"/booking/api": router}, urlpatterns, TERMS, Speech(WORDS))

"""Consultations, as the project takes them in."""

from __future__ import annotations

from holdfast.notifications.live import Speech
from holdfast.web.surface import Surface

from .api import router
from .terms import TERMS, TRADE, WORDS
from .urls import urlpatterns

ASTROLOGY = Surface(TRADE, {"/api/astrology": router}, urlpatterns, TERMS, Speech(WORDS))

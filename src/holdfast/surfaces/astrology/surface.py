"""Consultations, as the project takes them in."""

from __future__ import annotations

from holdfast.web.surface import Surface

from .api import router
from .terms import TERMS, TRADE
from .urls import urlpatterns

ASTROLOGY = Surface(TRADE, {"/api/astrology": router}, urlpatterns, TERMS)

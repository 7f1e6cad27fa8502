"""Haircuts, as the project takes them in."""

from __future__ import annotations

from holdfast.web.surface import Surface

from .api import router
from .terms import TERMS, TRADE

BARBER = Surface(TRADE, {"/api/barber": router}, terms=TERMS)

"""Pujas and carts, as the project takes them in."""

from __future__ import annotations

from holdfast.web.surface import Surface

from . import api
from .terms import TERMS, TRADE

PUJA = Surface(TRADE, {"/api/puja": api.router}, terms=TERMS)

"""The trades that are sold. Another one is a folder in ``surfaces`` and a line here."""

from __future__ import annotations

from collections.abc import Mapping

from holdfast.notifications.live import Speech
from holdfast.surfaces.astrology.surface import ASTROLOGY
from holdfast.surfaces.coaching.surface import COACHING
from holdfast.surfaces.hotels.surface import HOTELS
from holdfast.surfaces.puja.surface import PUJA
from holdfast.web.surface import Surface

SURFACES: tuple[Surface, ...] = (ASTROLOGY, PUJA, COACHING, HOTELS)
# For those who only tell of bookings: see HOLDFAST_TRADES.
SPEECHES: Mapping[str, Speech] = {surface.trade: surface.speech for surface in SURFACES}

"""The trades that are sold. Another one is a folder in ``surfaces`` and a line here."""

from __future__ import annotations

from holdfast.surfaces.astrology.surface import ASTROLOGY
from holdfast.surfaces.coaching.surface import COACHING
from holdfast.surfaces.puja.surface import PUJA
from holdfast.web.surface import Surface

SURFACES: tuple[Surface, ...] = (ASTROLOGY, PUJA, COACHING)

"""What a trade gives to the project: its routes, and the pages at the addresses that its terms name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.urls import URLPattern, URLResolver
from ninja import Router


@dataclass(frozen=True)
class Surface:
    """One trade over HTTP. ``routers`` are by their address below ``/api``."""

    trade: str
    routers: Mapping[str, Router]
    pages: Sequence[URLPattern | URLResolver] = ()

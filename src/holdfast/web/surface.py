"""What a trade gives to the project: its routes, and the pages at the addresses that its terms name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.urls import URLPattern, URLResolver
from ninja import Router

from holdfast.catalog.terms import Terms
from holdfast.notifications.live import IN_OUR_WORDS, Speech

# What is asked by programs, not by people. A trade's API may stand beside its pages, below their own name.
API = re.compile(r"/([a-z-]+/)?api/")


@dataclass(frozen=True)
class Surface:
    """One trade over HTTP. ``routers`` are by their full address, in which ``/api`` comes first or second:
    ``/api/astrology``, ``/booking/api``. With its ``terms``, staff may book others in for it at the desk.
    ``speech`` is how its bookings are told of live; without one, in our own words.
    """

    trade: str
    routers: Mapping[str, Router]
    pages: Sequence[URLPattern | URLResolver] = ()
    terms: Terms | None = None
    speech: Speech = IN_OUR_WORDS


def is_api(path: str) -> bool:
    """Whether an address is the API's, whichever route answers there, if any does."""
    return API.match(f"{path}/") is not None

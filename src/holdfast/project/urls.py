"""Every address, and who answers there."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from holdfast.catalog.terms import Terms
from holdfast.desk import urls as desk
from holdfast.web import health, live
from holdfast.web.surface import Surface

from .api import FromTheRoot, api_of
from .surfaces import SURFACES


def addresses(api: FromTheRoot, surfaces: Sequence[Surface]) -> list[URLPattern | URLResolver]:
    """All addresses, with the pages of these trades."""
    return [
        path("healthz", health.healthz),
        path("readyz", health.readyz),
        path("metrics", health.metrics),
        path("live/", live.elsewhere),
        api.addresses,
        path("admin/", admin.site.urls),
        path("desk/", include((desk.addresses(_sold_at_the_desk(surfaces)), "desk"))),
        path("", include("holdfast.pages.urls")),
        *(page for surface in surfaces for page in surface.pages),
    ]


def _sold_at_the_desk(surfaces: Sequence[Surface]) -> dict[str, Terms]:
    """The terms of each trade that staff may book others in for."""
    return {surface.trade: surface.terms for surface in surfaces if surface.terms is not None}


api = api_of(SURFACES)
urlpatterns = addresses(api, SURFACES)
handler500 = "holdfast.pages.out_of_reach.unexpected"

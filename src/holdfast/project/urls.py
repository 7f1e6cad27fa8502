"""Every address, and who answers there."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from holdfast.web import health
from holdfast.web.surface import Surface

from .api import FromTheRoot, api_of
from .surfaces import SURFACES


def addresses(api: FromTheRoot, surfaces: Iterable[Surface]) -> list[URLPattern | URLResolver]:
    """All addresses, with the pages of these trades."""
    return [
        path("healthz", health.healthz),
        path("readyz", health.readyz),
        path("metrics", health.metrics),
        api.addresses,
        path("admin/", admin.site.urls),
        path("desk/", include("holdfast.desk.urls")),
        path("", include("holdfast.pages.urls")),
        *(page for surface in surfaces for page in surface.pages),
    ]


api = api_of(SURFACES)
urlpatterns = addresses(api, SURFACES)
handler500 = "holdfast.pages.out_of_reach.unexpected"

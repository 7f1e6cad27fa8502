"""Every address, and who answers there."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from holdfast.surfaces.astrology import urls as astrology
from holdfast.web import health

from .api import api

urlpatterns = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", health.metrics),
    path("api/", api.urls),
    path("admin/", admin.site.urls),
    path("desk/", include("holdfast.desk.urls")),
    path("", include("holdfast.pages.urls")),
    path("", include(astrology)),
]

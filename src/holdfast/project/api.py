"""The API: every surface's routes, one authenticator's errors, one document at /api/openapi.json."""

from __future__ import annotations

from collections.abc import Iterable

from django.urls import URLPattern, URLResolver, include, path
from ninja import NinjaAPI
from ninja.openapi.docs import Swagger

from holdfast.live import routes as live
from holdfast.web import accounts, files, payments
from holdfast.web.errors import answer_errors
from holdfast.web.idempotency import answered_once
from holdfast.web.reading import StrictParser
from holdfast.web.surface import Surface


class FromTheRoot(NinjaAPI):
    """An API whose addresses are written in full, so that a trade may have some outside ``/api/``."""

    def get_root_path(self, path_params: dict[str, object]) -> str:
        return ""

    @property
    def addresses(self) -> URLResolver:
        """Its routes. The root's own is left out: that address is the home page's."""
        routes, app, namespace = self.urls
        kept: list[URLPattern | URLResolver] = [route for route in routes if _name(route) != "api-root"]
        return path("", include((kept, app), namespace=namespace))


def api_of(surfaces: Iterable[Surface], *, namespace: str = "api") -> FromTheRoot:
    """The API of these trades, with what all of them share."""
    api = FromTheRoot(
        title="Holdfast",
        version="1",
        description="Takes bookings and the money for them, and never lets the two disagree.",
        openapi_url="/api/openapi.json",
        docs_url="/api/docs/",
        docs=Swagger({"validatorUrl": None}),  # it would be asked over the network what it thinks of us
        urls_namespace=namespace,
        parser=StrictParser(),
    )
    answer_errors(api)
    api.add_decorator(answered_once, mode="view")
    api.add_router("/api/payments", payments.router)  # first to be looked through: gateways call in bursts
    api.add_router("/api/auth", accounts.router)
    api.add_router("/api/files", files.router)
    api.add_router("/api/live", live.router)
    for surface in surfaces:
        for address, router in surface.routers.items():
            api.add_router(address, router)
    return api


def _name(route: URLPattern | URLResolver) -> str | None:
    return route.name if isinstance(route, URLPattern) else None

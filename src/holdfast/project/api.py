"""The API: every surface's routes, one authenticator's errors, one document at /api/openapi.json."""

from __future__ import annotations

from collections.abc import Iterable

from ninja import NinjaAPI
from ninja.openapi.docs import Swagger

from holdfast.web import accounts, files, payments
from holdfast.web.errors import answer_errors
from holdfast.web.idempotency import answered_once
from holdfast.web.reading import StrictParser
from holdfast.web.surface import Surface


def api_of(surfaces: Iterable[Surface], *, namespace: str = "api") -> NinjaAPI:
    """The API of these trades, with what all of them share."""
    api = NinjaAPI(
        title="Holdfast",
        version="1",
        description="Takes bookings and the money for them, and never lets the two disagree.",
        docs_url="/docs/",
        docs=Swagger({"validatorUrl": None}),  # it would be asked over the network what it thinks of us
        urls_namespace=namespace,
        parser=StrictParser(),
    )
    answer_errors(api)
    api.add_decorator(answered_once, mode="view")
    api.add_router("/payments", payments.router)  # first to be looked through: gateways call in bursts
    api.add_router("/auth", accounts.router)
    api.add_router("/files", files.router)
    for surface in surfaces:
        for path, router in surface.routers.items():
            api.add_router(path, router)
    return api

"""The API: every surface's router, one authenticator's errors, one document at /api/openapi.json."""

from __future__ import annotations

from ninja import NinjaAPI
from ninja.openapi.docs import Swagger

from holdfast.surfaces.astrology.api import router as astrology
from holdfast.web import accounts, files, payments
from holdfast.web.errors import answer_errors
from holdfast.web.idempotency import answered_once
from holdfast.web.reading import StrictParser

# A trade is one folder and one line.
SURFACES = {"/astrology": astrology}

api = NinjaAPI(
    title="Holdfast",
    version="1",
    description="Takes bookings and the money for them, and never lets the two disagree.",
    docs_url="/docs/",
    docs=Swagger({"validatorUrl": None}),  # it would be asked over the network what it thinks of us
    urls_namespace="api",
    parser=StrictParser(),
)
answer_errors(api)
api.add_decorator(answered_once, mode="view")
api.add_router("/auth", accounts.router)
api.add_router("/payments", payments.router)
api.add_router("/files", files.router)
for path, surface in SURFACES.items():
    api.add_router(path, surface)

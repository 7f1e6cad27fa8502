"""Is it alive, is it ready, and how is it doing."""

from __future__ import annotations

import os

import httpx
import structlog
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from holdfast.flows.watching import gauges, migrations_are_applied, worker_is_alive
from holdfast.kernel.clock import utc_now

log = structlog.get_logger(__name__)


def readyz(request: HttpRequest) -> JsonResponse:
    """200 while this process can serve: the database answers and has every migration."""
    return _answer({"database": _database_answers(), "migrations": _migrated()})


def healthz(request: HttpRequest) -> JsonResponse:
    """200 only when everything is there: database, migrations, worker and, in the demo, the sandbox.

    The demo starts the web server when its data is in the database.
    """
    found = {"database": _database_answers(), "migrations": _migrated(), "worker": _worker()}
    if settings.HOLDFAST_SANDBOX_URL:
        found["sandbox"] = _sandbox_answers()
    return _answer(found)


def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus metrics: those of all web and worker processes where they share a folder for it."""
    registry = REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the library leaves it untyped
    counted = generate_latest(registry).decode() + gauges(now=utc_now())
    return HttpResponse(counted, content_type=CONTENT_TYPE_LATEST)


def _answer(found: dict[str, bool]) -> JsonResponse:
    return JsonResponse({"ok": all(found.values()), **found}, status=200 if all(found.values()) else 503)


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        log.warning("database_unreachable", why=str(error))
        return False
    return True


def _migrated() -> bool:
    try:
        return migrations_are_applied()
    except DatabaseError:
        return False


def _worker() -> bool:
    try:
        return worker_is_alive(now=utc_now())
    except DatabaseError:
        return False


def _sandbox_answers() -> bool:
    try:
        return httpx.get(f"{settings.HOLDFAST_SANDBOX_URL}/healthz", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False

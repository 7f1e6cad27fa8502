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
    """200 only when everything is there: database, migrations, worker; in the demo, live and the sandbox.

    The demo starts the web server when its data is in the database.
    """
    found = {"database": _database_answers(), "migrations": _migrated(), "worker": _worker()}
    if settings.HOLDFAST_SANDBOX_URL:
        found["sandbox"] = _answers(settings.HOLDFAST_SANDBOX_URL)
    if settings.HOLDFAST_LIVE_URL:
        found["live"] = _answers(settings.HOLDFAST_LIVE_URL)
    return _answer(found)


def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus metrics: what is counted, and what the database knows."""
    return HttpResponse(counted() + gauges(now=utc_now()), content_type=CONTENT_TYPE_LATEST)


def counted() -> str:
    """What this process has counted; all of them, where they share a folder for it."""
    registry = REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the library leaves it untyped
    return generate_latest(registry).decode()


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


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False

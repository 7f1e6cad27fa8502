"""What an operator sees: health, readiness, metrics, and logs that name the request and the order."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from prometheus_client.parser import text_string_to_metric_families

from holdfast.orders.models import Order
from tests.support.logs import log_printed
from tests.support.practice import Api, Practice, held, request_body
from tests.support.sandbox import Sandbox

METRICS = {
    "holdfast_payments_undecided",
    "holdfast_payments_overdue_for_a_look",
    "holdfast_money_waiting_on_a_person",
    "holdfast_messages_given_up",
    "holdfast_queue_depth",
    "holdfast_settlements",
    "holdfast_checkouts",
    "holdfast_holds_expired",
    "holdfast_gateway_unknowns",
    "holdfast_webhook_age_seconds",
}


def beat() -> None:
    """A worker's sign of life."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now())")


@pytest.mark.spec("GEN-21")
def test_ready_is_who_has_a_database_with_every_migration(db: None) -> None:
    answer = Api().get("/readyz")

    assert (answer.status_code, answer.json()) == (200, {"ok": True, "database": True, "migrations": True})


@pytest.mark.spec("GEN-21", "OPS-1")
def test_healthy_is_who_has_a_worker_as_well(db: None) -> None:
    without = Api().get("/healthz")
    beat()

    answer = Api().get("/healthz")

    assert (without.status_code, without.json()["worker"]) == (503, False)
    assert answer.status_code == 200
    assert answer.json() == {"ok": True, "database": True, "migrations": True, "worker": True}


@pytest.mark.spec("GEN-21", "OPS-1")
def test_the_demo_is_healthy_only_with_its_sandbox(db: None, settings: Any, sandbox: Sandbox) -> None:
    beat()
    settings.HOLDFAST_SANDBOX_URL = "http://127.0.0.1:1"
    without = Api().get("/healthz")
    settings.HOLDFAST_SANDBOX_URL = sandbox.url

    answer = Api().get("/healthz")

    assert (without.status_code, without.json()["sandbox"]) == (503, False)
    assert (answer.status_code, answer.json()["sandbox"]) == (200, True)


@pytest.mark.spec("GEN-21")
def test_metrics_tell_what_is_undecided_and_count_what_was_done(practice: Practice) -> None:
    held(practice)

    answer = Api().get("/metrics")

    families = {family.name: family for family in text_string_to_metric_families(answer.content.decode())}
    assert families.keys() >= METRICS
    assert families["holdfast_payments_undecided"].samples[0].value == 1
    assert families["holdfast_money_waiting_on_a_person"].samples[0].value == 0


@pytest.fixture
def log_lines() -> Iterator[io.StringIO]:
    with log_printed() as lines:
        yield lines


@pytest.mark.spec("GEN-21")
def test_every_log_line_of_a_booking_names_its_request_and_its_order(
    practice: Practice, api: Api, log_lines: io.StringIO
) -> None:
    answer = api.send(
        "/api/astrology/bookings/book-with-payment/",
        request_body(practice),
        headers={"X-Request-ID": "a-request-of-mine"},
    )

    lines = [json.loads(line) for line in log_lines.getvalue().splitlines()]
    held_line = next(line for line in lines if line["event"] == "held")
    assert answer.status_code == 200
    assert {line["request_id"] for line in lines} == {"a-request-of-mine"}
    assert held_line["order"] == Order.objects.get().pk
    assert held_line["level"] == "info"
    assert "timestamp" in held_line

"""Prometheus metrics. What the database knows better is read from it when metrics are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import Counter, Gauge, Histogram

settlements = Counter("holdfast_settlements", "Settlements, by gateway and what was done", ["gateway", "did"])
checkouts = Counter("holdfast_checkouts", "Booking requests, by how they ended", ["trade", "ended"])
holds_expired = Counter("holdfast_holds_expired", "Orders whose hold ran out unpaid")
gateway_unknowns = Counter("holdfast_gateway_unknowns", "Questions without a clear answer", ["gateway"])
webhook_age = Histogram(
    "holdfast_webhook_age_seconds",
    "From a webhook's arrival to its settlement",
    buckets=(0.1, 0.5, 1, 2, 5, 15, 60, 300, 3600),
)
clock_skew = Gauge(
    "holdfast_gateway_clock_skew_seconds",
    "How far a gateway's clock is ahead of ours, by the expiry of the last payment that it opened",
    ["gateway"],
    multiprocess_mode="mostrecent",
)
live_connections = Gauge(
    "holdfast_live_connections", "Who listens to what becomes of bookings", multiprocess_mode="livesum"
)
live_events = Counter("holdfast_live_events", "Events sent to those who listen")
live_lag = Histogram(
    "holdfast_live_lag_seconds",
    "From a booking's move to its being handed to those who listen",
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2, 5, 15, 60),
)


@contextmanager
def checkout_counted(trade: str) -> Iterator[None]:
    """Count one booking request by how it ends: ``held``, or the name of the error that refuses it."""
    ended = "held"
    try:
        yield
    except Exception as refusal:
        ended = type(refusal).__name__
        raise
    finally:
        checkouts.labels(trade, ended).inc()

"""Prometheus metrics. What the database knows better is read from it when metrics are asked for."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

settlements = Counter("holdfast_settlements", "Settlements, by gateway and what was done", ["gateway", "did"])
checkouts = Counter("holdfast_checkouts", "Booking requests, by how they ended", ["trade", "ended"])
holds_expired = Counter("holdfast_holds_expired", "Orders whose hold ran out unpaid")
gateway_calls = Counter("holdfast_gateway_unknowns", "Gateway calls without a clear answer", ["gateway"])
webhook_age = Histogram(
    "holdfast_webhook_age_seconds",
    "From a webhook's arrival to its settlement",
    buckets=(0.1, 0.5, 1, 2, 5, 15, 60, 300, 3600),
)

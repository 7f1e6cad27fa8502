"""The real queue, worked off in this process until it is empty."""

from __future__ import annotations

from django.db import connection
from procrastinate import PsycopgConnector
from procrastinate.contrib.django import app
from procrastinate.periodic import PeriodicRegistry


def work(queue: str = "messages") -> None:
    """Run every job of a queue that is due, as the worker process would; come back when none is left."""
    parameters = {
        k: v for k, v in connection.get_connection_params().items() if k not in ("cursor_factory", "context")
    }
    worker = app.with_connector(PsycopgConnector(kwargs=parameters))
    worker.periodic_registry = PeriodicRegistry()  # type: ignore[no-untyped-call]  # the clock is the test's
    worker.run_worker(
        queues=[queue], wait=False, listen_notify=False, install_signal_handlers=False, concurrency=1
    )

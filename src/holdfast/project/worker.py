"""The worker process: ``python -m holdfast.project.worker``. Run as many as the work needs."""

from __future__ import annotations

import os

import django


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "holdfast.project.settings")
    django.setup()

    from django.conf import settings  # noqa: PLC0415 - Django must be set up first
    from procrastinate import PsycopgConnector  # noqa: PLC0415 - Django must be set up first
    from procrastinate.contrib.django import app  # noqa: PLC0415 - Django must be set up first

    from .keys import require_keys  # noqa: PLC0415 - Django must be set up first

    require_keys()
    worker_app = app.with_connector(PsycopgConnector(conninfo=settings.DATABASE_DIRECT_URL))
    worker_app.run_worker(
        concurrency=int(os.environ.get("HOLDFAST_WORKER_CONCURRENCY", "4")),
        listen_notify=False,  # no NOTIFY in money transactions: workers poll
        fetch_job_polling_interval=0.5,
        abort_job_polling_interval=5,
        update_heartbeat_interval=5,
        stalled_worker_timeout=30,
        delete_jobs="successful",
        shutdown_graceful_timeout=10,
    )


if __name__ == "__main__":
    # By its own name: procrastinate warns of an app that is made in __main__.
    from holdfast.project import worker  # noqa: PLW0406 - not the same module object as __main__

    worker.main()

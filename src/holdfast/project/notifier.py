"""The notifier: ``python -m holdfast.project.notifier``. Wakes live when bookings have moved.

Transactions that send a NOTIFY queue behind each other to commit, so none that moves money sends one. This
process watches for what they have written, and sends it. Without it, live looks once a second.
"""

from __future__ import annotations

import os
import signal
from threading import Event

import django
import psycopg
import structlog

log = structlog.get_logger(__name__)

NAME = "holdfast notifier"  # among the database's connections
LOOKS_EVERY = 0.1  # seconds
TRIES_AGAIN_AFTER = 1.0


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "holdfast.project.settings")
    django.setup()

    from django.conf import settings  # noqa: PLC0415 - Django must be set up first

    stopped = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, frame: stopped.set())
    url = settings.DATABASE_DIRECT_URL
    while not stopped.is_set():
        try:
            with psycopg.connect(url, autocommit=True, application_name=NAME) as connection:
                watch(connection, stopped)
        except psycopg.OperationalError as error:
            log.warning("database_unreachable", why=str(error))
            stopped.wait(TRIES_AGAIN_AFTER)


def watch(connection: psycopg.Connection, stopped: Event) -> None:
    """Wake live whenever the latest move of a booking is another one, until this is stopped."""
    from holdfast.flows.following import LATEST, latest  # noqa: PLC0415 - Django must be set up first
    from holdfast.live.reader import WAKING  # noqa: PLC0415 - Django must be set up first

    known = None
    while not stopped.wait(LOOKS_EVERY):
        found = latest(connection.execute(LATEST).fetchone())
        if found != known:
            connection.execute(f"NOTIFY {WAKING}")
        known = found


if __name__ == "__main__":
    main()

"""The notifier: ``python -m holdfast.project.notifier``. Wakes live when bookings have moved.

Transactions that send a NOTIFY queue behind each other to commit, so none that moves money sends one. This
process watches for what they have written, and sends it. Without it, live looks once a second.
"""

from __future__ import annotations

import signal
from threading import Event

import psycopg
import structlog

from holdfast.platform.waking import LATEST, WAKING

from .database import addresses
from .logs import log_from_now_on

log = structlog.get_logger(__name__)

NAME = "holdfast notifier"  # among the database's connections
LOOKS_EVERY = 0.1  # seconds
TRIES_AGAIN_AFTER = 1.0


def main() -> None:
    log_from_now_on()
    stopped = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, frame: stopped.set())
    url = addresses().direct
    while not stopped.is_set():
        try:
            with psycopg.connect(url, autocommit=True, application_name=NAME) as connection:
                watch(connection, stopped)
        except psycopg.OperationalError as error:
            log.warning("database_unreachable", why=str(error))
            stopped.wait(TRIES_AGAIN_AFTER)


def watch(connection: psycopg.Connection, stopped: Event) -> None:
    """Wake live whenever the latest move of a booking is another one, until this is stopped."""
    known = None
    while not stopped.wait(LOOKS_EVERY):
        found = connection.execute(LATEST).fetchone()
        if found != known:
            connection.execute(f"NOTIFY {WAKING}")
        known = found


if __name__ == "__main__":
    main()

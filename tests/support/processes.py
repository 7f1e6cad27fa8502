"""Holdfast as it runs in earnest: a web server, a worker and a sandbox, on the tests' database."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
from django.db import connection
from psycopg.conninfo import make_conninfo

from holdfast.project.processes import Program
from tests.support.sandbox import Sandbox, free_port, start_sandbox

READY_WITHIN = 60.0  # seconds; it takes about four
WORKER = (sys.executable, "-m", "holdfast.project.worker")


class StackError(Exception):
    """The processes did not come up."""


@dataclass
class Stack:
    """The running processes. What they do to the database is committed, and is theirs to read at once."""

    url: str
    sandbox: Sandbox
    database_url: str
    web: Program
    worker: Program

    def wait_until_ready(self) -> None:
        """Come back when web, worker, database and sandbox are all there."""
        wait_until_it_answers(f"{self.url}/healthz", [self.web, self.worker])

    def restart_worker(self) -> None:
        """Let the worker finish what it has in hand, and start another."""
        self.worker.stop()
        self.worker.start()

    def stop(self) -> None:
        for program in (self.web, self.worker):
            program.stop()
        self.sandbox.stop()


def wait_until_it_answers(url: str, programs: Sequence[Program]) -> None:
    """Come back when there is a 200 at an address; raise when one of the programs behind it has ended."""
    deadline, said = time.monotonic() + READY_WITHIN, "nothing"
    while time.monotonic() < deadline:
        for program in programs:
            if program.exit_code is not None:
                raise StackError(f"{program.name} has ended:\n{program.last_words()}")
        try:
            health = httpx.get(url, timeout=5)
            if health.status_code == 200:
                return
            said = health.text
        except httpx.TransportError as error:
            said = str(error)
        time.sleep(0.1)
    raise StackError(f"Not ready within {READY_WITHIN} s, but: {said}\n{programs[0].last_words()}")


def start_stack(folder: Path, *, web_workers: int = 1, port: int = 0, **settings: str) -> Stack:
    """Start everything on the database that the tests are connected to. The caller stops it.

    ``settings`` are environment variables: ``HOLDFAST_LIMIT_SIGN_IN="2"``. Logs are kept in ``folder``.
    Empty the database before, not while it runs: the worker is registered there.
    """
    url = f"http://127.0.0.1:{port or free_port()}"
    sandbox = start_sandbox(webhook_url=f"{url}/api/payments/webhook/phonepe/")
    database_url = database_of_the_tests()
    environment = _environment(url, sandbox, database_url, folder) | settings
    web = Program("web", *_granian(url, web_workers), environment=environment, logs=folder)
    worker = Program("worker", *WORKER, environment=environment, logs=folder)
    stack = Stack(url, sandbox, database_url, web, worker)
    try:
        web.start()
        worker.start()
        stack.wait_until_ready()
    except BaseException:
        stack.stop()
        raise
    return stack


def database_of_the_tests() -> str:
    """Its address, for a process that is to work on it."""
    name = str(connection.settings_dict["NAME"])
    return make_conninfo(os.environ["DATABASE_URL"], dbname=name)


def _environment(url: str, sandbox: Sandbox, database_url: str, folder: Path) -> dict[str, str]:
    """The tests' own keys, so that what is encrypted here can be read there."""
    ours = {
        "DATABASE_URL": database_url,
        "DATABASE_DIRECT_URL": database_url,
        "DJANGO_SETTINGS_MODULE": "holdfast.project.settings",
        "HOLDFAST_HOME": str(folder),
        "HOLDFAST_MAIL_DIR": str(folder / "mail"),
        "HOLDFAST_POOL": "8",
        "HOLDFAST_PUBLIC_URL": url,
        "HOLDFAST_SANDBOX_URL": sandbox.url,
    }
    return {**os.environ, **ours}


def _granian(url: str, workers: int) -> tuple[str, ...]:
    port = url.rpartition(":")[2]
    size = f"--workers={workers}", "--blocking-threads=8"
    address = "--host=127.0.0.1", f"--port={port}", "--no-ws"
    care = "--workers-kill-timeout=5", "--log-level=warning"
    return (
        sys.executable,
        "-m",
        "granian",
        "--interface=wsgi",
        *size,
        *address,
        *care,
        "holdfast.project.wsgi:application",
    )

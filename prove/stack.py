"""Holdfast as it runs in earnest, with a hand on every process: PostgreSQL, sandbox, web, worker, mail."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import httpx
import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Identifier

from holdfast.project.demo import HOST, WEB_THREADS, WEB_WORKERS
from holdfast.project.demo_home import empty_folder, keys
from holdfast.project.embedded import EmbeddedPostgres
from holdfast.project.processes import Program, kill_group
from tests.support.sandbox import Sandbox, free_port, start_sandbox

from .mailbox import Mailbox

DATABASE = "prove"
READY_WITHIN = 120.0  # seconds; it takes about four
OURS = ("HOLDFAST_", "SANDBOX_", "DATABASE_", "DJANGO_", "PORT")
# Load tests may lift what would only slow a crowd down that comes from one address.
LIFTED = (
    *("LIMIT_SIGN_IN", "LIMIT_REGISTER", "LIMIT_START_BY_ADDRESS", "LIMIT_START_BY_USER", "LIMIT_LOOK_UP"),
    *("LIMIT_BAD_WEBHOOK", "HOLDS_A_CUSTOMER", "HOLDS_AN_ADDRESS"),
)


WEBHOOKS = {
    "phonepe": "/api/payments/webhook/phonepe/",
    "stripe": "/api/public/hotel/room-bookings/stripe-webhook/",
}


class ProveFailed(Exception):
    """There is nothing to report: something did not start, or did not come back."""


class Stack:
    """Every process of one run; ``stop`` leaves none of them. ``database`` is another home for PostgreSQL."""

    def __init__(self, home: Path, *, database: Path | None = None) -> None:
        self.home = home
        self.postgres = EmbeddedPostgres(database or home)
        self.mailbox = Mailbox()
        self.url = f"http://{HOST}:{free_port()}"
        self.http = httpx.Client(base_url=self.url, timeout=10)  # for short questions, from any thread
        self.database_url = ""
        self.environment: dict[str, str] = {}
        self.ended_by_themselves: Counter[str] = Counter()
        self._closing = threading.Event()
        self._hands = threading.RLock()  # who starts or kills a program has it
        self.down: set[str] = set()  # what is killed and not started again yet: nobody else starts it
        self.programs: dict[str, Program] = {}
        self.sandbox: Sandbox

    def start_database(self) -> None:
        """An empty database with every migration; from here on our own environment is the application's."""
        for name in ("logs", "metrics"):
            empty_folder(self.home / name)
        for old in self.home.glob("sandbox.sqlite3*"):
            old.unlink()
        self.postgres.start()
        with psycopg.connect(self.postgres.url, autocommit=True) as connection:
            connection.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(DATABASE)))
            connection.execute(SQL("CREATE DATABASE {}").format(Identifier(DATABASE)))
        self.database_url = make_conninfo(self.postgres.url, dbname=DATABASE)  # the same after a restart
        self.sandbox = start_sandbox(data=self.books, webhook_url=self.webhook_url("phonepe"))
        stripe = replace(self.sandbox, gateway="stripe")
        stripe.add_merchant("HOLDFAST_DEMO", webhook_url=self.webhook_url("stripe"))
        self.environment = self._environment()
        self._manage("migrate", "--no-input")

    def start_programs(self, **settings: str) -> None:
        """Web and worker, looked after from now on: what ends by itself is started again.

        ``settings`` are environment variables of theirs: ``HOLDFAST_POOL="4"``.
        """
        environment = self.environment | settings
        granian = (sys.executable, "-m", "granian", "--interface=wsgi", "holdfast.project.wsgi:application")
        address = (f"--host={HOST}", f"--port={self.url.rpartition(':')[2]}", "--no-ws")
        size = (f"--workers={WEB_WORKERS}", f"--blocking-threads={WEB_THREADS}", "--workers-kill-timeout=5")
        worker = (sys.executable, "-m", "holdfast.project.worker")
        logs = self.home / "logs"
        self.programs = {
            "web": Program(
                *("web", *granian, *address, *size, "--log-level=warning"),
                environment=environment,
                logs=logs,
            ),
            "worker": Program("worker", *worker, environment=environment, logs=logs),
        }
        for program in self.programs.values():
            program.start()
        threading.Thread(target=self._look_after, name="supervisor", daemon=True).start()
        self.wait_until(self.answers, what="the site")

    @property
    def books(self) -> Path:
        """The sandbox's own file."""
        return self.home / "sandbox.sqlite3"

    def webhook_url(self, gateway: str) -> str:
        return f"{self.url}{WEBHOOKS[gateway]}"

    def answers(self) -> bool:
        """Whether the site says that it can serve, and a worker has been heard of."""
        with suppress(httpx.TransportError):
            return self.http.get("/healthz").status_code == 200
        return False

    def wait_until(self, there: Callable[[], bool], *, what: str, within: float = READY_WITHIN) -> None:
        """Come back when ``there()``. Raises ProveFailed."""
        deadline = time.monotonic() + within
        while not there():
            if time.monotonic() > deadline:
                raise ProveFailed(f"{what} did not come within {within:.0f} s; see {self.home / 'logs'}")
            time.sleep(0.1)

    def kill(self, name: str) -> None:
        """SIGKILL for a program and all that it has started. It stays down until ``bring_back``."""
        with self._hands:
            self.down.add(name)
            program = self.programs[name]
            if program.pid is not None:
                kill_group(program.pid)
                program.stop()

    def bring_back(self, name: str) -> None:
        with self._hands:
            self.programs[name].start()
            self.down.discard(name)

    def pause(self, name: str) -> None:
        """Stop a program as an operator would, until ``bring_back``."""
        with self._hands:
            self.down.add(name)
            self.programs[name].stop()

    def stop(self) -> None:
        """Everything that was started here, the database server last."""
        self._closing.set()
        with self._hands:
            for program in self.programs.values():
                program.stop()
        if self.environment:
            (self.home / "logs" / "sandbox.log").write_text(self.sandbox.stop())
        self.mailbox.close()
        self.postgres.stop(only_if_started_here=True)

    def _look_after(self) -> None:
        """As a process manager would: a program that has ended is started again."""
        while not self._closing.wait(0.5):
            with self._hands:
                for name, program in self.programs.items():
                    if name not in self.down and program.exit_code is not None and not self._closing.is_set():
                        self.ended_by_themselves[name] += 1
                        program.stop()
                        program.start()

    def _manage(self, *command: str) -> None:
        manage = (sys.executable, "-m", "holdfast.project.manage", *command)
        done = subprocess.run(manage, env=self.environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ProveFailed(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")

    def _environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        return {
            **inherited,
            **keys(self.home),
            **{f"HOLDFAST_{name}": "0" for name in LIFTED},
            "DATABASE_URL": self.database_url,
            "DATABASE_DIRECT_URL": self.database_url,
            "DJANGO_SETTINGS_MODULE": "holdfast.project.settings",
            "HOLDFAST_HOME": str(self.home),
            "HOLDFAST_PUBLIC_URL": self.url,
            "HOLDFAST_SANDBOX_URL": self.sandbox.url,
            "HOLDFAST_SMTP_HOST": self.mailbox.host,
            "HOLDFAST_SMTP_PORT": str(self.mailbox.port),
            "HOLDFAST_SMTP_TLS": "0",
            "HOLDFAST_WEB_THREADS": str(WEB_THREADS),
            "PROMETHEUS_MULTIPROC_DIR": str(self.home / "metrics"),
            "PYTHONUNBUFFERED": "1",
        }


def forget(home: Path) -> None:
    """Stop what is left of a home's server, and take the folder away."""
    EmbeddedPostgres(home).stop()
    shutil.rmtree(home, ignore_errors=True)

"""``make demo``: PostgreSQL, sandbox, worker, live and web server, in the foreground, until Ctrl-C.

Reads ``PORT`` (8000), ``SANDBOX_PORT`` (PORT + 1), ``LIVE_PORT`` (PORT + 2), ``HOLDFAST_HOME`` (.holdfast)
and ``DATABASE_URL``, which replaces the embedded server.
"""

from __future__ import annotations

import http.client
import os
import socket
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .demo_home import AlreadyRunning, empty_folder, keys, locked, note_running, note_stopped, stop_leftovers
from .embedded import EmbeddedPostgres
from .embedded_folders import EmbeddedPostgresError, make_home
from .processes import Program, Signals, StopRequested

HOST = "127.0.0.1"
READY_WITHIN = 120  # seconds
WEB_WORKERS, WEB_THREADS = 2, 16  # within the embedded server's 100 connections
PYTHON = sys.executable
MANAGE = (PYTHON, "-m", "holdfast.project.manage")

READY = """\
Holdfast is ready: {url}

  What can be booked    {url}/   (pujas with the code DISCOUNT10)
  The provider's desk   {url}/desk/
  Administration        {url}/admin/
  The API               {url}/api/docs/
  Live events           {url}/live/?channel=hotel-lake-view   (signed in as its staff)
  The payment sandbox   {sandbox}/control/faults
  Mail and logs         {home}/mail, {home}/logs

  Sign in with the password holdfast-demo as
    customer@demo.test, other@demo.test   who book and pay
    astrologer@demo.test                  who gives the consultations of Jyoti Astrology
    coach@demo.test, coach2@demo.test     who coach at Sportif Academy
    hotel-staff@demo.test                 at the reception of Hotel Lake View
    other-hotel-staff@demo.test           at the reception of Old Mill
    staff@demo.test                       at the desk of each business
    admin@demo.test                       of the platform

  Ctrl-C stops all of it; starting again keeps the data.
"""


class DemoFailed(Exception):
    """The demo cannot go on."""


@dataclass(frozen=True)
class Plan:
    """Where everything is to be, from the environment."""

    port: int
    sandbox_port: int
    live_port: int
    home: Path
    database_url: str | None
    started_at: int = field(default_factory=lambda: int(time.time()))

    @classmethod
    def from_environment(cls) -> Plan:
        port = _port("PORT", 8000)
        return cls(
            port=port,
            sandbox_port=_port("SANDBOX_PORT", port + 1),
            live_port=_port("LIVE_PORT", port + 2),
            home=Path(os.environ.get("HOLDFAST_HOME") or ".holdfast").resolve(),
            database_url=os.environ.get("DATABASE_URL") or None,
        )

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def sandbox_url(self) -> str:
        return f"http://{HOST}:{self.sandbox_port}"

    @property
    def live_url(self) -> str:
        return f"http://{HOST}:{self.live_port}"

    def environment(self, *, database_url: str) -> dict[str, str]:
        """What every program is started with. Keys and addresses that the operator has set win."""
        return {
            **keys(self.home),
            "HOLDFAST_PUBLIC_URL": self.url,
            "HOLDFAST_MAIL_DIR": str(self.home / "mail"),
            "HOLDFAST_WEB_THREADS": str(WEB_THREADS),
            **os.environ,
            "DATABASE_URL": database_url,
            "DJANGO_SETTINGS_MODULE": "holdfast.project.settings",
            "HOLDFAST_DEMO": "1",
            "HOLDFAST_STARTED_AT": str(self.started_at),
            "HOLDFAST_HOME": str(self.home),
            "HOLDFAST_LIVE_URL": self.live_url,
            "HOLDFAST_SANDBOX_URL": self.sandbox_url,
            "LIVE_HOST": HOST,
            "LIVE_PORT": str(self.live_port),
            "PROMETHEUS_MULTIPROC_DIR": str(self.home / "metrics"),
            "PYTHONUNBUFFERED": "1",
            "SANDBOX_DATA": str(self.home / "sandbox.sqlite3"),
            "SANDBOX_PORT": str(self.sandbox_port),
            "SANDBOX_PHONEPE_WEBHOOK_URL": f"{self.url}/api/payments/webhook/phonepe/",
            "SANDBOX_STRIPE_WEBHOOK_URL": f"{self.url}/api/public/hotel/room-bookings/stripe-webhook/",
        }


class Demo:
    """The supervisor. ``run`` is the story; ``stop`` undoes it in reverse, however far it got."""

    def __init__(self, plan: Plan, signals: Signals) -> None:
        self.plan, self.signals = plan, signals
        self.postgres = None if plan.database_url else EmbeddedPostgres(plan.home)
        self.programs: list[Program] = []  # in the order of their start

    def run(self) -> None:
        """Start everything, say so, and keep it running. Ends with StopRequested, or an error."""
        left_by_us = stop_leftovers(self.plan.home)
        if self.postgres:
            self.postgres.started_here = left_by_us
        self._check_ports()
        database_url = self._start_postgres()
        environment = self.plan.environment(database_url=database_url)
        empty_folder(self.plan.home / "metrics")
        (self.plan.home / "mail").mkdir(mode=0o700, exist_ok=True)
        self._start("sandbox", PYTHON, "-m", "sandbox", environment=environment)
        self._run_once("data", *MANAGE, "seed_demo", "--migrate", environment=environment)
        for name in ("worker", "notifier", "live"):
            self._start(name, PYTHON, "-m", f"holdfast.project.{name}", environment=environment)
        self._start("web", *self._granian(), environment=environment)
        self._wait_until_ready()
        say(READY.format(url=self.plan.url, sandbox=self.plan.sandbox_url, home=self.plan.home))
        while True:
            self.signals.pause(1)
            self._look_after()

    def stop(self) -> None:
        """Web, live, notifier, worker, sandbox, and then the database server if it is ours."""
        if self.programs:
            say("Stopping")
        for program in reversed(self.programs):
            program.stop()
        if self.postgres:
            self.postgres.stop(only_if_started_here=True)
        note_stopped(self.plan.home)

    def _check_ports(self) -> None:
        ports = {"PORT": self.plan.port, "SANDBOX_PORT": self.plan.sandbox_port}
        for name, port in (ports | {"LIVE_PORT": self.plan.live_port}).items():
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((HOST, port))
                except OSError as error:
                    hint = f"Choose another: {name}={port + 100} make demo"
                    raise DemoFailed(f"Port {port} cannot be had ({error.strerror}). {hint}") from None

    def _start_postgres(self) -> str:
        if self.postgres is None:
            return str(self.plan.database_url)
        say("Starting PostgreSQL")
        url = self.postgres.start()
        self._note_running()
        self.signals.pause(0)
        return url

    def _run_once(self, name: str, *command: str, environment: Mapping[str, str]) -> None:
        program = self._start(name, *command, environment=environment)
        while program.exit_code is None:
            self.signals.pause(1)
        if program.exit_code:
            raise _failure(program)
        self.programs.remove(program)

    def _start(self, name: str, *command: str, environment: Mapping[str, str]) -> Program:
        say(f"Starting {name}")
        program = Program(name, *command, environment=environment, logs=self.plan.home / "logs")
        program.start()
        self.programs.append(program)
        self._note_running()
        return program

    def _granian(self) -> tuple[str, ...]:
        size = f"--workers={WEB_WORKERS}", f"--blocking-threads={WEB_THREADS}"
        address = f"--host={HOST}", f"--port={self.plan.port}", "--no-ws"
        care = "--workers-kill-timeout=5", "--log-level=warning"
        application = "holdfast.project.wsgi:application"
        return (PYTHON, "-m", "granian", "--interface=wsgi", *size, *address, *care, application)

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_WITHIN
        answer = "nothing answers"
        while answer:
            self.signals.pause(0.1)
            for program in self.programs:
                if program.exit_code is not None:
                    raise _failure(program)
            if time.monotonic() > deadline:
                raise DemoFailed(f"Not ready within {READY_WITHIN} s: {answer}")
            # Web last, for it logs as an error that it is asked before the others are there.
            answer = _what_is_missing(self.plan.live_port) or _what_is_missing(self.plan.port)

    def _pass_on_errors(self) -> None:
        for program in self.programs:
            for line in program.new_errors():
                say(f"{program.name}: {line[:1000]}")

    def _look_after(self) -> None:
        """Pass on errors, and start again what has died."""
        self._pass_on_errors()
        if self.postgres and not self.postgres.running:
            say("PostgreSQL has stopped; starting it again")
            self.postgres.start()
        for program in self.programs:
            if program.start_again_at and program.start_again_at <= time.monotonic():
                program.stop()
                program.start()
                say(f"Started {program.name} again")
                self._note_running()
            elif program.exit_code is not None and not program.start_again_at:
                say(f"{_failure(program)}\nStarting it again in {program.back_off()} s")

    def _note_running(self) -> None:
        ours = self.postgres is not None and self.postgres.started_here
        note_running(self.plan.home, self.programs, postgres_is_ours=ours)


def _failure(program: Program) -> DemoFailed:
    log = f"{program.last_words()}\n(from {program.log})"
    return DemoFailed(f"{program.name} has ended with {program.exit_code}:\n{log}")


def _what_is_missing(port: int) -> str:
    """Nothing when /healthz answers 200, else what it said instead."""
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        answer = connection.getresponse()
        body = answer.read(2000).decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return f"/healthz: {error}"
    finally:
        connection.close()
    return "" if answer.status == 200 else f"/healthz answers {answer.status}: {body}"


def _port(name: str, default: int) -> int:
    value = os.environ.get(name) or str(default)
    if not value.isdecimal() or not 0 < int(value) < 65536:
        raise DemoFailed(f"{name} must be a port number from 1 to 65535, not {value!r}.")
    return int(value)


def say(text: str) -> None:
    try:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
    except OSError:  # nobody listens any more; that must not keep us from stopping everything
        sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115 - for the rest of our life


def main() -> int:
    signals = Signals()
    os.umask(0o077)
    try:
        plan = Plan.from_environment()
        make_home(plan.home)
        (plan.home / "logs").mkdir(exist_ok=True)
        with locked(plan.home):
            demo = Demo(plan, signals)
            try:
                demo.run()
            finally:
                demo.stop()
    except StopRequested:
        return 0
    except (DemoFailed, AlreadyRunning, EmbeddedPostgresError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

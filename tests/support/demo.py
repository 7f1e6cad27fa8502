"""The demo's supervisor as a process, as somebody at a terminal would have it."""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.sandbox import free_port

# One for all workers of a run, where everybody may pass through: the database's user must.
_RUN = os.environ.get("PYTEST_XDIST_TESTRUNUID") or str(os.getpid())
_SHARED = Path(tempfile.gettempdir()) / f"holdfast-demo-{_RUN}"
_USED = _SHARED / "home"
OURS = ("HOLDFAST_", "SANDBOX_", "DATABASE_", "DJANGO_", "LIVE_", "PORT")


class RunningDemo:
    """One supervisor, in a process group of its own as a terminal would have it."""

    def __init__(self, home: Path, **environment: str) -> None:
        self.home = home
        self.ports = free_port(), free_port(), free_port()
        self.said: list[str] = []
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        names = ("PORT", "SANDBOX_PORT", "LIVE_PORT")
        addresses = {name: str(port) for name, port in zip(names, self.ports, strict=True)}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "holdfast.project.demo"],
            env={**inherited, "HOLDFAST_HOME": str(home), **addresses, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    @property
    def ready(self) -> str:
        return f"Holdfast is ready: http://127.0.0.1:{self.ports[0]}\n"

    def wait_for(self, words: str) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.said.append(line)
            if words in line:
                return
        pytest.fail(f"{words!r} was never said, but:\n{''.join(self.said)}")

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal to the supervisor alone, and wait for it."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        assert self.process.stdout
        self.said.extend(self.process.stdout.readlines())
        return self.process.wait()


def used_home(home: Path) -> None:
    """Make this the home of a demo that has run before, so that it is soon ready: its data is there.

    For the first who asks one is started and stopped; everybody has a copy of what that has left. The folder
    that it is in must be open, as ``_SHARED`` is.
    """
    with _alone():
        if not _USED.exists():
            atexit.register(_forget)
            first = RunningDemo(_USED)
            first.wait_for("Starting worker")
            first.end()
            shutil.rmtree(_USED / "mail")  # its links are to another demo's addresses
        subprocess.run(["cp", "-a", _USED, home], check=True)


@contextmanager
def _alone() -> Iterator[None]:
    _SHARED.mkdir(mode=0o755, exist_ok=True)
    with (_SHARED / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _forget() -> None:
    with _alone():
        shutil.rmtree(_SHARED)

"""The demo's supervisor as a process, as somebody at a terminal would have it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.sandbox import free_port

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

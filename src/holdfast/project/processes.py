"""The programs that the demo runs: started, watched, started again, and never left behind."""

from __future__ import annotations

import os
import re
import select
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FrameType

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PATIENCE = 15  # seconds from asking a program to stop to killing it; a worker takes 10 to finish its jobs
BACK_OFF = (1, 2, 4, 8, 16, 30)  # seconds before it is started again, growing with each failure
STEADY = 60  # seconds of life after which earlier failures are forgotten
LONGEST_LOG = 10_000_000  # bytes; a longer one is set aside at the next start
ERROR = re.compile(r'"level": "(error|critical)"|\b(ERROR|CRITICAL)\b|^Traceback|^[\w.]+(Error|Exception)\b')


class StopRequested(Exception):
    """Ctrl-C, or a signal that means the same."""


class Signals:
    """Requests to stop, noticed only in ``pause``: whatever is half done is finished first."""

    def __init__(self) -> None:
        self.stop_requested = False
        self._awake, self._bell = socket.socketpair()
        for end in (self._awake, self._bell):
            end.setblocking(False)
        signal.set_wakeup_fd(self._bell.fileno(), warn_on_full_buffer=False)
        for number in STOPPING:
            if not (number == signal.SIGHUP and signal.getsignal(number) == signal.SIG_IGN):  # nohup
                signal.signal(number, self._note)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)  # so that the bell rings for it

    def pause(self, seconds: float) -> None:
        """Wait, though not past the end of a child. Raises StopRequested if we have been asked to stop."""
        if not self.stop_requested and select.select([self._awake], [], [], seconds)[0]:
            self._awake.recv(4096)
        if self.stop_requested:
            raise StopRequested

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.stop_requested = True


class Program:
    """One program in a process group of its own, with its log. It can be started again and again."""

    def __init__(self, name: str, *command: str, environment: Mapping[str, str], logs: Path) -> None:
        self.name, self.command, self.environment = name, command, environment
        self.log = logs / f"{name}.log"
        self.failures = 0
        self.start_again_at: float | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._read = 0

    def start(self) -> None:
        if self.log.exists() and self.log.stat().st_size > LONGEST_LOG:
            self.log.rename(self.log.with_suffix(".log.1"))
        self._read = self.log.stat().st_size if self.log.exists() else 0
        self._started_at, self.start_again_at = time.monotonic(), None
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own programs, and no shell
                self.command,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                process_group=0,
            )

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def exit_code(self) -> int | None:
        """None while it runs, or before it was ever started."""
        return self._process.poll() if self._process else None

    def back_off(self) -> int:
        """Note that it has failed, and say in how many seconds it is to be started again."""
        lived = time.monotonic() - self._started_at
        self.failures = 1 if lived > STEADY else self.failures + 1
        delay = BACK_OFF[min(self.failures, len(BACK_OFF)) - 1]
        self.start_again_at = time.monotonic() + delay
        return delay

    def stop(self) -> None:
        """Ask it to stop, wait, and leave nothing of its group behind."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        kill_group(self._process.pid)
        self._process = None

    def new_errors(self) -> Iterator[str]:
        """The lines of its log, since last asked, that speak of an error."""
        with self.log.open("rb") as log:
            log.seek(self._read)
            complete, newline, _ = log.read().rpartition(b"\n")
        self._read += len(complete + newline)
        return (line for line in complete.decode(errors="replace").splitlines() if ERROR.search(line))

    def last_words(self, *, lines: int = 20) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


def kill_group(leader: int) -> None:
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        return  # all of it has gone
    except PermissionError:
        return  # on macOS: all that is left of it are processes that have ended

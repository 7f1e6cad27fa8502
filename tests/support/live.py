"""The live process beside the tests, on their database, and somebody who listens to it."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from holdfast.project.processes import Program
from tests.support.processes import database_of_the_tests, wait_until_it_answers
from tests.support.sandbox import free_port

LIVE = (sys.executable, "-m", "holdfast.project.live")
NOTIFIER = (sys.executable, "-m", "holdfast.project.notifier")
SILENT_FOR = 30.0  # seconds after which a test gives up


@dataclass(frozen=True)
class Event:
    """One event as an EventSource would see it."""

    name: str
    data: Any
    id: str


class Listening:
    """An open stream. Its beats are no events; ``last_id`` is what a browser would come back with."""

    def __init__(self, answer: httpx.Response) -> None:
        self.answer, self.last_id = answer, ""
        self._lines = answer.iter_lines()

    def next(self) -> Event:
        """The next event, which is waited for."""
        found = next(self.events(), None)
        assert found is not None, "the stream has ended"
        return found

    def until(self, status: str) -> Event:
        """The event of a booking that has come so far. One that moved just before may be told of first."""
        return next(event for event in self.events() if event.data.get("status") == status)

    def events(self) -> Iterator[Event]:
        """Every event until the stream ends."""
        said: dict[str, str] = {}
        for line in self._lines:
            if line:
                name, _, value = line.partition(":")
                said[name] = value.removeprefix(" ")
                continue
            self.last_id = said.get("id", self.last_id)
            if "data" in said:
                yield Event(said.get("event", "message"), json.loads(said["data"]), self.last_id)
            said = {}


@dataclass
class Live:
    """A running live process."""

    url: str
    program: Program

    def get(self, *channels: str, **how: Any) -> httpx.Response:
        """The answer, where it is no stream."""
        with httpx.stream("GET", f"{self.url}/live/", **_asked(channels, how)) as answer:
            if answer.status_code != 200:
                answer.read()
            return answer

    @contextmanager
    def listening(self, *channels: str, **how: Any) -> Iterator[Listening]:
        """Listen to these channels: with ``cookies``, ``headers``, ``ticket``, ``last_id``."""
        with httpx.stream("GET", f"{self.url}/live/", **_asked(channels, how)) as answer:
            assert answer.status_code == 200, answer.read()
            yield Listening(answer)

    def connections(self) -> int:
        """How many streams are open, as an operator sees it."""
        said = httpx.get(f"{self.url}/metrics", timeout=SILENT_FOR).text
        found = re.search(r"^holdfast_live_connections (\d+)", said, re.MULTILINE)
        assert found is not None, said
        return int(found[1])

    def wait_until_nobody_listens(self) -> None:
        deadline = time.monotonic() + SILENT_FOR
        while self.connections():
            assert time.monotonic() < deadline, "somebody is still there"
            time.sleep(0.05)

    def kill(self) -> None:
        """End it as a power cut would, and start another on the same port."""
        assert self.program.pid is not None
        os.kill(self.program.pid, signal.SIGKILL)
        self.program.stop()

    def end(self) -> int:
        """Ask it to stop, as an operator does, and wait for it: what it exits with."""
        assert self.program.pid is not None
        os.kill(self.program.pid, signal.SIGTERM)
        deadline = time.monotonic() + SILENT_FOR
        while self.program.exit_code is None:
            assert time.monotonic() < deadline, "it does not end"
            time.sleep(0.05)
        return self.program.exit_code

    def start(self) -> None:
        self.program.start()
        wait_until_it_answers(f"{self.url}/healthz", [self.program])


def start_live(folder: Path, **settings: str) -> Live:
    """Start a live process on the database that the tests are connected to. The caller stops its program."""
    port = free_port()
    environment = _environment(folder) | {"LIVE_PORT": str(port)} | settings
    live = Live(f"http://127.0.0.1:{port}", Program("live", *LIVE, environment=environment, logs=folder))
    try:
        live.start()
    except BaseException:
        live.program.stop()
        raise
    return live


def start_notifier(folder: Path) -> Program:
    """Start what wakes live. The caller stops it."""
    program = Program("notifier", *NOTIFIER, environment=_environment(folder), logs=folder)
    program.start()
    return program


def _asked(channels: tuple[str, ...], how: Mapping[str, Any]) -> dict[str, Any]:
    also = {name: how[name] for name in ("ticket", "after") if name in how}
    headers = dict(how.get("headers", {}))
    if how.get("last_id"):
        headers["Last-Event-ID"] = how["last_id"]
    params = [*(("channel", channel) for channel in channels), *also.items()]
    return {"params": params, "headers": headers, "cookies": how.get("cookies"), "timeout": SILENT_FOR}


def _environment(folder: Path) -> dict[str, str]:
    database_url = database_of_the_tests()
    ours = {
        "DATABASE_URL": database_url,
        "DATABASE_DIRECT_URL": database_url,
        "DJANGO_SETTINGS_MODULE": "holdfast.project.settings",
        "HOLDFAST_HOME": str(folder),
        "HOLDFAST_POOL": "4",
    }
    return {**os.environ, **ours}

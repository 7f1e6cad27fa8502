"""``make demo``'s supervisor, as real processes: it comes up, keeps its data, and leaves nothing behind."""

from __future__ import annotations

import http.client
import os
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil  # type: ignore[import-untyped] # it ships no types
import psycopg
import pytest

from holdfast.project.embedded import EmbeddedPostgres
from tests.support.demo import RunningDemo, used_home

pytestmark = [pytest.mark.spec("OPS-1"), pytest.mark.timeout(180)]

Start = Callable[..., RunningDemo]


@pytest.fixture
def start_demo(open_folder: Path) -> Iterator[Start]:
    started: list[RunningDemo] = []

    def start(**environment: str) -> RunningDemo:
        started.append(RunningDemo(open_folder / "home", **environment))
        return started[-1]

    yield start
    for demo in started:
        if demo.process.poll() is None:
            demo.end()
    for left in programs_of(open_folder / "home"):
        left.kill()


@pytest.fixture
def used(open_folder: Path) -> None:
    """A demo has run from the home before, so that the next is soon ready."""
    used_home(open_folder / "home")


def programs_of(home: Path) -> list[psutil.Process]:
    """Every program that was started for this home, but the database server's."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("HOLDFAST_HOME") == str(home) and process.status() != "zombie":
                found.append(process)
        except psutil.Error:  # it has just ended, or is somebody else's
            continue
    return found


def program(home: Path, word: str) -> psutil.Process:
    """The program with this word in its command line: the eldest, where it has children of its own."""
    return min(
        (process for process in programs_of(home) if word in process.cmdline()), key=lambda found: found.pid
    )


def health(demo: RunningDemo) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", demo.ports[0], timeout=10)
    connection.request("GET", "/healthz")
    return connection.getresponse().status


def nothing_runs(home: Path) -> bool:
    return not programs_of(home) and not EmbeddedPostgres(home).running


def test_it_comes_up_stops_whole_and_keeps_its_data(start_demo: Start) -> None:
    first = start_demo()
    first.wait_for("Holdfast is ready")
    first_health = health(first)
    kept_keys = (first.home / "secrets.json").read_text()
    with psycopg.connect(EmbeddedPostgres(first.home).url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    first_end = first.end(), nothing_runs(first.home)

    second = start_demo()
    second.wait_for("Holdfast is ready")
    with psycopg.connect(EmbeddedPostgres(second.home).url) as connection:
        kept = connection.execute("SELECT answer FROM kept").fetchone()
    second_health = health(second)
    second_end = second.end(signal.SIGINT), nothing_runs(second.home)

    assert first.said.count(first.ready) == second.said.count(second.ready) == 1
    assert (first_health, second_health) == (200, 200)
    assert first_end == second_end == (0, True)
    assert kept == (42,)
    assert (second.home / "secrets.json").read_text() == kept_keys
    assert (second.home / "secrets.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.usefixtures("used")
def test_ctrl_c_reaches_the_whole_group_and_still_stops_in_order(start_demo: Start) -> None:
    demo = start_demo()
    demo.wait_for("Holdfast is ready")

    os.killpg(demo.process.pid, signal.SIGINT)

    assert demo.wait() == 0
    assert nothing_runs(demo.home)
    assert "Traceback" not in "".join(demo.said)


@pytest.mark.parametrize("moment", ["PostgreSQL", "data", pytest.param("web", marks=pytest.mark.long)])
def test_a_stop_during_start_up_leaves_nothing_running(start_demo: Start, moment: str) -> None:
    demo = start_demo()
    demo.wait_for(f"Starting {moment}")

    code = demo.end()

    assert code == 0
    assert nothing_runs(demo.home)
    assert demo.ready not in demo.said


def test_a_port_in_use_is_named_and_nothing_is_started(start_demo: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        demo = start_demo(PORT=port)

        code = demo.wait()

    assert code == 1
    assert f"Port {port} cannot be had (Address already in use)" in demo.said[0]
    assert nothing_runs(demo.home)


@pytest.mark.parametrize("port", ["eighty", "0", "65536", "-1"])
def test_a_port_that_is_none_is_refused(start_demo: Start, port: str) -> None:
    demo = start_demo(PORT=port)

    assert demo.wait() == 1
    assert demo.said == [f"PORT must be a port number from 1 to 65535, not {port!r}.\n"]


def test_a_second_demo_from_the_same_folder_is_refused(start_demo: Start) -> None:
    first = start_demo()
    first.wait_for("Starting PostgreSQL")

    second = start_demo()

    assert second.wait() == 1
    assert "".join(second.said) == f"Holdfast already runs from {first.home} (process {first.process.pid}).\n"
    assert first.process.poll() is None


@pytest.mark.usefixtures("used")
def test_what_a_killed_demo_left_running_is_stopped_by_the_next(start_demo: Start) -> None:
    killed = start_demo()
    killed.wait_for("Holdfast is ready")
    names = ("PORT", "SANDBOX_PORT", "LIVE_PORT")
    ports = {name: str(port) for name, port in zip(names, killed.ports, strict=True)}
    killed.process.kill()
    killed.process.wait()
    left = {process.pid for process in programs_of(killed.home)}

    heir = start_demo(**ports)
    heir.wait_for("Holdfast is ready")
    still_there = left & {process.pid for process in programs_of(heir.home)}
    code = heir.end()

    assert left
    assert not still_there
    assert code == 0
    assert nothing_runs(heir.home)


@pytest.mark.usefixtures("used")
def test_a_program_that_dies_is_started_again(start_demo: Start) -> None:
    demo = start_demo()
    demo.wait_for("Holdfast is ready")
    worker = program(demo.home, "holdfast.project.worker")

    worker.kill()
    demo.wait_for("worker has ended with -9")
    demo.wait_for("Started worker again")

    assert program(demo.home, "holdfast.project.worker").pid != worker.pid
    assert demo.end() == 0


def test_a_program_that_dies_at_the_start_ends_everything_with_its_words(start_demo: Start) -> None:
    demo = start_demo(DATABASE_URL="postgresql://nobody@127.0.0.1:1/nowhere")

    code = demo.wait()

    assert code == 1
    assert "data has ended with 1:" in "".join(demo.said)
    assert "Connection refused" in "".join(demo.said)
    assert not programs_of(demo.home)
    assert not (demo.home / "postgres").exists()

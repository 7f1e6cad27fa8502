"""The embedded PostgreSQL, really started: found again, recovered, and private."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
from pathlib import Path

import psutil  # type: ignore[import-untyped] # it ships no types
import psycopg
import pytest

from holdfast.project import embedded_folders
from holdfast.project.embedded import EmbeddedPostgres
from holdfast.project.embedded_folders import ACCOUNTS, LONGEST_SOCKET, binaries_for, make_home
from holdfast.project.system_user import SystemUser

pytestmark = [pytest.mark.spec("OPS-1"), pytest.mark.timeout(120)]

as_root_only = pytest.mark.skipif(
    os.geteuid() != 0, reason="NOT TESTED: only root can show that the server runs as somebody else"
)


def query(url: str, sql: str) -> object:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(sql)
        return cursor.fetchone()[0] if cursor.description else None  # type: ignore[index] # one row


def postmaster(server: EmbeddedPostgres) -> psutil.Process:
    return psutil.Process(int((server.data / "postmaster.pid").read_text().split()[0]))


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_second_start_finds_the_first_and_leaves_it_running(open_folder: Path) -> None:
    first, second = EmbeddedPostgres(open_folder / "home"), EmbeddedPostgres(open_folder / "home")

    url = first.start()
    same_url = second.start()
    second.stop(only_if_started_here=True)

    assert same_url == url
    assert query(url, "SELECT 1") == 1
    first.stop(only_if_started_here=True)
    assert not first.running


def test_two_starts_at_once_make_one_server(open_folder: Path) -> None:
    command = [sys.executable, "-m", "holdfast.project.embedded", "start", str(open_folder / "home")]

    starts = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    urls = {start.communicate()[0] for start in starts}

    assert [start.returncode for start in starts] == [0, 0, 0]
    assert len(urls) == 1


def test_the_database_is_utf8_sorts_alike_everywhere_and_keeps_what_it_commits(open_folder: Path) -> None:
    url = EmbeddedPostgres(open_folder / "home").start()

    query(url, "CREATE EXTENSION btree_gist")
    settings = {name: query(url, f"SHOW {name}") for name in ("fsync", "synchronous_commit", "TimeZone")}
    settings["port"] = query(url, "SHOW listen_addresses")

    sql = "SELECT concat_ws(' ', pg_encoding_to_char(encoding), datlocprovider, datlocale) FROM pg_database"
    assert query(url, f"{sql} WHERE datname = current_database()") == "UTF8 b C.UTF-8"
    assert settings == {"fsync": "on", "synchronous_commit": "on", "TimeZone": "UTC", "port": ""}


def test_a_killed_server_recovers_with_its_data(open_folder: Path) -> None:
    server = EmbeddedPostgres(open_folder / "home")
    query(server.start(), "CREATE TABLE kept AS SELECT 42 AS answer")

    postmaster(server).send_signal(signal.SIGKILL)
    url = EmbeddedPostgres(open_folder / "home").start()

    assert query(url, "SELECT answer FROM kept") == 42


def test_a_pid_that_now_belongs_to_another_program_does_not_stop_a_start(open_folder: Path) -> None:
    server = EmbeddedPostgres(open_folder / "home")
    server.start()
    kept = {path: path.read_text() for path in lock_files(server)}
    pid = kept[server.data / "postmaster.pid"].split()[0]
    server.stop()
    # The server must be able to signal the impostor, or it would not be deceived: run it as the same user.
    impostor = subprocess.Popen(["sleep", "600"], user=server.user.uid if os.geteuid() == 0 else None)
    for path, text in kept.items():
        path.write_text(text.replace(pid, str(impostor.pid), 1))
        server.user.own(path)

    url = EmbeddedPostgres(open_folder / "home").start()

    assert query(url, "SELECT 1") == 1
    assert impostor.poll() is None
    impostor.kill()
    impostor.wait()


def lock_files(server: EmbeddedPostgres) -> list[Path]:
    return [server.data / "postmaster.pid", server.sockets / ".s.PGSQL.5432.lock"]


def test_an_interrupted_first_start_leaves_nothing_half_made(open_folder: Path) -> None:
    home = open_folder / "home"
    make_home(home)
    half_made = home / "postgres.new-1234"
    half_made.mkdir()
    (half_made / "PG_VERSION").write_text("18\n")

    url = EmbeddedPostgres(home).start()

    assert query(url, "SELECT 1") == 1
    assert not half_made.exists()


def test_only_the_server_s_user_and_we_reach_the_socket(open_folder: Path) -> None:
    server = EmbeddedPostgres(open_folder / "home")
    url = server.start()

    assert (mode(server.sockets), mode(server.data)) == (0o700, 0o700)
    assert server.sockets.stat().st_uid == server.user.uid
    with pytest.raises(psycopg.OperationalError, match=r"no pg_hba\.conf entry"):
        query(url.replace("holdfast@", "postgres@"), "SELECT 1")


@as_root_only
def test_a_user_the_server_does_not_know_is_refused_even_at_the_socket(open_folder: Path) -> None:
    server = EmbeddedPostgres(open_folder / "home")
    url = server.start()
    for path in (server.home, server.sockets, server.sockets / ".s.PGSQL.5432"):
        path.chmod(0o777)
    stranger = SystemUser.first_of(("daemon",))

    refused = stranger.run(server.binaries / "psql", url, "-c", "SELECT 1", cwd=Path("/"))

    assert "Peer authentication failed" in refused.stderr


@as_root_only
def test_root_s_server_runs_as_somebody_else_inside_a_home_it_can_reach(open_folder: Path) -> None:
    server = EmbeddedPostgres(open_folder / "home")

    server.start()

    assert postmaster(server).username() in ACCOUNTS
    assert server.base == open_folder / "home"
    assert (mode(open_folder), mode(open_folder / "home")) == (0o755, 0o710)


@as_root_only
def test_under_root_s_private_folder_data_goes_elsewhere_and_nothing_is_opened(closed_folder: Path) -> None:
    before = {path: mode(path) for path in closed_folder.parents}
    server = EmbeddedPostgres(closed_folder / "home")

    query(server.start(), "CREATE TABLE kept AS SELECT 42 AS answer")
    server.stop()
    again = EmbeddedPostgres(closed_folder / "home")

    assert query(again.start(), "SELECT answer FROM kept") == 42
    assert again.base == Path((closed_folder / "home" / "postgres-location").read_text().strip())
    assert (again.base / "belongs-to").read_text().strip() == str(closed_folder / "home")
    assert (mode(closed_folder), mode(closed_folder / "home")) == (0o700, 0o700)
    assert before == {path: mode(path) for path in closed_folder.parents}


@as_root_only
def test_binaries_that_the_server_s_user_cannot_reach_are_copied(
    open_folder: Path, closed_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = binaries_for(SystemUser.ourselves()).parents[1]
    for part in (package, package.with_suffix(".libs")):
        shutil.copytree(part, closed_folder / part.name)
    monkeypatch.syspath_prepend(str(closed_folder))
    monkeypatch.setattr(embedded_folders, "OUTSIDE", open_folder / "outside")
    server = EmbeddedPostgres(open_folder / "home")

    url = server.start()

    assert query(url, "SELECT 1") == 1
    assert server.binaries.is_relative_to(open_folder / "outside")
    assert mode(closed_folder) == 0o700


def test_a_home_too_deep_for_a_socket_gets_a_short_one_elsewhere(open_folder: Path) -> None:
    home = open_folder / "home" / ("deep" * 20) / 'o\'er "the" $HILLS, `far`'
    home.parent.mkdir(parents=True)
    server = EmbeddedPostgres(home)

    url = server.start()

    assert query(url, "SELECT 1") == 1
    assert len(str(server.sockets)) < LONGEST_SOCKET
    assert not server.sockets.is_relative_to(home)
    assert (mode(server.sockets), server.sockets.stat().st_uid) == (0o700, server.user.uid)
    server.stop()
    server.sockets.rmdir()


def test_the_command_starts_names_and_stops_a_server(open_folder: Path) -> None:
    answers = [embedded(verb, open_folder / "home") for verb in ("url", "start", "url", "stop", "url")]

    none, url, same_url, stopped, none_again = answers
    assert (none.returncode, none_again.returncode) == (1, 1)
    assert "No PostgreSQL runs in" in none.stderr
    assert url.stdout.startswith("postgresql://holdfast@/holdfast?host=")
    assert same_url.stdout == url.stdout
    assert (stopped.returncode, stopped.stdout) == (0, "")


def embedded(verb: str, home: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "holdfast.project.embedded", verb, str(home)]
    return subprocess.run(command, capture_output=True, text=True, check=False)

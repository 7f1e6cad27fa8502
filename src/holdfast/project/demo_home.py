"""What the demo keeps in HOLDFAST_HOME beside the database: its keys, its lock, what it has running."""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped] # it ships no types

from .processes import PATIENCE, Program, kill_group


class AlreadyRunning(Exception):
    """Another demo runs from this folder."""


@contextlib.contextmanager
def locked(home: Path) -> Iterator[None]:
    """Hold the folder for ourselves. Raises AlreadyRunning when another demo has it."""
    path = home / "demo.lock"
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = path.read_text().strip()
            raise AlreadyRunning(f"Holdfast already runs from {home} (process {holder}).") from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


def keys(home: Path) -> dict[str, str]:
    """The demo's secret keys, made once and kept. Losing the file loses what they have encrypted."""
    path = home / "secrets.json"
    if not path.exists():
        made = {
            "HOLDFAST_SECRET_KEY": secrets.token_urlsafe(48),
            "HOLDFAST_TOKEN_KEY": secrets.token_urlsafe(48),
            "HOLDFAST_ENCRYPTION_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        }
        _write_private(path, made)
    kept: dict[str, str] = json.loads(path.read_text())
    return kept


def empty_folder(path: Path) -> None:
    """Make a folder for what is of no use to the next start."""
    if path.exists():
        shutil.rmtree(path)
    path.mkdir()


def note_running(home: Path, programs: list[Program], *, postgres_is_ours: bool) -> None:
    """Write down what runs, for the next demo to stop should this one be killed."""
    pids = [program.pid for program in programs if program.pid and program.exit_code is None]
    started = {str(pid): psutil.Process(pid).create_time() for pid in pids if psutil.pid_exists(pid)}
    _write_private(home / "running.json", {"programs": started, "postgres_is_ours": postgres_is_ours})


def note_stopped(home: Path) -> None:
    (home / "running.json").unlink(missing_ok=True)


def stop_leftovers(home: Path) -> bool:
    """Stop what a killed demo left running. True when the database server was started by it too."""
    path = home / "running.json"
    if not path.exists():
        return False
    noted = json.loads(path.read_text())
    leftovers = [found for found in psutil.process_iter() if _is_noted(found, noted["programs"])]
    for leftover in leftovers:
        with contextlib.suppress(psutil.NoSuchProcess):
            leftover.terminate()
    deadline = time.monotonic() + PATIENCE
    while (
        any(_is_noted(leftover, noted["programs"]) for leftover in leftovers) and time.monotonic() < deadline
    ):
        time.sleep(0.05)
    for leftover in leftovers:
        kill_group(leftover.pid)
    return bool(noted["postgres_is_ours"])


def _is_noted(process: psutil.Process, started: dict[str, float]) -> bool:
    """Whether it runs, and is the one that was noted: the same pid at another time is another program."""
    try:
        same = started.get(str(process.pid)) == process.create_time()
        return bool(same and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def _write_private(path: Path, content: dict[str, Any]) -> None:
    """Whole or not at all, and readable by us alone."""
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(content, file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)

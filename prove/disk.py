"""A small disk of its own for the database. Making one needs root."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .stack import ProveFailed

SIZE = "400m"


class NoDisk(ProveFailed):
    """No disk can be made here."""


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system in memory, gone at the end. Raises NoDisk where we may not mount one."""
    folder.mkdir(exist_ok=True)
    done = _run("mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=0711", "tmpfs", str(folder))
    if done:
        raise NoDisk(done)
    try:
        yield folder
    finally:
        _run("umount", "--lazy", str(folder))


def require_on(disk: Path, data: Path) -> None:
    """Raises NoDisk when the database keeps its data elsewhere."""
    if not data.is_relative_to(disk):
        raise NoDisk("The database's own user cannot reach the folder that it would be in.")


def _run(*command: str) -> str:
    """What went wrong; nothing if all went well."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        return str(error)
    return done.stderr.strip() if done.returncode else ""

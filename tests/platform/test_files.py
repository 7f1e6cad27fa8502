"""Files: what is kept of what people send, and that a row and its bytes come and go together."""

from __future__ import annotations

import errno
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from time import sleep
from typing import Any

import pytest
from django.conf import settings as configured
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from holdfast.kernel.errors import Invalid, NotFound, StorageFailed, TooMany
from holdfast.platform import pictures
from holdfast.platform.db import transaction as flow
from holdfast.platform.files import (
    content_of,
    file_by_key,
    path_of,
    remove,
    storage,
    store,
)
from holdfast.platform.models import StoredFile, User
from holdfast.platform.orphans import sweep_orphans
from holdfast.platform.purposes import PURPOSES, SERVED_AS, Kind
from holdfast.platform.storage import FilesOnDisk
from tests.support.pictures import BLUE, HTML, PDF, RED, SVG, opened, picture, upload
from tests.support.practice import NOW
from tests.support.racing import kinds, race, waiting_for_locks

A_DAY = timedelta(days=1)
PLACE = "Pune, at home"
PATIENCE = 1500  # looks, a fiftieth of a second apart


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: Any) -> Path:
    """A folder of its own for each test's files."""
    settings.STORAGES = configured.STORAGES | {
        "files": {
            "BACKEND": "holdfast.platform.storage.FilesOnDisk",
            "OPTIONS": {"location": str(tmp_path / "files")},
        }
    }
    return tmp_path / "files"


def kept(content: bytes, *, purpose: str = "transfer_slip", owner: User | None = None) -> StoredFile:
    return store(upload(content), owner=owner, purpose=purpose, now=NOW)


def on_disk(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def refusal(content: bytes, purpose: str = "transfer_slip") -> list[str]:
    """What the sender is told is wrong with the file; nothing of it stays."""
    with pytest.raises(Invalid) as refused:
        kept(content, purpose=purpose)
    assert list(refused.value.fields) == ["file"]
    assert StoredFile.objects.count() == 0
    return refused.value.fields["file"]


# What a file is


@pytest.mark.parametrize(
    ("form", "kind"), [("JPEG", Kind.JPEG), ("PNG", Kind.PNG), ("GIF", Kind.PNG), ("WEBP", Kind.WEBP)]
)
def test_a_picture_is_kept_as_what_it_is_whatever_it_is_called(db: None, form: str, kind: str) -> None:
    sent = upload(picture(form), name="../../etc/passwd.html", called="text/html")

    stored = store(sent, owner=None, purpose="transfer_slip", now=NOW)

    content = content_of(stored)
    assert stored.kind == kind
    assert SERVED_AS[kind][0] == f"image/{opened(content).format.lower()}"  # type: ignore[union-attr] # it has one
    assert (stored.size, stored.sha256) == (len(content), sha256(content).hexdigest())


def test_a_document_is_kept_as_it_came(db: None, customer: User) -> None:
    stored = store(upload(PDF), owner=customer, purpose="document", business_id=7, now=NOW)

    assert content_of(stored) == PDF
    assert (stored.kind, stored.owner, stored.business_id) == (Kind.PDF, customer, 7)
    assert file_by_key(stored.key) == stored


@pytest.mark.parametrize(
    "content",
    [
        HTML,
        SVG,
        b"MZ\x90\x00",
        b"GIF8",
        b" %PDF-1.7",
        b"<?php ",
        b"RIFF\x00\x00\x00\x00WAVE",
        picture("BMP"),
        picture("TIFF"),
        picture("ICO"),
    ],
)
def test_whatever_else_it_is_is_refused(db: None, folder: Path, content: bytes) -> None:
    assert refusal(content) == ["This must be a JPEG picture, PNG picture, WebP picture or PDF document."]
    assert on_disk(folder) == []


def test_each_purpose_says_what_it_takes(db: None) -> None:
    assert refusal(PDF, "profile_picture") == ["This must be a JPEG picture, PNG picture or WebP picture."]
    assert refusal(b"") == ["This file is empty."]
    assert refusal(b"x" * (5 * 1024 * 1024 + 1), "profile_picture") == ["This file is larger than 5 MB."]


def test_all_that_is_public_is_a_picture() -> None:
    public = [purpose for purpose in PURPOSES.values() if purpose.is_public]

    assert public
    assert all(Kind.PDF not in purpose.kinds for purpose in public)


# Pictures are drawn anew


def secretive(form: str) -> bytes:
    """A picture that says where it was taken, and has a program behind it."""
    exif = Image.Exif()
    exif[0x010E] = PLACE
    also: dict[str, Any] = {"comment": PLACE.encode()} if form == "JPEG" else {}
    return picture(form, exif=exif, icc_profile=PLACE.encode(), **also) + HTML


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_of_a_picture_only_what_it_shows_is_kept(db: None, form: str) -> None:
    sent = secretive(form)
    assert PLACE.encode() in sent

    content = content_of(kept(sent))

    assert PLACE.encode() not in content
    assert b"script" not in content
    assert dict(opened(content).getexif()) == {}
    assert "icc_profile" not in opened(content).info


def test_a_picture_is_kept_upright(db: None) -> None:
    lying = Image.new("RGB", (40, 20), RED)
    lying.paste(BLUE, (0, 0, 20, 20))  # its left half: what is at the top once it is turned to the right
    exif = Image.Exif()
    exif[0x0112] = 6
    sent = BytesIO()
    lying.save(sent, "PNG", exif=exif)

    shown = opened(content_of(kept(sent.getvalue())))

    assert shown.size == (20, 40)
    assert (shown.getpixel((10, 5)), shown.getpixel((10, 35))) == (BLUE, RED)


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_a_large_picture_is_made_smaller_in_proportion(db: None, form: str) -> None:
    stored = kept(picture(form, size=(4000, 1000)), purpose="profile_picture")

    assert opened(content_of(stored)).size == (1024, 256)


def test_what_is_transparent_stays_so(db: None) -> None:
    stored = kept(picture("PNG", mode="RGBA", color=(*RED, 0)))

    assert opened(content_of(stored)).getpixel((0, 0)) == (*RED, 0)


@pytest.mark.parametrize(
    ("form", "mode", "color"), [("JPEG", "CMYK", 0), ("PNG", "P", 0), ("PNG", "1", 1), ("PNG", "I;16", 9)]
)
def test_pictures_of_every_make_can_be_kept(db: None, form: str, mode: str, color: Any) -> None:
    stored = kept(picture(form, mode=mode, color=color))

    assert opened(content_of(stored)).size == (40, 20)


def test_of_an_animation_the_first_picture_is_kept(db: None) -> None:
    animation = BytesIO()
    Image.new("RGB", (8, 8), RED).save(
        animation, "GIF", save_all=True, append_images=[Image.new("RGB", (8, 8), BLUE)]
    )

    shown = opened(content_of(kept(animation.getvalue())))

    assert getattr(shown, "n_frames", 1) == 1
    assert shown.convert("RGB").getpixel((0, 0)) == RED


@pytest.mark.parametrize("side", [7_000, 20_000])
def test_a_picture_that_would_fill_the_memory_is_refused_unread(db: None, folder: Path, side: int) -> None:
    bomb = picture("PNG", size=(side, side), mode="1", color=0)
    assert len(bomb) < 100_000

    assert refusal(bomb) == ["This picture has more than 40 million pixels."]
    assert on_disk(folder) == []


def test_a_picture_that_breaks_off_is_refused(db: None, folder: Path) -> None:
    for form in ("JPEG", "PNG", "GIF", "WEBP"):
        whole = picture(form, size=(400, 400))

        assert refusal(whole[: len(whole) // 2]) == ["This picture is damaged and cannot be read."], form
    assert on_disk(folder) == []


@settings(
    max_examples=150, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)
@given(data=st.data())
def test_whatever_is_done_to_a_picture_it_is_drawn_or_refused(data: st.DataObject) -> None:
    form = data.draw(st.sampled_from(["JPEG", "PNG", "GIF", "WEBP"]))
    content = bytearray(secretive(form))
    for place in data.draw(st.lists(st.integers(4, len(content) - 1), max_size=20)):
        content[place] = data.draw(st.integers(0, 255))

    refused: Invalid | None = None
    drawn = b""
    try:
        drawn = pictures.drawn_anew(bytes(content), sent_as=form, kept_as="png", longest_side=64)
    except Invalid as no:
        refused = no

    assert list(refused.fields) == ["file"] if refused else max(opened(drawn).size) <= 64


def test_who_waits_too_long_for_a_turn_is_told_so(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "WAITS", 0)

    with pictures._turn(), pictures._turn(), pytest.raises(StorageFailed):
        kept(picture())

    assert kept(picture()).kind == Kind.JPEG  # the turns have been given back


# Bytes first, then the row


class FullDisk(FilesOnDisk):
    """Has room for what is there, and for the first bytes of what comes."""

    def _save(self, name: str, content: Any) -> str:
        return super()._save(name, Breaking(content.read()))


class Breaking(ContentFile[bytes]):
    def chunks(self, chunk_size: int | None = None) -> Any:
        yield self.read(10)
        raise OSError(errno.ENOSPC, "No space left on device")


def use(settings: Any, storage_class: type[FileSystemStorage], folder: Path) -> None:
    backend = f"{storage_class.__module__}.{storage_class.__qualname__}"
    settings.STORAGES = settings.STORAGES | {
        "files": {"BACKEND": backend, "OPTIONS": {"location": str(folder)}}
    }


def test_a_full_disk_is_said_to_be_so_and_leaves_nothing_half_written(
    db: None, folder: Path, settings: Any
) -> None:
    before = kept(PDF)
    use(settings, FullDisk, folder)

    with pytest.raises(StorageFailed):
        kept(picture())

    assert on_disk(folder) == [path_of(before.key)]
    assert StoredFile.objects.get() == before
    assert content_of(before) == PDF


def test_a_row_that_cannot_be_written_leaves_an_orphan_for_the_sweep(db: None, folder: Path) -> None:
    gone = User(pk=999_999)

    with pytest.raises(User.DoesNotExist):
        kept(PDF, owner=gone)

    assert len(on_disk(folder)) == 1
    assert StoredFile.objects.count() == 0


def test_bytes_that_somebody_lost_are_said_to_be_unreadable(db: None, folder: Path) -> None:
    stored = kept(PDF)
    (folder / path_of(stored.key)).unlink()

    with pytest.raises(StorageFailed):
        content_of(stored)


def test_files_are_ours_alone_to_read(db: None, folder: Path) -> None:
    path = folder / path_of(kept(PDF).key)

    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_file_is_removed_with_its_row_and_not_before_that_is_certain(db: None, folder: Path) -> None:
    stored = kept(PDF)

    with flow():
        remove(StoredFile.objects.get())
        assert content_of(stored) == PDF

    assert on_disk(folder) == []
    with pytest.raises(NotFound):
        file_by_key(stored.key)


@pytest.mark.parametrize(
    "change", [{"key": "0" * 32}, {"purpose": "document"}, {"sha256": "0" * 64}, {"kind": "png"}]
)
def test_what_a_file_is_never_changes(db: None, change: dict[str, str]) -> None:
    kept(PDF)

    with pytest.raises(IntegrityError), transaction.atomic():
        StoredFile.objects.update(**change)


@pytest.mark.parametrize("wrong", [{"key": "../../etc/passwd"}, {"kind": "exe"}, {"size": 0}])
def test_the_database_refuses_a_row_of_no_file_of_ours(db: None, wrong: dict[str, Any]) -> None:
    right = {"key": "0" * 32, "purpose": "document", "kind": "pdf", "size": 1, "created_at": NOW}

    with pytest.raises(IntegrityError), transaction.atomic():
        StoredFile.objects.create(**right | wrong)


# A day's share


def test_who_has_sent_a_days_share_goes_on_tomorrow(db: None, customer: User, settings: Any) -> None:
    settings.HOLDFAST_FILE_BYTES_A_DAY = 2 * len(PDF)
    share = [kept(PDF, owner=customer), kept(PDF, owner=customer)]

    with pytest.raises(TooMany) as refused:
        kept(PDF, owner=customer)

    midnight = NOW.replace(hour=0) + A_DAY - timedelta(minutes=30)
    assert refused.value.retry_after == (midnight - NOW).total_seconds() + 1
    assert list(StoredFile.objects.order_by("pk")) == share
    assert store(upload(PDF), owner=customer, purpose="document", now=NOW + A_DAY).owner == customer


def test_a_refused_file_leaves_no_bytes(db: None, folder: Path, customer: User, settings: Any) -> None:
    settings.HOLDFAST_FILE_BYTES_A_DAY = 1

    with pytest.raises(TooMany):
        kept(PDF, owner=customer)

    assert on_disk(folder) == []


def all_at_once(customer: User) -> dict[str, int]:
    """What becomes of eight uploads of which none writes its row before all have come as far as they can."""
    with ThreadPoolExecutor(1) as thread:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("LOCK TABLE holdfast_platform_storedfile IN SHARE MODE")  # let them count only
            racing = thread.submit(race, [lambda: kept(PDF, owner=customer)] * 8)
            wait_until_eight_wait()
        return kinds(racing.result())


def wait_until_eight_wait() -> None:
    for _ in range(PATIENCE):
        if waiting_for_locks() == 8:
            return
        sleep(0.02)
    pytest.fail("they do not meet")


def test_a_share_holds_however_many_send_at_once(db: None, customer: User, settings: Any) -> None:
    settings.HOLDFAST_FILE_BYTES_A_DAY = 3 * len(PDF)

    assert all_at_once(customer) == {"StoredFile": 3, "TooMany": 5}


def test_without_the_owners_lock_more_than_a_share_is_kept(
    db: None, customer: User, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.HOLDFAST_FILE_BYTES_A_DAY = 3 * len(PDF)
    monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, **_: rows)
    monkeypatch.setattr(type(User.objects), "select_for_update", lambda people, **_: people.all())

    assert all_at_once(customer) == {"StoredFile": 8}


def test_what_is_ours_counts_for_nobody(db: None, settings: Any) -> None:
    settings.HOLDFAST_FILE_BYTES_A_DAY = 1

    assert kept(PDF, owner=None).size == len(PDF)


# The sweep


def aged(folder: Path, name: str, *, by: timedelta) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"left behind")
    moment = (NOW - by).timestamp()
    os.utime(path, (moment, moment))
    return path


def test_the_sweep_takes_old_files_that_no_row_names_and_nothing_else(db: None, folder: Path) -> None:
    stored = kept(PDF)
    moment = (NOW - 9 * A_DAY).timestamp()
    os.utime(folder / path_of(stored.key), (moment, moment))
    old = [aged(folder, name, by=2 * A_DAY) for name in ("ab/ab01", "ff/ff02.part")]
    young = aged(folder, "ab/ab03", by=A_DAY - timedelta(minutes=1))

    swept = sweep_orphans(now=NOW)

    assert swept == 2
    assert not any(path.exists() for path in old)
    assert young.exists()
    assert content_of(stored) == PDF
    assert sweep_orphans(now=NOW) == 0


def test_the_sweep_reports_a_row_without_its_bytes(
    db: None, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    stored = kept(PDF)
    (folder / path_of(stored.key)).unlink()

    swept = sweep_orphans(now=NOW)

    assert swept == 0
    assert [record.levelname for record in caplog.records if "file_lost" in record.getMessage()] == ["ERROR"]
    assert stored.key in caplog.text
    assert StoredFile.objects.get() == stored


def test_a_sweep_before_the_first_file_finds_nothing(db: None) -> None:
    assert sweep_orphans(now=NOW) == 0


def test_the_folder_is_djangos_to_exchange(db: None, tmp_path: Path, settings: Any) -> None:
    use(settings, FileSystemStorage, tmp_path / "elsewhere")

    stored = kept(PDF)

    assert on_disk(tmp_path / "elsewhere") == [path_of(stored.key)]
    assert storage().size(path_of(stored.key)) == len(PDF)

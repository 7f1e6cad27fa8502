"""Files over HTTP: who may send what, who may have it back, and how a browser is told to treat it."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.handlers.wsgi import WSGIHandler
from django.test import Client, RequestFactory
from django.urls import resolve

from holdfast.kernel.clock import utc_now
from holdfast.platform.models import StoredFile, User
from holdfast.platform.purposes import MOST_BYTES, PURPOSES
from holdfast.web.bodies import LONGER
from holdfast.web.chunked import with_length
from holdfast.web.tokens import issue
from tests.support.booked import api_of
from tests.support.pictures import HTML, PDF, opened, picture, upload
from tests.support.practice import Api, Practice, new_member, new_practice, new_user
from tests.support.sandbox import Sandbox

FILES = "/api/files/"
KEY = {"Idempotency-Key": "0123456789abcdef"}


def send(api: Client, content: bytes = PDF, *, purpose: str = "transfer_slip", **more: Any) -> Any:
    said: dict[str, Any] = {"purpose": purpose, "file": upload(content, name="../x.html", called="text/html")}
    return api.post(FILES, said | more.pop("fields", {}), **more)


def sent(api: Client, content: bytes = PDF, **more: Any) -> str:
    """The address of a file that has just been sent."""
    answer = send(api, content, **more)
    assert answer.status_code == 201, answer.content
    return str(answer.json()["url"])


# Sending


def test_a_file_is_kept_and_found_at_its_address(api: Api, customer: User) -> None:
    answer = send(api)

    stored = StoredFile.objects.get()
    assert answer.status_code == 201
    assert answer.json() == {
        "key": stored.key,
        "url": f"/api/files/{stored.key}/",
        "purpose": "transfer_slip",
        "content_type": "application/pdf",
        "size": len(PDF),
    }
    assert stored.owner == customer
    assert api.get(answer.json()["url"]).content == PDF


@pytest.mark.spec("GEN-5", "BC-22")
@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"file": upload(HTML)}, "file"),
        ({"file": upload(b"")}, "file"),
        ({"file": "not a file"}, "file"),
        ({"purpose": "anything"}, "purpose"),
        ({"purpose": ""}, "purpose"),
        ({"purpose": "profile_picture"}, "file"),
        ({"business": "no-such-business"}, "business"),
        ({"business": "a\x00b"}, "business"),
        ({"business": "x" * 51}, "business"),
    ],
)
def test_what_cannot_be_kept_is_told_by_field(api: Api, fields: dict[str, Any], wrong: str) -> None:
    answer = send(api, fields=fields)

    assert answer.status_code == 400
    assert list(answer.json()) == [wrong]
    assert StoredFile.objects.count() == 0


@pytest.mark.spec("GEN-5")
@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b'{"purpose": "document"}'),
        ("multipart/form-data", b"--x"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data; name="),
        ("multipart/form-data; boundary=x", b""),
    ],
)
def test_a_form_that_is_none_is_400(api: Api, content_type: str, body: bytes) -> None:
    assert api.post(FILES, body, content_type=content_type).status_code == 400
    assert StoredFile.objects.count() == 0


@pytest.mark.spec("GEN-2")
@pytest.mark.parametrize("role", ["payer", "provider", "other_staff", "nobody"])
def test_only_who_runs_a_business_shows_pictures_in_its_name(
    practice: Practice, sandbox: Sandbox, customer: User, role: str
) -> None:
    other = new_practice(sandbox, slug="other")
    users = {
        "payer": customer,
        "provider": new_member(practice, "provider"),
        "other_staff": new_member(other, "staff"),
    }
    api = api_of(users[role]) if role in users else Api()

    answer = send(api, picture(), purpose="service_picture", fields={"business": practice.business.slug})

    assert answer.status_code == (401 if role == "nobody" else 400)
    assert StoredFile.objects.count() == 0


@pytest.mark.parametrize("role", ["owner", "manager", "staff"])
def test_who_runs_a_business_shows_pictures_in_its_name(practice: Practice, role: str) -> None:
    api = api_of(new_member(practice, role))

    address = sent(api, picture(), purpose="service_picture", fields={"business": practice.business.slug})

    assert StoredFile.objects.get().business_id == practice.business.pk
    assert Api().get(address).status_code == 200


@pytest.mark.spec("GEN-1")
def test_a_session_sends_files_with_its_csrf_token_only(db: None, customer: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(customer)
    browser.get("/sign-in/")

    refused = send(browser)
    assert (refused.status_code, StoredFile.objects.count()) == (403, 0)
    token = browser.cookies["csrftoken"].value if "csrftoken" in browser.cookies else ""
    accepted = send(browser, headers={"X-CSRFToken": token})

    assert token
    assert accepted.status_code == 201


@pytest.mark.spec("GEN-6")
def test_a_day_has_a_share_and_says_when_the_next_begins(api: Api, settings: Any) -> None:
    settings.HOLDFAST_FILE_BYTES_A_DAY = len(PDF)
    sent(api)

    answer = send(api)

    assert answer.status_code == 429
    assert 1 <= int(answer["Retry-After"]) <= 24 * 3600 + 1
    assert StoredFile.objects.count() == 1


@pytest.mark.spec("GEN-4")
def test_a_file_sent_twice_under_one_key_is_kept_once(api: Api) -> None:
    content = picture(size=(800, 800)) + b"\x00" * 300_000  # longer than other bodies may be

    first, again = send(api, content, headers=KEY), send(api, content, headers=KEY)

    assert first.status_code == again.status_code == 201
    assert again.json() == first.json()
    assert again["Idempotent-Replayed"] == "true"
    assert StoredFile.objects.count() == 1


@pytest.mark.spec("GEN-4")
@pytest.mark.parametrize("changed", [{"purpose": "document"}, {"file": upload(PDF + b"\n")}])
def test_another_file_under_the_same_key_is_422(api: Api, changed: dict[str, Any]) -> None:
    send(api, headers=KEY)

    answer = send(api, headers=KEY, fields=changed)

    assert answer.status_code == 422
    assert StoredFile.objects.count() == 1


def test_a_disk_that_is_full_is_503_and_nothing_is_lost(api: Api, tmp_path: Path, settings: Any) -> None:
    address = sent(api)
    occupied = tmp_path / "files"
    occupied.write_bytes(b"no folder can be made here")
    there = settings.STORAGES
    settings.STORAGES = configured.STORAGES | {
        "files": {
            "BACKEND": "holdfast.platform.storage.FilesOnDisk",
            "OPTIONS": {"location": str(occupied)},
        }
    }

    refused = send(api)

    assert refused.status_code == 503
    assert "Files cannot be kept" in refused.json()["error"]
    assert refused["Retry-After"] == "30"
    assert StoredFile.objects.count() == 1
    settings.STORAGES = there
    assert api.get(address).content == PDF


# How long a body may be


def test_the_one_address_that_takes_longer_bodies_is_the_one_for_files() -> None:
    assert set(LONGER) == {FILES}
    assert resolve(FILES).url_name
    assert max(LONGER.values()) <= configured.FILE_UPLOAD_MAX_MEMORY_SIZE
    assert max(purpose.most_bytes for purpose in PURPOSES.values()) == MOST_BYTES


class Unread:
    """A body that nobody may read."""

    def read(self, *_: Any) -> bytes:
        pytest.fail("it is too long, and is read all the same")

    readline = read


def answer_to(environ: dict[str, Any]) -> tuple[str, bytes]:
    said: list[str] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
        said.append(status)

    return_value = b"".join(with_length(WSGIHandler())(environ, start_response))
    return said[0], return_value


@pytest.mark.spec("GEN-5")
@pytest.mark.parametrize(
    ("path", "length"),
    [
        (FILES, LONGER[FILES] + 1),
        ("/api/files", LONGER[FILES] + 1),
        ("/api/auth/token/", 256 * 1024 + 1),
        ("/sign-in/", 256 * 1024 + 1),
    ],
)
def test_a_body_that_is_too_long_is_refused_before_it_is_read(db: None, path: str, length: int) -> None:
    request = RequestFactory().generic("POST", path, content_type="multipart/form-data; boundary=x")
    environ = request.environ | {"CONTENT_LENGTH": str(length), "wsgi.input": Unread()}

    status, answer = answer_to(environ)

    assert status == "400 Bad Request"
    assert answer == b'{"error": "The request is too large."}' or path == "/sign-in/"


@pytest.mark.spec("GEN-5")
def test_a_file_in_chunks_may_be_as_long_as_any_other(customer: User) -> None:
    content = picture(size=(800, 800)) + b"\x00" * 300_000
    form = RequestFactory().post(FILES, {"purpose": "document", "file": upload(content)})
    authorization = f"Bearer {issue(customer, now=utc_now()).access}"
    environ = form.environ | {
        "wsgi.input": BytesIO(form.read()),
        "CONTENT_LENGTH": "",
        "HTTP_TRANSFER_ENCODING": "chunked",
        "HTTP_AUTHORIZATION": authorization,
    }

    status, _ = answer_to(environ)

    assert status == "201 Created"


# Having it back


@pytest.mark.spec("GEN-2", "BC-19")
def test_a_private_file_is_its_owners_and_its_businesss(
    practice: Practice, sandbox: Sandbox, customer: User
) -> None:
    address = sent(api_of(customer), fields={"business": practice.business.slug})
    other = new_practice(sandbox, slug="other")
    people = {
        "owner of the file": (customer, 200),
        "staff": (new_member(practice, "staff"), 200),
        "provider": (new_member(practice, "provider"), 200),
        "platform admin": (User.objects.create_superuser("admin@example.com", "x"), 200),
        "stranger": (new_user(), 404),
        "staff of another business": (new_member(other, "staff"), 404),
    }

    statuses = {who: api_of(user).get(address).status_code for who, (user, _) in people.items()}

    assert statuses == {who: status for who, (_, status) in people.items()}
    assert Api().get(address).status_code == 401
    assert Api("no-good-token").get(address).status_code == 401


@pytest.mark.spec("GEN-2", "BC-19")
def test_a_file_of_no_business_is_nobody_elses(practice: Practice, api: Api) -> None:
    address = sent(api)

    assert api_of(new_member(practice, "owner")).get(address).status_code == 404


@pytest.mark.parametrize("key", ["x", "0" * 32, "..", "%2e%2e%2fetc", "\x00"])
def test_a_key_of_nothing_is_404(api: Api, key: str) -> None:
    assert api.get(f"{FILES}{key}/").status_code == 404


@pytest.mark.spec("GEN-7")
def test_a_private_file_is_for_saving_and_for_no_cache(api: Api) -> None:
    stored = api.get(sent(api))

    assert stored["Content-Type"] == "application/pdf"
    assert stored["Content-Disposition"].startswith('attachment; filename="transfer_slip-')
    assert stored["Content-Disposition"].endswith('.pdf"')
    assert stored["X-Content-Type-Options"] == "nosniff"
    assert stored["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert stored["Cache-Control"] == "no-store"


def test_a_public_picture_is_shown_to_anybody_and_may_be_cached(api: Api) -> None:
    address = sent(api, picture("PNG"), purpose="profile_picture")

    shown, head = Api().get(address), Api().head(address)

    assert opened(shown.content).size == (40, 20)
    assert shown["Content-Type"] == "image/png"
    assert shown["Content-Disposition"].startswith("inline; ")
    assert shown["X-Content-Type-Options"] == "nosniff"
    assert shown["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert shown["Cache-Control"] == "public, max-age=86400"
    assert "Set-Cookie" not in shown
    assert "Cookie" not in shown.get("Vary", "")
    assert (head.content, head["Content-Length"]) == (b"", str(len(shown.content)))


def test_what_the_sender_calls_a_file_is_said_nowhere(api: Api) -> None:
    said = SimpleUploadedFile('evil"\r\nX-Evil: 1.html', PDF, content_type="text/html")

    address = sent(api, fields={"file": said})

    stored = api.get(address)
    assert "evil" not in str(dict(stored.items())).lower()
    assert "evil" not in str(StoredFile.objects.values().get()).lower()

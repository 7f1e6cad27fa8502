"""Files in the admin: found, opened, removed, and never changed."""

from __future__ import annotations

import pytest
from django.test import Client

from holdfast.platform.files import path_of, storage
from holdfast.platform.models import StoredFile
from tests.desk.conftest import a_file, browser_of
from tests.support.pictures import PDF
from tests.support.practice import new_user

pytestmark = pytest.mark.spec("GEN-16")

FILES = "/admin/holdfast_platform/storedfile/"


def test_the_list_leads_to_the_file(admins_browser: Client) -> None:
    stored = a_file()

    page = admins_browser.get(FILES).content.decode()

    assert f'href="/api/files/{stored.key}/"' in page
    assert admins_browser.get(f"/api/files/{stored.key}/").content == PDF


def test_what_a_file_is_cannot_be_changed(admins_browser: Client) -> None:
    stored = a_file()

    answers = [
        admins_browser.post(f"{FILES}{stored.pk}/change/", {"purpose": "profile_picture"}),
        admins_browser.get(f"{FILES}add/"),
    ]

    assert [answer.status_code for answer in answers] == [403, 403]
    assert StoredFile.objects.get().purpose == "document"


@pytest.mark.parametrize("one_by_one", [True, False])
def test_a_file_is_removed_with_its_bytes(admins_browser: Client, one_by_one: bool) -> None:
    stored = a_file()
    page, said = (
        (f"{FILES}{stored.pk}/delete/", {"post": "yes"})
        if one_by_one
        else (FILES, {"action": "delete_selected", "_selected_action": str(stored.pk), "post": "yes"})
    )

    answer = admins_browser.post(page, said)

    assert answer.status_code == 302
    assert StoredFile.objects.count() == 0
    assert not storage().exists(path_of(stored.key))


@pytest.mark.spec("GEN-2")
def test_nobody_else_removes_one(db: None) -> None:
    stored = a_file()

    answer = browser_of(new_user(is_staff=True)).post(f"{FILES}{stored.pk}/delete/", {"post": "yes"})

    assert answer.status_code in (302, 403)
    assert StoredFile.objects.get() == stored

"""While the database cannot be reached, everything says so and asks to be tried again; then all is well."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connection
from django.test import Client

from tests.support.practice import Api, Practice

API, PAGE = "/api/astrology/services/", "/"


@pytest.fixture
def cut_off(practice: Practice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The database is where nobody listens, until this is undone."""
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "HOST", str(tmp_path))
    return monkeypatch


def test_the_api_answers_503_in_json(cut_off: pytest.MonkeyPatch) -> None:
    client = Api()
    client.raise_request_exception = False

    answer = client.get(API)

    assert answer.status_code == 503
    assert answer.json() == {"error": "This cannot be answered just now. Please try again shortly."}
    assert answer["Retry-After"] == "2"


def test_a_page_answers_503_in_words(cut_off: pytest.MonkeyPatch) -> None:
    answer = Client(raise_request_exception=False).get(PAGE)

    assert answer.status_code == 503
    assert "Please try again shortly" in answer.content.decode()
    assert answer["Retry-After"] == "2"


def test_when_it_is_back_everything_answers_as_before(cut_off: pytest.MonkeyPatch) -> None:
    client = Client(raise_request_exception=False)
    client.get(API)

    cut_off.undo()

    assert client.get(API).status_code == client.get(PAGE).status_code == 200

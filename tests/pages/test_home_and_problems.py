"""The first page, the pages of what went wrong, and what every page carries."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.test import Client

from tests.support.practice import Practice, new_practice
from tests.support.sandbox import Sandbox
from tests.support.statements import count_statements


def page(client: Client, path: str) -> str:
    return " ".join(client.get(path).content.decode().split())


@pytest.mark.spec("WEB-1")
def test_the_first_page_shows_what_each_business_offers(
    practice: Practice, sandbox: Sandbox, client: Client
) -> None:
    new_practice(sandbox, slug="temple", title="Lakh puja", price=10_000_000)

    said = page(client, "/")

    assert said.index("Jyoti") < said.index("Gemstone Consultation") < said.index("Temple")
    assert "₹1,999.00" in said
    assert "₹1,00,000.00" in said
    for way in ("/api/docs/", "/sign-in/", "/desk/", "/admin/"):
        assert f'href="{way}"' in said


def test_the_first_page_shows_no_offering_that_is_not_active(practice: Practice, client: Client) -> None:
    practice.offering.active = False
    practice.offering.save()

    assert "Gemstone" not in page(client, "/")
    assert "Nothing is on offer yet" in page(client, "/")


def test_the_first_page_takes_as_many_statements_for_one_offering_as_for_many(
    practice: Practice, sandbox: Sandbox, client: Client
) -> None:
    with count_statements() as for_one:
        client.get("/")
    for number in range(3):
        new_practice(sandbox, slug=f"another-{number}")

    with count_statements() as for_four:
        client.get("/")

    assert len(for_four) == len(for_one)


@pytest.mark.parametrize("path", ["/", "/sign-in/", "/nothing-here/"])
def test_a_page_forbids_scripts_and_frames_and_has_one_heading(db: None, client: Client, path: str) -> None:
    response = client.get(path)
    said = response.content.decode()

    assert "script-src 'none'" in response["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in response["Content-Security-Policy"]
    assert len(re.findall("<h1[ >]", said)) == 1
    assert '<html lang="en">' in said
    assert 'class="skip" href="#main"' in said
    assert "<script" not in said
    assert "style=" not in said


def test_the_api_keeps_the_policy_that_its_own_pages_need(db: None, client: Client) -> None:
    assert "Content-Security-Policy" not in client.get("/api/docs/")


def test_an_unknown_address_is_a_finished_page(db: None, client: Client) -> None:
    response = client.get("/nothing-here/")

    assert response.status_code == 404
    assert "There is nothing here" in response.content.decode()


def test_a_failure_of_ours_is_a_finished_page_that_needs_nothing(
    db: None, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError

    client.raise_request_exception = False
    monkeypatch.setattr("holdfast.pages.home.on_offer", broken)

    response = client.get("/")

    assert response.status_code == 500
    assert response.content.decode() == render_to_string("500.html")
    assert "This went wrong on our side" in response.content.decode()


@pytest.mark.parametrize("name", ["400", "403", "403_csrf", "404", "429"])
def test_every_problem_has_a_page_that_stands_without_a_context(name: str) -> None:
    said = render_to_string(f"{name}.html")

    assert "<h1" in said
    assert "To the first page" in said

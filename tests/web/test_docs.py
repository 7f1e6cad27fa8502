"""The API's own description: complete, readable, and there without a network."""

from __future__ import annotations

import re

import pytest
from django.contrib.staticfiles import finders

from holdfast.project.urls import api as ninja_api
from tests.support.practice import Api


@pytest.mark.spec("GEN-3")
def test_the_document_is_served_and_names_every_route() -> None:
    answer = Api().get("/api/openapi.json")

    assert answer.status_code == 200
    assert answer.json()["openapi"].startswith("3.")
    assert answer.json()["paths"].keys() == ninja_api.get_openapi_schema()["paths"].keys()


@pytest.mark.spec("GEN-3")
def test_the_docs_page_asks_nothing_of_any_other_host() -> None:
    page = Api().get("/api/docs/").content.decode()

    assert '"/api/openapi.json"' in page
    assert '"validatorUrl": null' in page
    assert not re.findall(r"(?:https?:)?//[a-z]", page)


@pytest.mark.spec("GEN-3")
def test_all_that_the_docs_page_loads_is_ours_to_serve() -> None:
    page = Api().get("/api/docs/").content.decode()

    loaded = re.findall(r'(?:src|href)="/static/([^"]+)"', page)

    assert len(loaded) >= 3
    assert [name for name in loaded if finders.find(name) is None] == []


@pytest.mark.spec("GEN-3", "GEN-1")
def test_the_document_says_which_routes_want_a_token() -> None:
    paths = ninja_api.get_openapi_schema()["paths"]

    closed = {
        (method, path)
        for path, methods in paths.items()
        for method, route in methods.items()
        if "security" in route
    }

    assert closed == {
        ("get", "/api/auth/me/"),
        ("post", "/api/auth/verify-email/resend/"),
        ("post", "/api/auth/password/change/"),
        ("get", "/api/auth/two-factor/"),
        ("post", "/api/auth/two-factor/"),
        ("post", "/api/auth/two-factor/confirm/"),
        ("post", "/api/auth/two-factor/recovery-codes/"),
        ("post", "/api/auth/two-factor/off/"),
        ("post", "/api/files/"),
        ("get", "/api/payments/{reference}/release/"),
        ("post", "/api/payments/{reference}/release/"),
        ("post", "/api/astrology/bookings/book-with-payment/"),
        ("get", "/api/astrology/bookings/status/"),
        ("get", "/api/astrology/bookings/"),
        ("get", "/api/astrology/bookings/{astro_book_id}/"),
        ("get", "/api/astrology/bookings/{astro_book_id}/cancel/"),
        ("post", "/api/astrology/bookings/{astro_book_id}/cancel/"),
        ("post", "/api/astrology/bookings/{astro_book_id}/reschedule/"),
        ("post", "/api/astrology/bookings/{astro_book_id}/complete/"),
    }
    assert all("401" in {str(code) for code in paths[path][method]["responses"]} for method, path in closed)

"""The API's own description: complete, readable, and there without a network."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.contrib.staticfiles import finders
from ninja import Schema

from holdfast.project.urls import api as ninja_api
from tests.support.practice import Api

# What is answered to whoever asks.
OPEN = {
    ("post", "/api/payments/webhook/{gateway}/"),
    ("post", "/api/payments/webhook/{gateway}/{account}/"),
    ("post", "/api/auth/register/"),
    ("post", "/api/auth/token/"),
    ("post", "/api/auth/token/refresh/"),
    ("post", "/api/auth/logout/"),
    ("post", "/api/auth/verify-email/"),
    ("post", "/api/auth/password/reset/"),
    ("post", "/api/auth/password/reset/confirm/"),
    ("get", "/api/files/{key}/"),
    ("post", "/api/live/ticket/"),
    ("get", "/api/astrology/services/"),
    ("get", "/api/astrology/services/{service_id}/"),
    ("get", "/api/astrology/services/{service_id}/slots/"),
    ("get", "/api/astrology/bookings/confirmation/"),
    ("get", "/api/puja/services/"),
    ("get", "/api/puja/categories/"),
    ("get", "/api/puja/services/{service_id}/"),
    ("get", "/api/puja/services/{service_id}/slots/"),
    ("get", "/booking/api/courses/"),
    ("get", "/booking/api/coaches/"),
    ("get", "/booking/api/course/{course_id}/"),
    ("get", "/booking/api/course/{course_id}/slots/"),
    ("get", "/api/public/hotels/"),
    ("get", "/api/public/hotel/{slug}/"),
    ("get", "/api/public/hotel/{slug}/availability/"),
    ("post", "/api/public/hotel/room-bookings/stripe-webhook/"),
    ("post", "/api/public/hotel/{slug}/room-bookings/{booking_id}/submit/"),
    ("get", "/api/public/hotel/{slug}/room-bookings/{booking_id}/"),
    ("get", "/api/public/hotel/{slug}/room-bookings/{booking_id}/cancel/"),
    ("post", "/api/public/hotel/{slug}/room-bookings/{booking_id}/cancel/"),
    ("post", "/api/public/hotel/{slug}/room-bookings/{booking_id}/payment/session/"),
    ("get", "/api/public/hotel/{slug}/room-bookings/{booking_id}/payment/verify/"),
}


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

    without = {
        (method, path)
        for path, methods in paths.items()
        for method, route in methods.items()
        if "security" not in route
    }

    assert without == OPEN
    assert all(
        "401" in {str(code) for code in route["responses"]}
        for path, methods in paths.items()
        for method, route in methods.items()
        if (method, path) not in without
    )


@pytest.mark.spec("GEN-3")
def test_no_two_shapes_of_the_document_have_one_name() -> None:
    named: dict[str, set[str]] = {}
    for shape in shapes(Schema):
        if shape.__module__.startswith("holdfast."):
            named.setdefault(shape.__name__, set()).add(shape.__module__)

    assert {name: where for name, where in named.items() if len(where) > 1} == {}


def shapes(of: type[Schema]) -> Iterator[type[Schema]]:
    """All that are made of this one. django-ninja names them by their class alone."""
    for shape in of.__subclasses__():
        yield shape
        yield from shapes(shape)

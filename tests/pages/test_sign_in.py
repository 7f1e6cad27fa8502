"""Signing in with a session."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from holdfast.platform.models import User
from tests.support.practice import PASSWORD

pytestmark = pytest.mark.spec("GEN-1")
GOOD = {"username": "customer@example.com", "password": PASSWORD}


def me(browser: Client) -> Any:
    return browser.get("/api/auth/me/")


def test_a_session_signs_in_to_the_pages_and_to_the_api(customer: User, client: Client) -> None:
    response = client.post("/sign-in/", GOOD | {"username": " Customer@Example.com "})

    assert response.status_code == 302
    assert response["Location"] == "/"
    assert me(client).json()["email"] == "customer@example.com"
    assert "customer@example.com" in client.get("/").content.decode()


def test_the_address_is_asked_for_with_a_keyboard_for_addresses(client: Client) -> None:
    page = client.get("/sign-in/").content.decode()

    assert '<input type="email" name="username"' in page


def test_who_is_signed_in_is_led_to_their_bookings_and_not_to_signing_in(
    customer: User, client: Client
) -> None:
    before = client.get("/").content.decode()
    client.force_login(customer)

    first, account = (client.get(page).content.decode() for page in ("/", "/account/"))

    assert 'href="/sign-in/"' in before
    assert 'href="/booking/history/"' not in before
    assert 'href="/sign-in/"' not in first
    assert 'href="/booking/history/"' in first
    assert 'href="/booking/history/"' in account


def test_signing_in_needs_the_form_of_this_browser(customer: User) -> None:
    browser = Client(enforce_csrf_checks=True)

    response = browser.post("/sign-in/", GOOD)

    assert response.status_code == 403
    assert "This form is too old" in response.content.decode()
    assert me(browser).status_code == 401


@pytest.mark.parametrize("wrong", [{"password": "wrong"}, {"username": "nobody@example.com"}])
def test_a_wrong_password_and_an_unknown_address_look_alike(
    customer: User, client: Client, wrong: dict[str, str]
) -> None:
    response = client.post("/sign-in/", GOOD | wrong)

    assert response.status_code == 200
    assert "No account has this email and password." in response.content.decode()
    assert me(client).status_code == 401


@pytest.mark.spec("BC-24")
@pytest.mark.parametrize(
    ("wanted", "goes_to"),
    [
        ("/desk/", "/desk/"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
    ],
)
def test_after_signing_in_one_stays_on_this_site(
    customer: User, client: Client, wanted: str, goes_to: str
) -> None:
    response = client.post("/sign-in/", GOOD | {"next": wanted})

    assert response["Location"] == goes_to


@pytest.mark.spec("GEN-6")
def test_too_many_tries_are_told_so_on_the_form(customer: User, client: Client, settings: Any) -> None:
    settings.HOLDFAST_LIMITS = settings.HOLDFAST_LIMITS | {"sign_in": 1}
    client.post("/sign-in/", GOOD | {"password": "wrong"})

    response = client.post("/sign-in/", GOOD)

    assert response.status_code == 429
    assert 0 < int(response["Retry-After"]) <= 60
    assert "Too many requests" in response.content.decode()
    assert 'name="password"' in response.content.decode()
    assert me(client).status_code == 401


def test_signing_out_takes_a_post(customer: User, client: Client) -> None:
    client.post("/sign-in/", GOOD)

    asked = client.get("/sign-out/")
    still_in = me(client).status_code
    posted = client.post("/sign-out/")

    assert (asked.status_code, still_in) == (405, 200)
    assert posted["Location"] == "/"
    assert me(client).status_code == 401

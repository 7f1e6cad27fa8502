"""Signing in on the pages in two steps, where two-factor sign-in is on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from holdfast.kernel.clock import utc_now
from holdfast.platform.models import User
from holdfast.web.signing_in import WAITING
from tests.support.accounts import App, with_two_factor
from tests.support.practice import PASSWORD

pytestmark = pytest.mark.spec("GEN-1")
FIRST, SECOND = "/sign-in/", "/sign-in/code/"
GOOD = {"username": "customer@example.com", "password": PASSWORD}


@pytest.fixture
def app(customer: User) -> App:
    return with_two_factor(customer)


def me(browser: Client) -> Any:
    return browser.get("/api/auth/me/")


def test_the_password_leads_to_the_code_and_the_code_leads_on(app: App, client: Client) -> None:
    first = client.post(FIRST, GOOD | {"next": "/account/"})
    before = me(client).status_code

    second = client.post(first["Location"], {"code": app.code()})

    assert (first.status_code, first["Location"], before) == (303, SECOND, 401)
    assert (second.status_code, second["Location"]) == (303, "/account/")
    assert me(client).json()["email"] == "customer@example.com"
    assert WAITING not in client.session


def test_a_session_that_is_signed_in_has_another_name_than_the_one_that_waited(
    app: App, client: Client
) -> None:
    client.post(FIRST, GOOD)
    waited = client.cookies["sessionid"].value

    client.post(SECOND, {"code": app.code()})

    assert client.cookies["sessionid"].value != waited


def test_a_wrong_code_is_said_at_its_field_and_signs_nobody_in(app: App, client: Client) -> None:
    client.post(FIRST, GOOD)

    answer = client.post(SECOND, {"code": "000000"})

    page = answer.content.decode()
    assert answer.status_code == 401
    assert '<p class="error" id="id_code_error">This code is not right, or has been used.</p>' in page
    assert 'aria-invalid="true" aria-describedby="id_code_helptext id_code_error"' in page
    assert me(client).status_code == 401


def test_a_code_used_on_a_page_is_used_everywhere(customer: User, app: App, client: Client) -> None:
    code = app.code()
    client.post(FIRST, GOOD)
    client.post(SECOND, {"code": code})
    other = Client()
    other.post(FIRST, GOOD)

    answer = other.post(SECOND, {"code": code})

    assert answer.status_code == 401


def test_a_recovery_code_does_as_well(app: App, client: Client) -> None:
    client.post(FIRST, GOOD)

    client.post(SECOND, {"code": app.recovery[0]})

    assert me(client).status_code == 200


def test_without_the_first_step_there_is_no_second(app: App, client: Client) -> None:
    answers = [client.get(SECOND), client.post(SECOND, {"code": app.code()})]

    assert [(answer.status_code, answer["Location"]) for answer in answers] == [(303, FIRST)] * 2
    assert me(client).status_code == 401


def _too_late(browser: Client, customer: User) -> None:
    session = browser.session
    session[WAITING] |= {"until": (utc_now() - timedelta(seconds=1)).isoformat()}
    session.save()


def _another_password(browser: Client, customer: User) -> None:
    customer.set_password("another long password")
    customer.save()


def _closed(browser: Client, customer: User) -> None:
    customer.is_active = False
    customer.save()


@pytest.mark.parametrize("change", [_too_late, _another_password, _closed])
def test_the_first_step_does_not_count_for_ever(
    customer: User, app: App, client: Client, change: Any
) -> None:
    client.post(FIRST, GOOD)
    change(client, customer)

    answer = client.post(SECOND, {"code": app.code()})

    assert (answer.status_code, answer["Location"]) == (303, FIRST)
    assert me(client).status_code == 401


@pytest.mark.spec("BC-24")
def test_after_the_code_one_stays_on_this_site(app: App, client: Client) -> None:
    client.post(FIRST, GOOD | {"next": "https://evil.example/"})

    assert client.post(SECOND, {"code": app.code()})["Location"] == "/"


@pytest.mark.spec("GEN-6")
def test_too_many_codes_are_told_so_on_the_form(app: App, client: Client, settings: Any) -> None:
    settings.HOLDFAST_LIMITS = settings.HOLDFAST_LIMITS | {"proof_by_user_an_hour": 1}
    client.post(FIRST, GOOD)
    answers = [client.post(SECOND, {"code": "000000"}) for _ in range(3)]

    refused = [answer for answer in answers if answer.status_code == 429]

    assert refused
    assert 0 < int(refused[0]["Retry-After"]) <= 3600
    assert "Too many requests" in refused[0].content.decode()
    assert me(client).status_code == 401


def test_the_second_step_needs_the_form_of_this_browser(app: App) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.get(FIRST)
    token = browser.cookies["csrftoken"].value
    browser.post(FIRST, GOOD | {"csrfmiddlewaretoken": token})

    without = browser.post(SECOND, {"code": app.code()})

    assert without.status_code == 403
    assert me(browser).status_code == 401

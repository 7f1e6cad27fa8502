"""The one authenticator: a header is judged alone, a cookie needs its CSRF token, else it is 401."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jwt
import pytest
from django.conf import settings
from django.test import Client

from holdfast.kernel.clock import utc_now
from holdfast.platform.models import User
from holdfast.web.tokens import issue
from tests.support.practice import Api, Practice, new_user

ME = "/api/auth/me/"
BOOK = "/api/astrology/bookings/book-with-payment/"


def signed(key: str = "", algorithm: str = "HS256", **over: Any) -> str:
    """An access token of the first user, with some of its claims changed, or left out where None."""
    now = utc_now()
    claims = {
        "sub": str(User.objects.get().pk),
        "ver": User.objects.get().token_version,
        "aud": "holdfast-api",
        "iat": now,
        "exp": now + timedelta(minutes=5),
    }
    kept = {name: value for name, value in (claims | over).items() if value is not None}
    return jwt.encode(kept, key or settings.HOLDFAST_TOKEN_KEY, algorithm=algorithm)


def _unsigned() -> str:
    claims = {"sub": str(User.objects.get().pk), "aud": "holdfast-api", "exp": utc_now() + timedelta(hours=1)}
    return jwt.encode(claims, "", algorithm="none")


FORGED: dict[str, Callable[[], str]] = {
    "another key": lambda: signed("another key that is also long enough, or so one would think"),
    "another algorithm": lambda: signed(settings.HOLDFAST_TOKEN_KEY * 2, "HS512"),
    "our key, another algorithm": lambda: signed(algorithm="HS384"),
    "no algorithm": _unsigned,
    "another audience": lambda: signed(aud="somebody-else"),
    "no audience": lambda: signed(aud=None),
    "no expiry": lambda: signed(exp=None),
    "expired": lambda: signed(exp=utc_now() - timedelta(seconds=1)),
    "from the future": lambda: signed(iat=utc_now() + timedelta(hours=1)),
    "an old version": lambda: signed(ver=0),
    "no version": lambda: signed(ver=None),
    "nobody": lambda: signed(sub="999999"),
    "not a number": lambda: signed(sub="' OR 1=1"),
    "a huge number": lambda: signed(sub="9" * 40),
    "a refresh token": lambda: issue(User.objects.get(), now=utc_now()).refresh,
    "nonsense": lambda: "a.b.c",
    "not ASCII": lambda: "\xff.\xfe.\xfd",
}


@pytest.mark.spec("GEN-1", "GEN-5")
@pytest.mark.parametrize("forged", FORGED)
def test_a_token_that_is_not_ours_opens_nothing(customer: User, forged: str) -> None:
    answer = Api(FORGED[forged]()).get(ME)

    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Bearer"
    assert answer.json() == {"error": "This token is not good, or no longer. Please sign in."}


@pytest.mark.spec("GEN-1")
@pytest.mark.parametrize("header", ["", "Bearer", "Basic Y3VzdG9tZXI6eA==", "bearer  x y", "Token abc"])
def test_a_bad_authorization_header_is_401_whatever_the_cookies_say(customer: User, header: str) -> None:
    browser = Client()
    browser.force_login(customer)

    answer = browser.get(ME, headers={"Authorization": header})

    assert answer.status_code == 401


@pytest.mark.spec("GEN-1")
def test_a_good_token_counts_more_than_another_users_cookie(customer: User) -> None:
    browser = Client()
    browser.force_login(new_user())
    access = issue(customer, now=utc_now()).access

    answer = browser.get(ME, headers={"Authorization": f"bearer {access}"})

    assert answer.json()["id"] == customer.pk


@pytest.mark.spec("GEN-1")
def test_without_any_credentials_the_answer_is_401(practice: Practice) -> None:
    for answer in (Api().get(ME), Api().book(practice)):
        assert answer.status_code == 401
        assert answer.json() == {"error": "Please sign in."}


@pytest.mark.spec("GEN-1")
def test_a_session_reads_without_a_csrf_token_and_writes_only_with_one(customer: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(customer)
    browser.cookies["csrftoken"] = "c" * 32

    without = browser.post(BOOK, "{}", content_type="application/json")
    wrong = browser.post(BOOK, "{}", content_type="application/json", headers={"X-CSRFToken": "d" * 32})
    right = browser.post(BOOK, "{}", content_type="application/json", headers={"X-CSRFToken": "c" * 32})

    assert browser.get(ME).status_code == 200
    assert (without.status_code, without.json()) == (
        403,
        {"error": "The CSRF token is missing or wrong."},
    )
    assert wrong.status_code == 403
    assert right.status_code == 400  # past the door: the fields are missing


@pytest.mark.spec("GEN-1", "GEN-5")
def test_a_form_with_its_csrf_token_is_told_to_send_json(customer: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(customer)
    browser.cookies["csrftoken"] = "c" * 32

    answer = browser.post(BOOK, {"csrfmiddlewaretoken": "c" * 32, "service": "1"})

    assert answer.status_code == 400
    assert answer.json() == {"error": "Send JSON, not a form."}


@pytest.mark.spec("GEN-1")
def test_a_session_of_somebody_who_may_no_longer_sign_in_is_401(customer: User) -> None:
    browser = Client()
    browser.force_login(customer)
    customer.is_active = False
    customer.save()

    assert browser.get(ME).status_code == 401

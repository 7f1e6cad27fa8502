"""The pages of one's own account, and those behind mailed links."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from holdfast.flows import second_factor
from holdfast.kernel.clock import utc_now
from holdfast.platform.links import RESET, VERIFY, key_for
from holdfast.platform.models import SecondFactor, User
from tests.support.accounts import App, mailed_key, subjects, with_two_factor
from tests.support.practice import PASSWORD, Api

pytestmark = pytest.mark.spec("GEN-1")
NEW = "a quite different password"
TWO_FACTOR = "/account/two-factor/"


@pytest.fixture
def browser(customer: User, client: Client) -> Client:
    """The customer's, signed in."""
    client.force_login(customer)
    return client


def me(browser: Client) -> Any:
    return browser.get("/api/auth/me/")


def can_sign_in(password: str) -> bool:
    body = {"email": "customer@example.com", "password": password}
    return bool(Api().send("/api/auth/token/", body).status_code == 200)


def text(answer: Any) -> str:
    return str(answer.content.decode())


# A new account


def test_who_registers_on_the_page_is_signed_in_and_goes_on(
    db: None, cheap_passwords: None, client: Client
) -> None:
    form = {"email": "New@Example.com", "password": PASSWORD, "name": "New", "next": "/services/1/"}

    answer = client.post("/register/", form)

    assert (answer.status_code, answer["Location"]) == (303, "/services/1/")
    assert me(client).json()["email"] == "new@example.com"
    assert subjects() == ["Please verify your email address"]


@pytest.mark.parametrize(
    ("over", "field"),
    [
        ({"email": "CUSTOMER@example.com"}, "email"),
        ({"email": "x"}, "email"),
        ({"password": "x"}, "password"),
    ],
)
def test_a_registration_that_cannot_be_is_explained_at_its_field(
    customer: User, client: Client, over: dict[str, str], field: str
) -> None:
    answer = client.post("/register/", {"email": "new@example.com", "password": PASSWORD} | over)

    assert answer.status_code == 400
    assert re.findall(r'class="error" id="id_(\w+)_error"', text(answer)) == [field]
    assert PASSWORD not in text(answer)
    assert User.objects.count() == 1


@pytest.mark.spec("BC-24")
@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_after_registering_one_stays_on_this_site(
    db: None, cheap_passwords: None, client: Client, wanted: str
) -> None:
    answer = client.post(f"/register/?next={wanted}", {"email": "new@example.com", "password": PASSWORD})

    assert answer["Location"] == "/account/"


# Links


def test_looking_at_a_verification_link_verifies_nothing(customer: User, client: Client) -> None:
    page = f"/verify-email/{key_for(customer, VERIFY, now=utc_now())}/"

    looked = [client.get(page), client.head(page)]

    assert [answer.status_code for answer in looked] == [200, 200]
    assert User.objects.get().email_verified_at is None
    pressed = client.post(page)
    assert (pressed.status_code, pressed["Location"]) == (303, "/account/done/verified/")
    assert User.objects.get().email_verified_at is not None
    assert client.get(pressed["Location"]).status_code == 200


def test_the_mailed_link_leads_to_the_page_that_sets_another_password(customer: User, client: Client) -> None:
    asked = client.post("/reset-password/", {"email": customer.email})
    page = f"/reset-password/{mailed_key('reset-password')}/"
    looked = client.get(page)

    answer = client.post(page, {"password": NEW})

    assert (asked.status_code, asked["Location"]) == (303, "/account/done/asked/")
    assert looked.status_code == 200
    assert answer["Location"] == "/account/done/reset/"
    assert (can_sign_in(PASSWORD), can_sign_in(NEW)) == (False, True)
    assert me(client).status_code == 401


def test_asking_for_a_link_looks_alike_for_every_address(customer: User, client: Client) -> None:
    answers = [
        client.post("/reset-password/", {"email": email}) for email in (customer.email, "nobody@example.com")
    ]

    assert len({(answer.status_code, answer["Location"], answer.content) for answer in answers}) == 1
    assert subjects() == ["Set a new password"]


def test_a_weak_password_is_explained_and_the_link_stays_good(customer: User, client: Client) -> None:
    page = f"/reset-password/{key_for(customer, RESET, now=utc_now())}/"

    refused = client.post(page, {"password": "short"})

    assert refused.status_code == 400
    assert "This password is too short" in text(refused)
    assert client.post(page, {"password": NEW}).status_code == 303


@pytest.mark.parametrize("path", ["reset-password", "verify-email"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_link_that_is_not_good_says_so(client: Client, db: None, path: str, method: str) -> None:
    answer = getattr(client, method)(f"/{path}/not-a-key/", {"password": NEW} if method == "post" else {})

    assert answer.status_code == 400
    assert "This link is no longer good" in text(answer)


@pytest.mark.parametrize(("purpose", "path"), [(RESET, "reset-password"), (VERIFY, "verify-email")])
def test_a_page_behind_a_link_is_kept_by_nobody_and_told_to_no_other_site(
    customer: User, client: Client, purpose: Any, path: str
) -> None:
    answer = client.get(f"/{path}/{key_for(customer, purpose, now=utc_now())}/")

    assert answer["Cache-Control"] == "no-store"
    assert answer["Referrer-Policy"] == "same-origin"
    assert "script-src 'none'" in answer["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/reset-password/", "/register/", "/verify-email/{key}/"])
def test_a_form_of_another_site_is_refused(customer: User, path: str) -> None:
    browser = Client(enforce_csrf_checks=True)

    answer = browser.post(path.format(key=key_for(customer, VERIFY, now=utc_now())), {"email": "x@y.test"})

    assert answer.status_code == 403
    assert User.objects.get().email_verified_at is None


# One's own account


@pytest.mark.parametrize(
    "path",
    [
        "/account/",
        "/account/password/",
        TWO_FACTOR,
        f"{TWO_FACTOR}confirm/",
        f"{TWO_FACTOR}off/",
        f"{TWO_FACTOR}recovery-codes/",
    ],
)
def test_nobody_sees_an_account_without_signing_in(db: None, client: Client, path: str) -> None:
    answer = client.get(path)

    assert (answer.status_code, answer["Location"]) == (302, f"/sign-in/?next={path}")


def test_the_account_page_says_how_things_stand(customer: User, browser: Client) -> None:
    before = text(browser.get("/account/"))
    with_two_factor(customer)
    User.objects.update(email_verified_at=utc_now())
    browser.force_login(User.objects.get())

    after = text(browser.get("/account/"))

    assert "Not verified yet" in before
    assert "It is off" in before
    assert "Verified: mail from us reaches you." in after
    assert "10 recovery codes left" in after


def test_the_link_to_verify_is_mailed_again_by_a_button(customer: User, browser: Client) -> None:
    answer = browser.post("/account/verify/", follow=True)

    assert '<p class="note" role="status">A mail is on its way to you.</p>' in text(answer)
    assert mailed_key("verify-email")


def test_who_changes_the_password_stays_signed_in_there_and_nowhere_else(
    customer: User, browser: Client
) -> None:
    other = Client()
    other.force_login(customer)

    answer = browser.post("/account/password/", {"password": PASSWORD, "new_password": NEW})

    assert answer["Location"] == "/account/"
    assert (me(browser).status_code, me(other).status_code) == (200, 401)
    assert can_sign_in(NEW)


def test_a_wrong_password_is_said_at_its_field_and_changes_nothing(browser: Client) -> None:
    answer = browser.post("/account/password/", {"password": "wrong", "new_password": NEW})

    assert answer.status_code == 400
    assert 'id="id_password_error">This is not your password.' in text(answer)
    assert can_sign_in(PASSWORD)


# Two-factor sign-in


def test_it_is_set_up_on_the_pages_and_the_recovery_codes_are_shown_once(
    customer: User, browser: Client
) -> None:
    begun = browser.post(TWO_FACTOR, {"password": PASSWORD})
    shown = text(browser.get(begun["Location"]))
    secret = SecondFactor.objects.get().secret

    answer = browser.post(begun["Location"], {"code": App(secret, []).code()})

    codes = re.findall(r"<code>([A-Z2-7-]{19})</code>", text(answer))
    assert secret in shown
    assert '<svg role="img"' in shown
    assert (answer.status_code, len(set(codes))) == (200, 10)
    assert answer["Cache-Control"] == "no-store"
    assert second_factor.is_on(customer)
    assert me(browser).status_code == 200
    assert not can_sign_in(PASSWORD)
    assert not any(code in text(browser.get("/account/")) for code in codes)


def test_a_wrong_first_code_shows_the_secret_again(browser: Client) -> None:
    page = browser.post(TWO_FACTOR, {"password": PASSWORD})["Location"]

    answer = browser.post(page, {"code": "000000"})

    assert answer.status_code == 400
    assert SecondFactor.objects.get().secret in text(answer)
    assert "This code is not right" in text(answer)


def test_another_browser_of_the_same_user_is_not_shown_the_secret(customer: User, browser: Client) -> None:
    browser.post(TWO_FACTOR, {"password": PASSWORD})
    other = Client()
    other.force_login(customer)

    answers = [other.get(f"{TWO_FACTOR}confirm/"), other.post(f"{TWO_FACTOR}confirm/", {"code": "000000"})]

    assert [answer["Location"] for answer in answers] == [TWO_FACTOR] * 2


def test_nothing_is_set_up_without_the_password(browser: Client) -> None:
    answer = browser.post(TWO_FACTOR, {"password": "wrong"})

    assert answer.status_code == 400
    assert not SecondFactor.objects.exists()


def test_what_is_on_is_not_set_up_again(customer: User, browser: Client) -> None:
    with_two_factor(customer)
    browser.force_login(User.objects.get())

    answer = browser.post(TWO_FACTOR, {"password": PASSWORD})

    assert answer.status_code == 409
    assert "Two-factor sign-in is on already" in text(answer)


def test_it_is_turned_off_and_codes_are_made_anew_with_password_and_code(
    customer: User, browser: Client
) -> None:
    app = with_two_factor(customer)
    browser.force_login(User.objects.get())

    refused = browser.post(f"{TWO_FACTOR}off/", {"password": PASSWORD, "code": "000000"})
    renewed = browser.post(f"{TWO_FACTOR}recovery-codes/", {"password": PASSWORD, "code": app.recovery[0]})
    off = browser.post(f"{TWO_FACTOR}off/", {"password": PASSWORD, "code": app.code()})

    assert refused.status_code == 400
    assert len(re.findall(r"<code>([A-Z2-7-]{19})</code>", text(renewed))) == 10
    assert off["Location"] == "/account/"
    assert can_sign_in(PASSWORD)

"""Two-factor sign-in: no door opens without a code once it is on, and a code opens one door once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from holdfast.flows import second_factor
from holdfast.kernel.clock import utc_now
from holdfast.platform.models import SecondFactor, Spent, User
from holdfast.web.signing_in import WAITING
from holdfast.web.tokens import issue, user_of
from tests.support.accounts import App, meet_at, subjects, with_two_factor
from tests.support.booked import api_of
from tests.support.practice import PASSWORD, Api, new_user
from tests.support.racing import kinds, race
from tests.support.without import without

pytestmark = pytest.mark.spec("GEN-1")
AUTH = "/api/auth"
TWO_FACTOR = f"{AUTH}/two-factor/"
WRONG = "This code is not right, or has been used."


def sign_in(user: User, **over: Any) -> Any:
    return Api().send(f"{AUTH}/token/", {"email": user.email, "password": PASSWORD, **over})


@pytest.fixture
def app(customer: User) -> App:
    """The customer's authenticator app."""
    return with_two_factor(customer)


# Setting it up


def test_an_app_is_set_up_with_the_password_and_turned_on_with_its_first_code(
    customer: User, api: Api
) -> None:
    made = api.send(TWO_FACTOR, {"password": PASSWORD}).json()
    before = sign_in(customer).status_code

    answer = api.send(f"{TWO_FACTOR}confirm/", {"code": App(made["secret"], []).code()})

    assert before == 200
    assert answer.status_code == 200
    assert len(set(answer.json()["recovery_codes"])) == 10
    assert Api(answer.json()["access"]).get(TWO_FACTOR).json() == {"on": True, "recovery_codes_left": 10}
    assert Api(answer.json()["access"]).get(f"{AUTH}/me/").json()["two_factor"] is True
    assert sign_in(customer).status_code == 401
    assert subjects() == ["Two-factor sign-in is on"]


def test_the_set_up_is_a_secret_a_link_and_a_picture_of_the_link(api: Api) -> None:
    made = api.send(TWO_FACTOR, {"password": PASSWORD}).json()

    assert set(made) == {"secret", "otpauth_url", "qr_svg"}
    assert f"secret={made['secret']}" in made["otpauth_url"]
    assert made["qr_svg"].startswith('<svg role="img" xmlns="http://www.w3.org/2000/svg"')
    assert "<title>QR code for an authenticator app</title>" in made["qr_svg"]


def test_turning_it_on_ends_what_was_signed_in_with_the_password_alone(customer: User) -> None:
    elsewhere, browser, other = issue(customer, now=utc_now()), Client(), Client()
    for one in (browser, other):
        one.force_login(customer)
    made = second_factor.set_up(customer, now=utc_now())

    browser.post(
        f"{TWO_FACTOR}confirm/", {"code": App(made.secret, []).code()}, content_type="application/json"
    )

    assert user_of(elsewhere.access) is None
    assert Api().send(f"{AUTH}/token/refresh/", {"refresh": elsewhere.refresh}).status_code == 401
    assert other.get(f"{AUTH}/me/").status_code == 401
    assert browser.get(f"{AUTH}/me/").status_code == 200


def test_a_set_up_that_was_not_confirmed_asks_for_nothing(customer: User, api: Api) -> None:
    api.send(TWO_FACTOR, {"password": PASSWORD})

    assert sign_in(customer).status_code == 200
    assert api.get(TWO_FACTOR).json() == {"on": False, "recovery_codes_left": 0}


def test_a_set_up_begun_again_forgets_the_first_secret(api: Api) -> None:
    first, second = (api.send(TWO_FACTOR, {"password": PASSWORD}).json()["secret"] for _ in range(2))

    refused = api.send(f"{TWO_FACTOR}confirm/", {"code": App(first, []).code()})

    assert (refused.status_code, refused.json()) == (400, {"code": [WRONG]})
    assert api.send(f"{TWO_FACTOR}confirm/", {"code": App(second, []).code()}).status_code == 200


def test_a_stolen_token_without_the_password_sets_nothing_up(api: Api) -> None:
    answer = api.send(TWO_FACTOR, {"password": "wrong"})

    assert (answer.status_code, answer.json()) == (400, {"password": ["This is not your password."]})
    assert not SecondFactor.objects.exists()


def test_what_is_on_is_not_set_up_again(customer: User, app: App) -> None:
    api = api_of(customer)
    before = SecondFactor.objects.values().get()

    answers = [
        api.send(TWO_FACTOR, {"password": PASSWORD}),
        api.send(f"{TWO_FACTOR}confirm/", {"code": app.code()}),
    ]

    assert [answer.status_code for answer in answers] == [409, 409]
    assert SecondFactor.objects.values().get() == before


def test_of_two_who_set_up_at_once_one_secret_is_kept(customer: User) -> None:
    results = race([lambda: second_factor.set_up(customer, now=utc_now())] * 4)

    kept = SecondFactor.objects.get().secret
    assert kept in [made.secret for made in results if isinstance(made, second_factor.SetUp)]
    assert set(kinds(results)) <= {"SetUp", "Conflict"}


def test_the_database_keeps_neither_the_secret_nor_a_code_in_the_clear(customer: User, app: App) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT secret, recovery FROM "{SecondFactor._meta.db_table}"')
        (secret, recovery) = cursor.fetchone()

    assert app.secret not in secret
    assert len(recovery) == 10
    assert not set(app.recovery) & set(recovery)
    assert not any(code.replace("-", "") in str(recovery) for code in app.recovery)


# Signing in


def test_without_a_code_the_answer_says_that_one_is_wanted(customer: User, app: App) -> None:
    for nothing in ({}, {"code": ""}, {"code": None}, {"code": "  "}):
        answer = sign_in(customer, **nothing)

        assert answer.status_code == 401
        assert answer["WWW-Authenticate"] == "Bearer"
        assert answer.json() == {
            "error": "Please enter the code that your authenticator app shows, or a recovery code.",
            "code_required": True,
        }


def test_a_wrong_password_is_not_told_that_a_code_is_wanted(customer: User, app: App) -> None:
    answer = sign_in(customer, password="wrong", code=app.code())

    assert answer.json() == {"error": "No account has this email and password."}


def test_a_code_signs_in_once(customer: User, app: App) -> None:
    code = app.code()

    first, again = sign_in(customer, code=code), sign_in(customer, code=code)

    assert first.status_code == 200
    assert Api(first.json()["access"]).get(f"{AUTH}/me/").status_code == 200
    assert (again.status_code, again.json()) == (401, {"error": WRONG, "code_required": True})


def test_a_code_may_be_typed_with_a_space(customer: User, app: App) -> None:
    code = app.code()

    assert sign_in(customer, code=f"{code[:3]} {code[3:]} ").status_code == 200


@pytest.mark.parametrize("steps", [-3, 3])
def test_a_code_of_another_time_signs_nobody_in(customer: User, app: App, steps: int) -> None:
    assert sign_in(customer, code=app.code(steps=steps)).status_code == 401


def test_a_code_of_somebody_elses_app_signs_nobody_in(customer: User, app: App) -> None:
    others = with_two_factor(new_user())

    assert sign_in(customer, code=others.code()).status_code == 401
    assert sign_in(customer, code=others.recovery[0]).status_code == 401


def test_who_has_no_second_factor_may_send_a_code_for_nothing(customer: User) -> None:
    assert sign_in(customer, code="123456").status_code == 200


def test_a_recovery_code_signs_in_once_and_its_user_is_told(customer: User, app: App) -> None:
    code = app.recovery[3].lower()

    first, again = sign_in(customer, code=code), sign_in(customer, code=code)

    assert (first.status_code, again.status_code) == (200, 401)
    assert second_factor.standing(customer).recovery_codes_left == 9
    assert subjects()[-1] == "A recovery code was used"


@pytest.mark.spec("GEN-6")
def test_codes_are_not_tried_for_long_whatever_address_they_come_from(
    customer: User, app: App, settings: Any
) -> None:
    settings.HOLDFAST_LIMITS = settings.HOLDFAST_LIMITS | {"proof_by_user_an_hour": 2, "proof_by_user": 0}

    answers = [
        Api().send(
            f"{AUTH}/token/",
            {"email": customer.email, "password": PASSWORD, "code": "000000"},
            REMOTE_ADDR=f"192.0.2.{n}",
        )
        for n in range(5)
    ]

    refused = [answer for answer in answers if answer.status_code == 429]
    assert answers[0].status_code == 401
    assert refused
    assert 0 < int(refused[0]["Retry-After"]) <= 3600
    assert sign_in(new_user()).status_code == 200


@pytest.mark.spec("GEN-6")
def test_who_does_not_know_the_password_locks_nobody_out(customer: User, app: App, settings: Any) -> None:
    settings.HOLDFAST_LIMITS = settings.HOLDFAST_LIMITS | {"proof_by_user_an_hour": 2, "proof_by_user": 2}

    for _ in range(5):
        sign_in(customer, password="wrong", code="000000")

    assert sign_in(customer, code=app.code()).status_code == 200


# Turning it off


def test_it_is_turned_off_with_password_and_code(customer: User, app: App) -> None:
    api = api_of(customer)

    answer = api.send(f"{TWO_FACTOR}off/", {"password": PASSWORD, "code": app.code()})

    assert (answer.status_code, answer.content) == (204, b"")
    assert sign_in(customer).status_code == 200
    assert subjects()[-1] == "Two-factor sign-in is off"


@pytest.mark.parametrize("path", ["off/", "recovery-codes/"])
@pytest.mark.parametrize("wrong", [{"password": "wrong"}, {"code": "000000"}, {"code": ""}])
def test_one_of_the_two_is_not_enough(customer: User, app: App, path: str, wrong: dict[str, str]) -> None:
    before = SecondFactor.objects.values().get()

    answer = api_of(customer).send(f"{TWO_FACTOR}{path}", {"password": PASSWORD, "code": app.code(), **wrong})

    assert (answer.status_code, list(answer.json())) == (400, list(wrong))
    assert SecondFactor.objects.values().get() == before


@pytest.mark.parametrize("path", ["off/", "recovery-codes/", "confirm/"])
def test_what_is_off_is_neither_turned_off_nor_confirmed(api: Api, path: str) -> None:
    answer = api.send(f"{TWO_FACTOR}{path}", {"password": PASSWORD, "code": "000000"})

    assert answer.status_code == 409


def test_new_recovery_codes_take_the_place_of_the_old(customer: User, app: App) -> None:
    answer = api_of(customer).send(f"{TWO_FACTOR}recovery-codes/", {"password": PASSWORD, "code": app.code()})

    made = answer.json()["recovery_codes"]
    assert len(set(made) - set(app.recovery)) == 10
    assert sign_in(customer, code=app.recovery[0]).status_code == 401
    assert sign_in(customer, code=made[0]).status_code == 200


# Races


def both_kinds(app: App) -> dict[str, str]:
    return {"app": app.code(), "recovery": app.recovery[0]}


@pytest.mark.parametrize("kind", ["app", "recovery"])
def test_of_many_who_bring_one_code_at_once_one_gets_in(customer: User, app: App, kind: str) -> None:
    code = both_kinds(app)[kind]

    results = race([lambda: sign_in(customer, code=code).status_code] * 4)

    assert sorted(map(str, results)) == ["200", "401", "401", "401"]


def test_without_the_constraint_one_code_of_the_app_would_let_many_in(customer: User, app: App) -> None:
    code = app.code()

    with without(Spent, "spent_once"):
        results = race([lambda: second_factor.use_code(customer, code, now=utc_now())] * 4)

    assert kinds(results) == {"NoneType": 4}


def test_without_the_constraint_one_recovery_code_would_let_many_in(customer: User, app: App) -> None:
    code, factor = app.recovery[0], SecondFactor.objects.get()

    with without(Spent, "spent_once"):
        results = meet_at(factor, [lambda: second_factor.use_code(customer, code, now=utc_now())] * 4)

    assert kinds(results) == {"NoneType": 4}


def test_with_the_constraint_the_same_rivals_are_told_apart(customer: User, app: App) -> None:
    code, factor = app.recovery[0], SecondFactor.objects.get()

    results = meet_at(factor, [lambda: second_factor.use_code(customer, code, now=utc_now())] * 4)

    assert kinds(results) == {"Invalid": 3, "NoneType": 1}


# Every door

BY_PAGE = {"username": "customer@example.com", "password": PASSWORD}


def _by_the_api(browser: Client) -> Any:
    body = {"email": BY_PAGE["username"], "password": PASSWORD}
    return browser.post(f"{AUTH}/token/", body, content_type="application/json")


DOORS: dict[str, Callable[[Client], Any]] = {
    "the API": _by_the_api,
    "the page": lambda browser: browser.post("/sign-in/", BY_PAGE),
    "the desk's": lambda browser: browser.post("/sign-in/?next=/desk/", BY_PAGE),
    "the admin's": lambda browser: browser.post(browser.get("/admin/login/")["Location"], BY_PAGE),
    "the admin's own": lambda browser: browser.post("/admin/login/", BY_PAGE),
    "a new account": lambda browser: browser.post(
        "/register/", {"email": BY_PAGE["username"], "password": PASSWORD}
    ),
}


@pytest.mark.spec("GEN-16")
@pytest.mark.parametrize("door", DOORS)
def test_no_door_opens_with_the_password_alone(customer: User, app: App, door: str) -> None:
    User.objects.update(is_staff=True, is_superuser=True)
    browser = Client()

    answer = DOORS[door](browser)

    assert "access" not in answer.content.decode()
    assert browser.get(f"{AUTH}/me/").status_code == 401
    assert {browser.get(page).status_code for page in ("/desk/", "/admin/", "/account/")} == {302}
    assert "_auth_user_id" not in browser.session


def test_to_wait_for_a_code_is_not_to_be_signed_in(customer: User, app: App) -> None:
    browser = Client()
    browser.post("/sign-in/", BY_PAGE)

    assert browser.session[WAITING]["user"] == customer.pk
    assert browser.get(f"{AUTH}/me/").status_code == 401
    assert browser.get("/account/").status_code == 302

"""How often one may ask. A limit of n is proved with 2n + 1 requests, so that no clock's minute spoils it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import RequestFactory

from holdfast.orders.models import Order
from holdfast.platform.models import GatewayEvent, User
from holdfast.project.urls import api as ninja_api
from holdfast.web.throttles import client_address
from tests.support.booked import api_of
from tests.support.pictures import HTML, upload
from tests.support.practice import PASSWORD, Api, Practice, new_user

ANSWERED = {200, 202, 204, 400, 401, 404, 409}
Ask = Callable[[Api, Practice], Any]
A = "/api/astrology"
TOKEN = "/api/auth/token/"
RESET, TWO_FACTOR = "/api/auth/password/reset/", "/api/auth/two-factor/"
LIMITED: dict[tuple[str, str], Ask] = {
    ("sign_in", "token"): lambda api, p: api.send(TOKEN, {"email": "x@example.com", "password": "x"}),
    ("sign_in", "refresh"): lambda api, p: api.send("/api/auth/token/refresh/", {"refresh": "x"}),
    ("register", "register"): lambda api, p: api.send(
        "/api/auth/register/", {"email": "x@example.com", "password": "short"}
    ),
    ("look_up", "services"): lambda api, p: api.get(f"{A}/services/"),
    ("look_up", "service"): lambda api, p: api.get(f"{A}/services/{p.offering.pk}/"),
    ("look_up", "slots"): lambda api, p: api.get(f"{A}/services/{p.offering.pk}/slots/?date=2030-01-01"),
    ("look_up", "confirmation"): lambda api, p: api.get(f"{A}/bookings/confirmation/?astro_book_id=x"),
    ("look_up", "status"): lambda api, p: api.get(f"{A}/bookings/status/?merchant_order_id=x"),
    ("start_by_user", "booking"): lambda api, p: api.book(p, preferred_time="03:00"),
    ("start_by_address", "booking"): lambda api, p: api.book(p, preferred_time="03:00"),
    ("start_by_user", "release"): lambda api, p: api.send("/api/payments/x/release/"),
    ("sign_in", "logout"): lambda api, p: api.send("/api/auth/logout/", {"refresh": "x"}),
    ("look_up", "bookings"): lambda api, p: api.get(f"{A}/bookings/"),
    ("look_up", "booking"): lambda api, p: api.get(f"{A}/bookings/x/"),
    ("look_up", "cancel preview"): lambda api, p: api.get(f"{A}/bookings/x/cancel/"),
    ("start_by_user", "cancel"): lambda api, p: api.send(f"{A}/bookings/x/cancel/"),
    ("start_by_user", "reschedule"): lambda api, p: api.send(
        f"{A}/bookings/x/reschedule/", {"preferred_date": "2030-01-01", "preferred_time": "10:00"}
    ),
    ("start_by_user", "complete"): lambda api, p: api.send(f"{A}/bookings/x/complete/"),
    ("look_up", "released"): lambda api, p: api.get("/api/payments/x/release/"),
    ("upload_by_user", "file"): lambda api, p: api.post(
        "/api/files/", {"purpose": "document", "file": upload(HTML)}
    ),
    ("look_up", "file"): lambda api, p: api.get("/api/files/x/"),
    ("sign_in", "verify email"): lambda api, p: api.send("/api/auth/verify-email/", {"key": "x"}),
    ("account_mail", "verify email again"): lambda api, p: api.send("/api/auth/verify-email/resend/"),
    ("account_mail", "forgotten"): lambda api, p: api.send(RESET, {"email": "x@example.com"}),
    ("sign_in", "reset"): lambda api, p: api.send(f"{RESET}confirm/", {"key": "x", "password": "x"}),
    ("proof_by_user", "password"): lambda api, p: api.send(
        "/api/auth/password/change/", {"password": "x", "new_password": "x"}
    ),
    ("look_up", "two-factor"): lambda api, p: api.get(TWO_FACTOR),
    ("proof_by_user", "set-up"): lambda api, p: api.send(TWO_FACTOR, {"password": "x"}),
    ("proof_by_user", "confirm"): lambda api, p: api.send(f"{TWO_FACTOR}confirm/", {"code": "x"}),
    ("proof_by_user", "recovery codes"): lambda api, p: api.send(
        f"{TWO_FACTOR}recovery-codes/", {"password": "x", "code": "x"}
    ),
    ("proof_by_user", "off"): lambda api, p: api.send(f"{TWO_FACTOR}off/", {"password": "x", "code": "x"}),
    ("bad_webhook", "webhook"): lambda api, p: api.send("/api/payments/webhook/phonepe/"),
}


@pytest.mark.spec("GEN-6")
def test_every_route_but_who_am_i_has_its_limit() -> None:
    paths = ninja_api.get_openapi_schema()["paths"]

    unlimited = {
        path
        for path, methods in paths.items()
        for route in methods.values()
        if "429" not in map(str, route["responses"])
    }

    assert unlimited == {"/api/auth/me/"}


def only(settings: Any, **limits: int) -> None:
    """Lift every limit but these."""
    settings.HOLDFAST_LIMITS = dict.fromkeys(settings.HOLDFAST_LIMITS, 0) | limits


@pytest.mark.spec("GEN-6", "GEN-5")
@pytest.mark.parametrize(("name", "route"), LIMITED)
def test_too_many_requests_are_429_with_the_time_to_wait(
    practice: Practice, api: Api, settings: Any, name: str, route: str
) -> None:
    only(settings, **{name: 2})
    ask = LIMITED[name, route]

    answers = [ask(api, practice) for _ in range(5)]

    refused = [answer for answer in answers if answer.status_code == 429]
    assert answers[0].status_code != 429
    assert refused
    assert refused[0].json() == {"error": "Too many requests. Please wait a little."}
    assert 1 <= int(refused[0]["Retry-After"]) <= 60


@pytest.mark.spec("GEN-6")
@pytest.mark.parametrize(("name", "route"), LIMITED)
def test_a_limit_of_nought_is_none(
    practice: Practice, api: Api, settings: Any, name: str, route: str
) -> None:
    only(settings)

    assert {LIMITED[name, route](api, practice).status_code for _ in range(5)} <= ANSWERED


@pytest.mark.spec("GEN-6")
def test_a_user_over_the_limit_holds_up_nobody_else(practice: Practice, api: Api, settings: Any) -> None:
    only(settings, start_by_user=2)
    mine = [api.book(practice, preferred_time="03:00").status_code for _ in range(5)]

    theirs = api_of(new_user()).book(practice)

    assert 429 in mine
    assert theirs.status_code == 200


@pytest.mark.spec("GEN-6")
def test_an_address_is_limited_whoever_asks_from_there(practice: Practice, settings: Any) -> None:
    only(settings, start_by_address=2)

    answers = [api_of(new_user()).book(practice, preferred_time="03:00").status_code for _ in range(5)]

    assert 429 in answers
    assert Order.objects.count() == 0


@pytest.mark.spec("GEN-6", "GEN-1")
def test_who_is_over_the_limit_does_not_sign_in_even_with_the_right_password(
    customer: User, settings: Any
) -> None:
    only(settings, sign_in=2)

    answers = [Api().send(TOKEN, {"email": customer.email, "password": PASSWORD}) for _ in range(5)]

    assert answers[0].status_code == 200
    assert not any("access" in answer.json() for answer in answers if answer.status_code == 429)
    assert 429 in {answer.status_code for answer in answers}


@pytest.mark.spec("GEN-6")
def test_forged_webhooks_past_the_limit_are_not_even_stored(practice: Practice, settings: Any) -> None:
    only(settings, bad_webhook=2)

    answers = [Api().send("/api/payments/webhook/phonepe/").status_code for _ in range(5)]

    assert GatewayEvent.objects.count() == answers.count(401) < 5


@pytest.mark.spec("GEN-6")
def test_what_a_stranger_says_of_its_address_does_not_count(customer: User, settings: Any) -> None:
    only(settings, sign_in=2)

    answers = [
        Api().send("/api/auth/token/refresh/", {"refresh": "x"}, headers={"X-Forwarded-For": f"192.0.2.{n}"})
        for n in range(5)
    ]

    assert 429 in {answer.status_code for answer in answers}


@pytest.mark.spec("GEN-6")
@pytest.mark.parametrize(
    ("trusted", "said", "address"),
    [
        (0, "192.0.2.1", "203.0.113.9"),
        (1, "192.0.2.1", "192.0.2.1"),
        (1, "192.0.2.7, 192.0.2.1", "192.0.2.1"),
        (2, "192.0.2.7, 192.0.2.1, 10.0.0.1", "192.0.2.1"),
        (2, "192.0.2.1", "203.0.113.9"),
        (1, "", "203.0.113.9"),
        (1, "not an address", "203.0.113.9"),
        (1, f"{'1' * 500}", "203.0.113.9"),
        (1, "2001:db8::1", "2001:db8::1"),
        (1, "::ffff:192.0.2.1", "192.0.2.1"),
    ],
)
def test_an_address_is_taken_from_as_many_proxies_as_are_trusted(
    settings: Any, trusted: int, said: str, address: str
) -> None:
    settings.HOLDFAST_TRUSTED_PROXIES = trusted

    request = RequestFactory().get("/", REMOTE_ADDR="203.0.113.9", headers={"X-Forwarded-For": said})

    assert client_address(request) == address


@pytest.mark.spec("GEN-6")
def test_a_household_is_limited_as_one_however_many_ipv6_addresses_it_has(
    customer: User, settings: Any
) -> None:
    only(settings, sign_in=2)

    def ask(address: str) -> int:
        answer = Api().send("/api/auth/token/refresh/", {"refresh": "x"}, REMOTE_ADDR=address)
        return int(answer.status_code)

    assert 429 in [ask(f"2001:db8::{n}") for n in range(1, 6)]
    assert ask("2001:db8:0:1::1") == 401

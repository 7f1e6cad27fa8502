"""What is true of every address under the API, whichever route answers."""

from __future__ import annotations

import pytest

from holdfast.payments.models import Payment
from tests.support.practice import Api, Practice, request_body

SERVICES = "/api/astrology/services/"


@pytest.mark.spec("GEN-5")
@pytest.mark.parametrize(
    "path",
    ["/api/", "/api", "/api/nothing/", "/api/nothing", "/api/astrology/x/y/", "/booking/api/nothing/"],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_an_address_that_does_not_exist_is_404_in_json(practice: Practice, path: str, method: str) -> None:
    answer = Api().generic(method, path)

    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/json; charset=utf-8"
    assert answer.json() == {"error": "There is nothing at this address."}


@pytest.mark.spec("GEN-5")
@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", SERVICES, "GET"),
        ("DELETE", SERVICES, "GET"),
        ("OPTIONS", SERVICES, "GET"),
        ("TRACE", SERVICES, "GET"),
        ("DELETE", "/api/astrology/bookings/book-with-payment/", "POST"),
        ("PUT", "/api/auth/token/", "POST"),
        ("GET", "/api/payments/webhook/phonepe/", "POST"),
        ("PATCH", "/api/payments/x/release/", "GET, POST"),
    ],
)
def test_another_method_is_405_and_says_which_is_right(
    practice: Practice, api: Api, method: str, path: str, allowed: str
) -> None:
    answer = api.generic(method, path)

    assert answer.status_code == 405
    assert sorted(answer["Allow"].split(", ")) == allowed.split(", ")
    assert answer.json() == {"error": "This address does not answer that method."}


@pytest.mark.spec("GEN-5")
def test_a_fault_of_ours_is_500_in_json_without_a_word_of_why(practice: Practice, api: Api) -> None:
    practice.account.gateway = "no-such-gateway"
    practice.account.save()
    api.raise_request_exception = False

    answer = api.book(practice)

    assert answer.status_code == 500
    assert answer.json() == {"error": "This went wrong on our side."}
    assert "X-Request-ID" in answer


@pytest.mark.spec("GEN-5")
def test_a_slash_left_out_at_the_end_loses_no_body(practice: Practice, api: Api) -> None:
    answer = api.send("/api/astrology/bookings/book-with-payment", request_body(practice))

    assert answer.status_code == 200
    assert Payment.objects.count() == 1


@pytest.mark.parametrize("path", ["/api/openapi.json", "/api/astrology/services", "/api/docs"])
def test_an_address_answers_without_its_slash_as_with_it(practice: Practice, path: str) -> None:
    assert Api().get(path).status_code == 200


def test_head_is_get_without_the_body(practice: Practice) -> None:
    whole, head = Api().get(SERVICES), Api().head(SERVICES)

    assert head.status_code == 200
    assert head["Content-Length"] == str(len(whole.content))
    assert head["Content-Type"] == whole["Content-Type"]
    assert head.content == b""


@pytest.mark.spec("GEN-7")
@pytest.mark.parametrize(
    "path",
    [
        SERVICES,
        "/api/astrology/bookings/confirmation/?astro_book_id=unknown",
        "/api/astrology/bookings/status/?merchant_order_id=unknown",
        "/api/astrology/bookings/",
        "/api/auth/me/",
        "/api/nothing/",
    ],
)
def test_no_answer_is_kept_by_a_cache_or_told_to_another_site(
    practice: Practice, api: Api, path: str
) -> None:
    for answer in (api.get(path), Api().get(path)):
        assert answer["Cache-Control"] == "no-store"
        assert answer["Referrer-Policy"] == "no-referrer"


@pytest.mark.spec("GEN-7")
def test_what_names_a_payment_in_a_refusal_is_private_too(practice: Practice, api: Api) -> None:
    api.book(practice)

    answer = api.book(practice)

    assert answer.status_code == 409
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.spec("GEN-21")
@pytest.mark.parametrize("said", ["a-request-of-mine", "8f14e45f.ceea_167a"])
def test_a_request_keeps_the_id_that_it_came_with(practice: Practice, said: str) -> None:
    assert Api().get(SERVICES, headers={"X-Request-ID": said})["X-Request-ID"] == said


@pytest.mark.spec("GEN-21")
@pytest.mark.parametrize("said", ["", "short", "x" * 65, "with space", 'quo"ted-enough', "né-né-né-né"])
def test_a_request_with_no_decent_id_gets_one(practice: Practice, said: str) -> None:
    made = Api().get(SERVICES, headers={"X-Request-ID": said})["X-Request-ID"]

    assert made != said
    assert len(made) == 32

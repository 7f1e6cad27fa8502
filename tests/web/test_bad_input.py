"""Whatever is wrong with a request, the answer says so in a 4xx, field by field, and nothing has moved."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from holdfast.availability.models import Allocation
from holdfast.kernel.clock import utc_now
from holdfast.orders.models import Order
from holdfast.payments.models import Payment
from holdfast.platform.models import Customer
from tests.support.practice import Api, Practice, request_body

BOOK = "/api/astrology/bookings/book-with-payment/"
LONG = "x" * 3000
NOT_TEXT = "This holds characters that are not text."
TODAY = utc_now().date()


def moved() -> dict[str, int]:
    """What a booking request makes: all of it, or nothing."""
    return {model.__name__: model.objects.count() for model in (Order, Payment, Allocation, Customer)}


NOTHING = {"Order": 0, "Payment": 0, "Allocation": 0, "Customer": 0}

WRONG: list[tuple[str, list[Any]]] = [
    ("service", [0, -1, 999_999, 2**63, 10**40, "x", "", None, True, 1.5, [], {}, "1 OR 1=1"]),
    (
        "language",
        ["Klingon", "hindi\x00", "", " ", 5, None, ["Hindi"], {"a": 1}, "H" * 201, "\ud800", "a\x07"],
    ),
    (
        "preferred_date",
        [
            (TODAY - timedelta(days=1)).isoformat(),
            "2020-01-01",
            "0001-01-01",
            "9999-12-31",
            "2027-02-30",
            "2027-13-01",
            "10-08-2026",
            "2026-8-1",
            "2026-W10-1",
            "tomorrow",
            "",
            0,
            86_400,
            1_795_651_200,
            None,
            [],
            "２０２６-11-26",  # digits, but not ASCII
            "2026-11-26T10:00:00Z",
        ],
    ),
    (
        "preferred_time",
        [
            "03:00",
            "10:07",
            "18:45",
            "24:00",
            "10:60",
            "10",
            "10:00:30",
            "10.00",
            "",
            None,
            10,
            [10],
            "10:00\n",
        ],
    ),
    ("birth_place", ["", "  ", None, 5, "p" * 201, "a\x00b"]),
    ("birth_date", ["2999-01-01", "1899-12-31", "1995-02-31", "", 0, None, "15/05/1995"]),
    ("birth_time", ["25:00", "8:30", "", None, 830]),
    ("gender", ["X", "male", "", None, 1, ["MALE"]]),
    ("questions", [LONG, 5, ["?"], "a\x00b", "\udfff"]),
    (
        "contact_email",
        [
            "",
            "nobody",
            "a@b",
            "a@@example.com",
            "a b@example.com",
            "Me <user@example.com>",
            "user@example.com\nBcc: other@example.com",
            "a@localhost",
            f"a@{'d' * 250}.com",
            None,
            5,
        ],
    ),
    (
        "contact_phone",
        ["", "12", "not a number", "+999 1234567890", "98765432101234567", None, 9876543210, "9" * 21],
    ),
]


@pytest.mark.spec("GEN-5", "AST-2")
@pytest.mark.parametrize(("field", "values"), WRONG, ids=[field for field, _ in WRONG])
def test_a_wrong_field_is_named_and_nothing_moves(
    practice: Practice, api: Api, field: str, values: list[Any]
) -> None:
    for value in values:
        answer = api.book(practice, **{field: value})

        assert answer.status_code == 400, (value, answer.content)
        assert list(answer.json()) == [field], value
        assert all(isinstance(message, str) and message for message in answer.json()[field])
        assert moved() == NOTHING, value


RAW = {
    "nothing": b"",
    "half of it": b'{"service": 1, "language": ',
    "not JSON": b"service=1&language=Hindi",
    "an array": b"[]",
    "an array of it": b'[{"service": 1}]',
    "a string": b'"service"',
    "a number": b"5",
    "null": b"null",
    "NaN": b'{"service": NaN}',
    "Infinity": b'{"service": -Infinity}',
    "a number of 5000 digits": b'{"service": ' + b"9" * 5000 + b"}",
    "a number past every float": b'{"service": 1e999}',
    "deep arrays": b'{"questions": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "deep objects": b'{"a":' * 40_000 + b"1" + b"}" * 40_000,
    "invalid UTF-8": b'{"questions": "\xff\xfe"}',
    "UTF-16": '{"service": 1}'.encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf{}",
    "a null byte": b"\x00",
    "a trailing comma": b'{"service": 1,}',
    "two documents": b"{}{}",
    "a lone surrogate for a key": b'{"\\ud800": 1}',
    "a null byte for a key": b'{"a\\u0000": 1}',
}


@pytest.mark.spec("GEN-5")
@pytest.mark.parametrize("path", [BOOK, "/api/auth/token/", "/api/auth/register/", "/api/auth/logout/"])
def test_a_body_that_is_no_json_object_of_ours_is_400(practice: Practice, api: Api, path: str) -> None:
    # Who signs out need not say which token: the bearer's own sign-in ends.
    says_enough = {"nothing", "null", "a number past every float"} if "logout" in path else set()
    for name, body in ((name, body) for name, body in RAW.items() if name not in says_enough):
        answer = api.generic("POST", path, body, content_type="application/json")

        assert answer.status_code == 400, name
        assert all(isinstance(messages, str | list) for messages in answer.json().values()), name
    assert moved() == NOTHING


@pytest.mark.spec("GEN-5")
def test_a_body_past_the_limit_is_400(practice: Practice, api: Api) -> None:
    answer = api.book(practice, questions="?" * 300_000)

    assert answer.status_code == 400
    assert answer.json() == {"error": "The request is too large."}
    assert moved() == NOTHING


@pytest.mark.spec("GEN-5")
def test_every_wrong_field_is_named_at_once(practice: Practice, api: Api) -> None:
    answer = api.book(practice, gender="X", birth_time="", contact_email="nobody")

    assert answer.status_code == 400
    assert set(answer.json()) == {"gender", "birth_time", "contact_email"}
    wrong = api.book(practice, language="Klingon", contact_phone="12").json()
    assert set(wrong) == {"language", "contact_phone"}


@pytest.mark.spec("GEN-5")
def test_what_is_missing_is_named_in_plain_words(practice: Practice, api: Api) -> None:
    answer = api.send(BOOK, {})

    optional = {"questions", "redirect_url"}
    assert answer.json() == {
        field: ["This field is required."] for field in request_body(practice) if field not in optional
    }


@pytest.mark.spec("GEN-5")
@pytest.mark.parametrize("content_type", ["text/plain", "application/octet-stream", ""])
def test_json_is_known_by_its_content_whatever_its_type_says(
    practice: Practice, api: Api, content_type: str
) -> None:
    answer = api.generic("POST", BOOK, json.dumps(request_body(practice)), content_type=content_type)

    assert answer.status_code == 200


@pytest.mark.spec("GEN-5")
@pytest.mark.parametrize("form", ["multipart/form-data; boundary=x", "application/x-www-form-urlencoded"])
def test_a_form_is_not_json(practice: Practice, api: Api, form: str) -> None:
    answer = api.generic("POST", BOOK, b"service=1", content_type=form)

    assert answer.status_code == 400
    assert moved() == NOTHING


@pytest.mark.spec("GEN-5")
def test_fields_that_nobody_asked_for_change_nothing(practice: Practice, api: Api) -> None:
    answer = api.book(practice, amount=1, price="0.01", status="CONFIRMED", state="confirmed", user=2)

    assert answer.status_code == 200
    assert answer.json()["data"]["payment"]["amount"] == 199900


@pytest.mark.spec("GEN-5")
@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/api/astrology/bookings/confirmation/", "astro_book_id"),
        ("/api/astrology/bookings/confirmation/?astro_book_id=%00", "astro_book_id"),
        ("/api/astrology/bookings/status/", "merchant_order_id"),
        ("/api/astrology/bookings/status/?merchant_order_id=a%00b", "merchant_order_id"),
        ("/api/astrology/services/?page=0", "page"),
        ("/api/astrology/services/?page=-1", "page"),
        ("/api/astrology/services/?page=x", "page"),
        ("/api/astrology/services/?page=99999999999999999999", "page"),
        ("/api/astrology/services/?page_size=101", "page_size"),
        ("/api/astrology/services/?page_size=0", "page_size"),
        ("/api/astrology/services/?business=%00", "business"),
        ("/api/astrology/bookings/?page=1.5", "page"),
    ],
)
def test_a_wrong_query_is_400_by_its_own_name(practice: Practice, api: Api, path: str, field: str) -> None:
    answer = api.get(path)

    assert answer.status_code == 400
    assert list(answer.json()) == [field]


@pytest.mark.spec("GEN-5")
@pytest.mark.parametrize(
    "path",
    ["services/x/", "services/99999999999999999999/", "services/-1/", "bookings/%00/", "bookings/x%FF/"],
)
def test_an_unknown_id_in_a_path_is_404(practice: Practice, api: Api, path: str) -> None:
    answer = api.get(f"/api/astrology/{path}")

    assert answer.status_code == 404
    assert list(answer.json()) == ["error"]

"""Reading JSON, numbers, words and times as gateways write them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from holdfast.payments.gateways.base import Unknown
from holdfast.payments.gateways.reading import moment_of, read_object, text_of, whole_of


@pytest.mark.parametrize(
    ("body", "meant"),
    [
        (b'{"a": 1}', {"a": 1}),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        (b'{"a": 1, "b": [1, 2,],\n}', {"a": 1, "b": [1, 2]}),
        (b'{"a": "x,}", "b": "\\",]",}', {"a": "x,}", "b": '",]'}),
        (b'{"state": null, "state": "PENDING"}', {"state": "PENDING"}),
        (b'{"a": 1.10}', {"a": Decimal("1.10")}),
    ],
)
def test_slips_of_form_are_forgiven(body: bytes, meant: dict[str, Any]) -> None:
    assert read_object(body) == meant


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"   ",
        b"<!doctype html><title>Maintenance</title>",
        b'{"state": "COMPL',
        b'{"a": 1,, }',
        b"[1, 2]",
        b'"COMPLETED"',
        b"null",
        b'{"amount": NaN}',
        b'{"amount": Infinity}',
        b"\xff\xfe{}",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"a": ' + b"9" * 5_000 + b"}",
        b'"' + b'\\"' * 200_000,
    ],
)
def test_whatever_has_no_certain_meaning_is_unknown(body: bytes) -> None:
    with pytest.raises(Unknown):
        read_object(body)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (199_900, 199_900),
        ("199900", 199_900),
        ("199900.00", 199_900),
        (Decimal("199900.0"), 199_900),
        (0, 0),
        ("-5", -5),
        (True, None),
        (None, None),
        ("", None),
        ("1999.50", None),
        (Decimal("1999.5"), None),
        ("1,999", None),
        ("1e5", None),
        (" 5", None),
        ("٥", None),
        (Decimal("1e999999"), None),
        (10**18, None),
        ([5], None),
    ],
)
def test_a_whole_number_is_read_however_it_is_written_and_never_guessed(
    written: object, meant: int | None
) -> None:
    assert whole_of({"amount": written}, "amount") == meant


@pytest.mark.parametrize(
    ("written", "meant"),
    [("OMO1", "OMO1"), ("", None), (7, None), ("a\x00b", None), ("\ud800", None), ("x" * 1_025, None)],
)
def test_only_short_printable_words_are_words(written: object, meant: str | None) -> None:
    assert text_of({"id": written}, "id") == meant


def test_the_first_field_that_can_be_read_counts() -> None:
    assert text_of({"code": None, "errorCode": "OIM000"}, "code", "errorCode") == "OIM000"


@pytest.mark.parametrize("written", [1_785_000_000, 1_785_000_000_000, "1785000000"])
def test_a_time_is_read_in_seconds_and_in_milliseconds(written: object) -> None:
    assert moment_of({"expireAt": written}, "expireAt") == datetime.fromtimestamp(1_785_000_000, tz=UTC)


@pytest.mark.parametrize("written", [0, -1, None, 10**15, "tomorrow", True])
def test_a_time_that_cannot_be_one_is_absent(written: object) -> None:
    assert moment_of({"expireAt": written}, "expireAt") is None

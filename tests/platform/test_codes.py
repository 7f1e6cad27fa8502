"""One-time codes, as RFC 6238 has them."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from holdfast.platform import codes

pytestmark = pytest.mark.spec("GEN-1")
# Appendix B of the RFC: the key, and moments with the last six of their eight digits.
KEY = base64.b32encode(b"12345678901234567890").decode()
VECTORS = [
    (59, "287082"),
    (1111111109, "081804"),
    (1111111111, "050471"),
    (1234567890, "005924"),
    (2000000000, "279037"),
    (20000000000, "353130"),
]
NOW = datetime(2026, 3, 1, 12, 0, 10, tzinfo=UTC)


@pytest.mark.parametrize(("seconds", "code"), VECTORS)
def test_codes_are_those_of_the_standard(seconds: int, code: str) -> None:
    now = datetime.fromtimestamp(seconds, UTC)

    assert codes.code_at(KEY, now=now) == code
    assert codes.step_of(code, KEY, now=now) == seconds // 30


@pytest.mark.parametrize(("steps", "is_good"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_the_code_before_and_the_code_after_are_good_as_well(steps: int, is_good: bool) -> None:
    code = codes.code_at(KEY, now=NOW + timedelta(seconds=30 * steps))

    assert (codes.step_of(code, KEY, now=NOW) is not None) is is_good


@pytest.mark.parametrize("code", ["", "00000", "0000000", "abcdef", "١٢٣٤٥٦", "x" * 40])
def test_what_is_no_code_is_of_no_step(code: str) -> None:
    assert codes.step_of(code, KEY, now=NOW) is None


def test_a_step_ends_when_its_code_is_refused_for_its_age() -> None:
    code = codes.code_at(KEY, now=NOW)
    step = codes.step_of(code, KEY, now=NOW)
    assert step is not None

    end = codes.end_of(step)

    assert codes.step_of(code, KEY, now=end - timedelta(seconds=1)) == step
    assert codes.step_of(code, KEY, now=end) is None


def test_an_app_is_told_whose_codes_these_are() -> None:
    parts = urlsplit(codes.otpauth_url(KEY, account="a+b@example.com"))

    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert unquote(parts.path) == "/Holdfast:a+b@example.com"
    said = parse_qs(parts.query)
    assert (said["secret"], said["issuer"], said["digits"], said["period"]) == (
        [KEY],
        ["Holdfast"],
        ["6"],
        ["30"],
    )


def test_secrets_and_recovery_codes_are_long_and_never_the_same() -> None:
    assert len(base64.b32decode(codes.new_secret())) == 20
    assert codes.new_secret() != codes.new_secret()
    made = codes.new_recovery_codes()
    assert len(set(made)) == 10
    assert all(len(base64.b32decode(codes.as_written(code))) == 10 for code in made)


@pytest.mark.parametrize("typed", ["abcd efgh ijkl mnop", "ABCD-EFGH-IJKL-MNOP", " abcdefghijklmnop\n"])
def test_a_recovery_code_may_be_typed_as_one_likes(typed: str) -> None:
    assert codes.digest(typed) == codes.digest("ABCD-EFGH-IJKL-MNOP")

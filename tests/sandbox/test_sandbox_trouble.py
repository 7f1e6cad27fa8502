"""Calls that go wrong on their way, and tokens that die."""

from __future__ import annotations

import json
from collections.abc import Callable

import httpx
import pytest

from sandbox.troubles import TROUBLES
from tests.sandbox.conftest import Shop
from tests.support.sandbox import Sandbox

PROCESSED = [name for name, trouble in TROUBLES.items() if trouble.processed]


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_pay_call_in_trouble_has_or_has_not_opened_the_order(
    shop: Shop, sandbox: Sandbox, reference: str, trouble: str
) -> None:
    sandbox.arm(f"pay_{trouble}", seconds=0.001)

    with_trouble(lambda: shop.pay(reference))

    assert sandbox.armed() == []
    assert shop.status(reference).status_code == (200 if trouble in PROCESSED else 400)


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_refund_call_in_trouble_has_or_has_not_begun_the_refund(
    shop: Shop, sandbox: Sandbox, reference: str, trouble: str
) -> None:
    shop.paid(reference)
    sandbox.arm(f"refund_{trouble}", seconds=0.001)

    with_trouble(lambda: shop.refund(f"R-{reference}", reference, 100))

    assert shop.refund_status(f"R-{reference}").status_code == (200 if trouble in PROCESSED else 400)


@pytest.mark.parametrize("trouble", ["500_before", "html", "reset_after", "429"])
def test_the_other_calls_get_into_trouble_too(
    shop: Shop, sandbox: Sandbox, reference: str, trouble: str
) -> None:
    shop.paid(reference)
    shop.refund(f"R-{reference}", reference, 100)
    calls: dict[str, Callable[[], httpx.Response]] = {
        "token": shop.ask_token,
        "status": lambda: shop.status(reference),
        "refund_status": lambda: shop.refund_status(f"R-{reference}"),
        "transaction_status": lambda: shop.call("GET", "/checkout/v2/transaction/OM1/status"),
    }
    for call, ask in calls.items():
        sandbox.arm(f"{call}_{trouble}")
        with_trouble(ask)
        assert sandbox.armed() == [], call


def test_trouble_looks_as_it_should(shop: Shop, sandbox: Sandbox, reference: str) -> None:
    shop.pay(reference)
    whole = shop.status(reference).content

    def answer(trouble: str) -> httpx.Response:
        sandbox.arm(f"status_{trouble}", seconds=7)
        return shop.status(reference)

    assert answer("500_after").json()["code"] == "INTERNAL_SERVER_ERROR"
    assert answer("429").headers["Retry-After"] == "7"
    assert answer("401").json()["code"] == "AUTHORIZATION_FAILED"
    assert answer("html").headers["Content-Type"].startswith("text/html")
    assert answer("empty").content == b""
    assert answer("truncated").content == whole[: len(whole) // 2]
    assert answer("bom").content == b"\xef\xbb\xbf" + whole
    assert answer("trailing_comma").content == whole[:-1] + b",}"
    assert json.loads(answer("duplicate_key").content) == json.loads(whole)
    with pytest.raises(httpx.RemoteProtocolError):
        answer("reset_after")


def test_a_slow_answer_is_whole_in_the_end(shop: Shop, sandbox: Sandbox, reference: str) -> None:
    shop.pay(reference)
    whole = shop.status(reference).content
    sandbox.arm("status_slow", seconds=0.001)

    assert shop.status(reference).content == whole


def test_a_call_that_hangs_outlasts_the_client(shop: Shop, sandbox: Sandbox, reference: str) -> None:
    sandbox.arm("pay_timeout_after", seconds=60)
    shop.http.timeout = httpx.Timeout(0.5)

    with pytest.raises(httpx.ReadTimeout):
        shop.pay(reference)

    assert shop.status(reference).json()["state"] == "PENDING"


def test_a_token_can_expire_in_the_middle(shop: Shop, sandbox: Sandbox, reference: str) -> None:
    sandbox.arm("token_expired_midflow")

    refused = [shop.pay(reference).status_code for _ in range(2)]
    shop.sign_in()

    assert refused == [401, 401]
    assert shop.pay(reference).status_code == 200


def test_a_token_can_be_dead_on_arrival(shop: Shop, sandbox: Sandbox, reference: str) -> None:
    sandbox.arm("token_already_expired")
    shop.sign_in()

    assert shop.pay(reference).status_code == 401


def test_a_token_can_live_shortly_and_tell_the_time_in_milliseconds(
    shop: Shop, sandbox: Sandbox, reference: str
) -> None:
    sandbox.arm("token_in_milliseconds")
    sandbox.arm("token_short_lived", seconds=30)
    in_milliseconds = shop.ask_token().json()
    shop.sign_in()
    sandbox.advance(31)

    assert in_milliseconds["expires_at"] - in_milliseconds["issued_at"] == 624_600_000
    assert shop.pay(reference).status_code == 401


def with_trouble(ask: Callable[[], httpx.Response]) -> None:
    """Make a call whose answer, if there is one, does not matter."""
    try:
        ask()
    except httpx.RemoteProtocolError:
        return

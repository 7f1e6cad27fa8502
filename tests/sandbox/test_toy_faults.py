"""Toy as it should not be: each of its own misbehaviors, and its webhooks."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import httpx
import pytest

from sandbox.troubles import TROUBLES
from tests.sandbox.conftest import Inbox, Received
from tests.sandbox.toy_shop import SECRET, ToyShop
from tests.support.sandbox import Sandbox, SandboxError


@pytest.fixture
def toy(sandbox: Sandbox, inbox: Inbox) -> Iterator[ToyShop]:
    shop = ToyShop(replace(sandbox, gateway="toy"))
    shop.sandbox.add_merchant("HOLDFAST_DEMO", webhook_url=inbox.url)
    yield shop
    shop.sandbox.add_merchant("HOLDFAST_DEMO", webhook_url="")
    shop.http.close()


# ---- paying and reserving -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "extra", "reserved"),
    [
        ("amount_higher", {}, 500_100),
        ("amount_lower", {}, 499_900),
        ("amount_lower", {"amount": 400_000}, 100_000),
    ],
)
def test_the_amount_can_be_another(
    toy: ToyShop, reference: str, fault: str, extra: dict[str, Any], reserved: int
) -> None:
    toy.sandbox.arm(fault, only=reference, **extra)

    toy.reserved(reference)

    assert toy.look_up(reference).json()["reserved"] == reserved


def test_a_payment_is_processing_for_some_reads_or_some_time(toy: ToyShop, reference: str) -> None:
    timed = f"{reference}-T"
    for one in (reference, timed):
        toy.start(one)
    toy.sandbox.arm("pay_pending", only=reference, reads=2)
    toy.sandbox.arm("pay_pending", only=timed, seconds=60)
    settled = [toy.sandbox.settle(one) for one in (reference, timed)]

    reads = [toy.state(reference) for _ in range(3)]
    early = toy.state(timed)
    toy.sandbox.advance(60)

    assert settled == ["processing", "processing"]
    assert reads == ["processing", "processing", "authorized"]
    assert (early, toy.state(timed)) == ("processing", "authorized")


def test_a_payment_that_was_declined_can_be_paid_late(toy: ToyShop, reference: str) -> None:
    toy.start(reference)
    toy.sandbox.settle(reference, "fail")
    with pytest.raises(SandboxError, match="409"):
        toy.sandbox.settle(reference)

    toy.sandbox.arm("late_success", only=reference)

    assert toy.sandbox.settle(reference) == "authorized"


def test_an_authorization_is_shorter_than_usual_and_says_so(toy: ToyShop, reference: str) -> None:
    toy.sandbox.arm("authorization_short", only=reference, seconds=300)
    toy.reserved(reference)
    said = toy.look_up(reference).json()["capture_before"]
    clock = httpx.get(f"{toy.sandbox.url}/control/clock").json()["now"] // 1000

    toy.sandbox.advance(300)

    assert 290 <= said - clock <= 300
    assert toy.state(reference) == "lapsed"


def test_an_authorization_lapses_early_whatever_it_says(toy: ToyShop, reference: str) -> None:
    toy.sandbox.arm("authorization_lapses_early", only=reference, seconds=60)
    toy.reserved(reference)
    said = toy.look_up(reference).json()["capture_before"]

    toy.sandbox.advance(60)

    found = toy.look_up(reference).json()
    assert (found["state"], found["reserved"], found["capture_before"]) == ("lapsed", 0, said)
    assert toy.capture(reference).json()["error"] == "authorization_expired"


# ---- captures and voids ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("extra", "state"), [({}, "authorized"), ({"then": "lapsed"}, "lapsed")])
def test_a_bank_declines_a_capture(toy: ToyShop, reference: str, extra: dict[str, Any], state: str) -> None:
    toy.reserved(reference)
    toy.sandbox.arm("capture_declined", only=reference, **extra)

    answer = toy.capture(reference)

    assert (answer.status_code, answer.json()["error"]) == (402, "capture_declined")
    assert toy.state(reference) == state


@pytest.mark.parametrize("ends", ["captured", "authorized"])
def test_a_capture_is_under_way_for_a_while(toy: ToyShop, reference: str, ends: str) -> None:
    toy.reserved(reference)
    toy.sandbox.arm("capture_pending", only=reference, seconds=120, ends=ends)

    asked = toy.capture(reference, 300_000)
    void, another = toy.void(reference), toy.capture(reference, key=f"{reference}-C2")
    meanwhile = toy.look_up(reference).json()
    toy.sandbox.advance(120)

    assert (asked.status_code, asked.json()["state"]) == (200, "capturing")
    assert [one.json()["error"] for one in (void, another)] == ["already_captured"] * 2
    assert (meanwhile["state"], meanwhile["reserved"], meanwhile["captured"]) == ("capturing", 500_000, 0)
    found = toy.look_up(reference).json()
    assert (found["state"], found["captured"]) == (ends, 300_000 if ends == "captured" else 0)


@pytest.mark.parametrize(("fault", "state"), [("captured_outside", "captured"), ("voided_outside", "voided")])
def test_somebody_captures_or_voids_in_the_dashboard(
    toy: ToyShop, reference: str, inbox: Inbox, fault: str, state: str
) -> None:
    toy.reserved(reference)
    toy.sandbox.arm(fault, only=reference)

    toy.sandbox.advance(0)

    assert toy.state(reference) == state
    assert {call.json["event"] for call in inbox.about(reference, at_least=2)} == {
        "payment.authorized",
        f"payment.{state}",
    }


def test_somebody_refunds_in_the_dashboard(toy: ToyShop, reference: str) -> None:
    toy.charged(reference)
    toy.sandbox.arm("refunded_outside", only=reference, amount=200_000)
    toy.sandbox.arm("refunded_outside", only=reference)

    refunded = [toy.look_up(reference).json()["refunded"] for _ in range(2)]

    assert refunded == [200_000, 500_000]


# ---- refunds --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "at_once", "in_the_end"),
    [
        ("refund_pending", "pending", "succeeded"),
        ("refund_fails", "pending", "failed"),
        ("refund_fails_after_success", "succeeded", "failed"),
    ],
)
def test_a_refund_takes_its_time_and_may_fail(
    toy: ToyShop, reference: str, fault: str, at_once: str, in_the_end: str
) -> None:
    toy.charged(reference)
    toy.sandbox.arm(fault, only=reference, seconds=300)

    toy.refund(reference)
    states = [toy.look_up_refund(f"{reference}-R1").json()["state"]]
    toy.sandbox.advance(300)
    states.append(toy.look_up_refund(f"{reference}-R1").json()["state"])

    assert states == [at_once, in_the_end]
    left = toy.look_up(reference).json()
    assert left["refunded"] == (500_000 if in_the_end == "succeeded" else 0)


def test_a_refund_is_refused_in_the_gateways_word(toy: ToyShop, reference: str) -> None:
    toy.charged(reference)
    toy.sandbox.arm("refund_refused", only=reference)

    answer = toy.refund(reference)

    assert (answer.status_code, answer.json()["error"]) == (409, "charge_disputed")
    assert toy.look_up_refund(f"{reference}-R1").status_code == 404


# ---- reads, and calls in trouble ------------------------------------------------------------------------


def test_a_read_lags_flaps_and_speaks_in_tongues(toy: ToyShop, reference: str) -> None:
    toy.reserved(reference)
    for fault, times in (("look_up_lag", 1), ("look_up_unknown_state", 1), ("look_up_flap", 2)):
        toy.sandbox.arm(fault, times, only=reference)

    states = [toy.state(reference) for _ in range(5)]

    assert states == ["open", "on_hold", "authorized", "open", "authorized"]


def test_a_read_is_about_something_else(toy: ToyShop, reference: str) -> None:
    toy.reserved(reference)
    toy.sandbox.arm("look_up_another_payment", only=reference)
    toy.sandbox.arm("look_up_another_currency", only=reference, word="IDR")

    first, second = toy.look_up(reference).json(), toy.look_up(reference).json()

    assert (first["reference"], first["currency"]) == ("ANOTHER-PAYMENT-1", "EUR")
    assert (second["reference"], second["currency"]) == (reference, "IDR")


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_call_in_trouble_has_or_has_not_done_what_it_was_asked(
    toy: ToyShop, reference: str, trouble: str
) -> None:
    processed = TROUBLES[trouble].processed
    toy.reserved(reference)
    toy.charged(f"{reference}-P")
    toy.reserved(f"{reference}-W")
    own = f"{reference}-P-R1"

    in_trouble(toy, f"start_{trouble}", lambda: toy.start(f"{reference}-S"))
    in_trouble(toy, f"capture_{trouble}", lambda: toy.capture(reference))
    in_trouble(toy, f"void_{trouble}", lambda: toy.void(f"{reference}-W"))
    in_trouble(toy, f"refund_{trouble}", lambda: toy.refund(f"{reference}-P"))

    assert toy.look_up(f"{reference}-S").status_code == (200 if processed else 404)
    assert toy.state(reference) == ("captured" if processed else "authorized")
    assert toy.state(f"{reference}-W") == ("voided" if processed else "authorized")
    assert toy.look_up_refund(own).status_code == (200 if processed else 404)


@pytest.mark.parametrize("call", ["look_up", "look_up_refund"])
def test_a_read_gets_into_trouble_too(toy: ToyShop, reference: str, call: str) -> None:
    toy.charged(reference)
    toy.refund(reference)
    wanted = reference if call == "look_up" else f"{reference}-R1"

    in_trouble(toy, f"{call}_500_before", lambda: getattr(toy, call)(wanted))

    assert toy.sandbox.armed() == []
    assert getattr(toy, call)(wanted).status_code == 200


def test_the_hosted_page_is_down(toy: ToyShop, reference: str) -> None:
    page = toy.start(reference).json()["url"]
    toy.sandbox.arm("page_down", only=reference)

    assert [httpx.get(page).status_code for _ in range(2)] == [503, 200]


# ---- webhooks -------------------------------------------------------------------------------------------


def test_each_change_is_told_under_a_signature(toy: ToyShop, reference: str, inbox: Inbox) -> None:
    toy.reserved(reference)
    toy.capture(reference)
    toy.refund(reference)

    calls = {call.json["event"]: call for call in inbox.about(f'"{reference}"', at_least=3)}

    assert sorted(calls) == ["payment.authorized", "payment.captured", "refund.succeeded"]
    assert all(is_signed(call) for call in calls.values())
    assert len({call.json["id"] for call in calls.values()}) == 3
    assert calls["refund.succeeded"].json["refund"]["payment"] == reference


@pytest.mark.parametrize("fault", ["webhook_wrong_signature", "webhook_old_scheme"])
def test_a_signature_is_wrong(toy: ToyShop, reference: str, inbox: Inbox, fault: str) -> None:
    toy.sandbox.arm(fault, only=reference)

    toy.reserved(reference)

    (call,) = inbox.about(reference)
    assert not is_signed(call)


@pytest.mark.parametrize(("fault", "sign"), [("webhook_old", -1), ("webhook_from_the_future", 1)])
def test_a_signature_is_of_another_time(
    toy: ToyShop, reference: str, inbox: Inbox, fault: str, sign: int
) -> None:
    toy.sandbox.arm(fault, only=reference, seconds=86_400)

    toy.reserved(reference)

    (call,) = inbox.about(reference)
    assert is_signed(call)
    assert 80_000 < sign * (signed_at(call) - time.time()) < 90_000


@pytest.mark.parametrize("fault", ["webhook_malformed_json", "webhook_truncated"])
def test_a_webhook_cannot_be_read(toy: ToyShop, reference: str, inbox: Inbox, fault: str) -> None:
    toy.sandbox.arm(fault, only=reference)

    toy.reserved(reference)

    (call,) = inbox.about(reference)
    assert is_signed(call)
    with pytest.raises(json.JSONDecodeError):
        json.loads(call.body)


def test_a_webhook_is_of_an_unknown_event(toy: ToyShop, reference: str, inbox: Inbox) -> None:
    toy.sandbox.arm("webhook_unknown_event", only=reference)

    toy.reserved(reference)

    assert inbox.about(reference)[0].json["event"] == "weather.authorized"


def test_a_webhook_is_there_before_the_start_is_answered(toy: ToyShop, reference: str, inbox: Inbox) -> None:
    toy.sandbox.arm("webhook_before_start_answer", only=reference)

    toy.start(reference)

    assert [call.json["event"] for call in inbox.about(reference)] == ["payment.authorized"]


def test_the_last_webhook_is_sent_again_byte_for_byte(toy: ToyShop, reference: str, inbox: Inbox) -> None:
    toy.reserved(reference)
    (first,) = inbox.about(reference)

    toy.sandbox.resend(reference)

    again = inbox.about(reference, at_least=2)[-1]
    assert (again.body, header(again)) == (first.body, header(first))


def in_trouble(toy: ToyShop, fault: str, ask: Callable[[], object]) -> None:
    """Ask once with this fault armed, whatever comes of it."""
    toy.sandbox.arm(fault, seconds=0.001)
    with suppress(httpx.TransportError):  # Some troubles are that there is no answer.
        ask()


def header(call: Received) -> str:
    return {name.lower(): value for name, value in call.headers.items()}["toy-signature"]


def signed_at(call: Received) -> int:
    return int(header(call).split(",")[0].removeprefix("t="))


def is_signed(call: Received) -> bool:
    """Whether the header has the body's signature, of the time that it names."""
    signed = f"{signed_at(call)}.".encode() + call.body
    expected = hmac.digest(SECRET.encode(), signed, hashlib.sha256).hex()
    return re.fullmatch(r"t=\d+,v1=([0-9a-f]{64})", header(call)) is not None and expected in header(call)

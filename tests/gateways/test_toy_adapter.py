"""The toy gateway's adapter, against the sandbox over HTTP: its words, its lapses, its webhooks."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from holdfast.kernel.money import Money
from holdfast.payments.gateways.base import (
    About,
    BadSignature,
    Became,
    Outcome,
    RefundBecame,
    RefundOutcome,
    RefundRequest,
    Refused,
    Start,
    Unclear,
    Unknown,
)
from tests.gateways.accounts import named, toy_account
from tests.support.sandbox import Sandbox
from tests.support.toy import (
    Toy,
    at_toy,
    authorize,
    capture_outside,
    charge,
    lapse_all,
    refund_outside,
    void_outside,
)

PRICE = Money(500_000, "EUR")


@dataclass
class Stay:
    """A hotel's payment at Toy, and what can be asked about it."""

    toy: Toy
    sandbox: Sandbox
    reference: str
    now: datetime

    def start(self, *, capture: bool = False) -> None:
        wanted = Start(self.reference, PRICE, "https://hotel.example/", timedelta(minutes=15), "", capture)
        self.toy.start(wanted, now=self.now)

    @property
    def about(self) -> About:
        return named(self.reference, PRICE)

    def look_up(self) -> Outcome:
        return self.toy.look_up(self.about, now=self.now)

    def capture(self, amount: Money = PRICE) -> Outcome:
        return self.toy.capture(self.about, amount, key=f"{self.reference}-C1", now=self.now)

    def refund(self, amount: Money = PRICE) -> RefundOutcome:
        wanted = RefundRequest(f"{self.reference}-R1", self.about, amount)
        return self.toy.refund(wanted, now=self.now)

    def look_up_refund(self) -> RefundOutcome:
        return self.toy.look_up_refund(f"{self.reference}-R1", of=self.about, now=self.now)


@pytest.fixture
def stay(sandbox_of_its_own: Sandbox, now: datetime) -> Stay:
    sandbox = at_toy(sandbox_of_its_own)
    toy = Toy(toy_account(f"{sandbox.url}/toy"))
    return Stay(toy, sandbox, f"HOTEL_{secrets.token_hex(8).upper()}", now)


@pytest.fixture
def reserved(stay: Stay) -> Stay:
    stay.start()
    authorize(stay.sandbox, stay.reference)
    return stay


@pytest.mark.parametrize(
    ("outcome", "became", "reason"),
    [("fail", Became.FAILED, "declined"), ("cancel", Became.CANCELED, "canceled")],
)
def test_no_money_comes_with_its_reason(stay: Stay, outcome: str, became: Became, reason: str) -> None:
    stay.start()
    before = stay.look_up()

    stay.sandbox.settle(stay.reference, outcome)

    found = stay.look_up()
    assert (before.became, before.amount) == (Became.PENDING, None)
    assert (found.became, found.reason, found.amount) == (became, reason, None)


def test_money_that_is_taken_at_once_is_captured(stay: Stay) -> None:
    stay.start(capture=True)

    charge(stay.sandbox, stay.reference)

    found = stay.look_up()
    assert (found.became, found.amount, found.capture_before) == (Became.CAPTURED, PRICE, None)
    assert found.refunded == Money(0, "EUR")


def test_an_authorization_that_lapsed_is_expired_and_cannot_be_captured(reserved: Stay) -> None:
    deadline = reserved.look_up().capture_before

    lapse_all(reserved.sandbox)

    found = reserved.look_up()
    assert (found.became, found.word, found.reason) == (Became.EXPIRED, "lapsed", "expired")
    assert (found.amount, found.capture_before) == (None, deadline)
    with pytest.raises(Refused, match="authorization_expired"):
        reserved.capture()


def test_the_deadline_of_a_capture_is_the_gateways_own(stay: Stay) -> None:
    stay.start()
    stay.sandbox.arm("authorization_short", seconds=409_680)  # 4 days and 18 hours, as for some cards
    authorize(stay.sandbox, stay.reference)

    deadline = stay.look_up().capture_before

    assert deadline is not None
    assert abs(deadline - datetime.now(UTC) - timedelta(seconds=409_680)) < timedelta(minutes=1)


@pytest.mark.parametrize(("then", "became"), [("authorized", Became.AUTHORIZED), ("lapsed", Became.EXPIRED)])
def test_a_capture_that_the_bank_declines_is_refused(reserved: Stay, then: str, became: Became) -> None:
    reserved.sandbox.arm("capture_declined", then=then)

    with pytest.raises(Refused, match="capture_declined"):
        reserved.capture()

    assert reserved.look_up().became == became


@pytest.mark.parametrize(
    ("ends", "became"), [("captured", Became.CAPTURED), ("authorized", Became.AUTHORIZED)]
)
def test_a_capture_that_is_under_way_is_pending_until_the_bank_has_answered(
    reserved: Stay, ends: str, became: Became
) -> None:
    reserved.sandbox.arm("capture_pending", seconds=60, ends=ends)

    asked, meanwhile = reserved.capture(), reserved.look_up()
    reserved.sandbox.advance(60)

    assert [asked.became, meanwhile.became] == [Became.PENDING, Became.PENDING]
    assert [asked.amount, meanwhile.amount] == [PRICE, PRICE]
    assert (reserved.look_up().became, reserved.look_up().amount) == (became, PRICE)


@pytest.mark.parametrize(
    ("do", "became"), [(capture_outside, Became.CAPTURED), (void_outside, Became.CANCELED)]
)
def test_what_is_done_in_the_dashboard_is_found_by_a_look_up(
    reserved: Stay, do: Callable[[Sandbox, str], None], became: Became
) -> None:
    do(reserved.sandbox, reserved.reference)

    assert reserved.look_up().became == became


def test_what_is_given_back_in_the_dashboard_is_found_by_a_look_up(stay: Stay) -> None:
    stay.start(capture=True)
    charge(stay.sandbox, stay.reference)

    refund_outside(stay.sandbox, stay.reference, 200_000)
    part = stay.look_up()
    refund_outside(stay.sandbox, stay.reference)

    assert (part.became, part.amount, part.refunded) == (Became.CAPTURED, PRICE, Money(200_000, "EUR"))
    assert stay.look_up().refunded == PRICE


@pytest.mark.parametrize(
    ("fault", "extra", "became"),
    [
        ("look_up_unknown_state", {}, Became.UNRECOGNIZED),
        ("look_up_another_currency", {"word": "XXX"}, Became.UNRECOGNIZED),
        ("look_up_lag", {}, Became.PENDING),
    ],
)
def test_a_read_that_is_not_to_be_understood_takes_no_money(
    reserved: Stay, fault: str, extra: dict[str, Any], became: Became
) -> None:
    reserved.sandbox.arm(fault, **extra)

    found = reserved.look_up()

    assert (found.became, found.amount) == (became, None)


def test_a_start_under_a_used_reference_may_be_ours(reserved: Stay) -> None:
    other = Start(reserved.reference, Money(100, "EUR"), "https://hotel.example/", timedelta(minutes=15))

    with pytest.raises(Unclear):
        reserved.toy.start(other, now=reserved.now)


@pytest.mark.parametrize(
    ("fault", "became"),
    [
        (None, [RefundBecame.SUCCEEDED, RefundBecame.SUCCEEDED]),
        ("refund_pending", [RefundBecame.PENDING, RefundBecame.SUCCEEDED]),
        ("refund_fails", [RefundBecame.PENDING, RefundBecame.FAILED]),
        ("refund_fails_after_success", [RefundBecame.SUCCEEDED, RefundBecame.FAILED]),
    ],
)
def test_a_refund_is_followed_to_its_end(stay: Stay, fault: str | None, became: list[RefundBecame]) -> None:
    stay.start(capture=True)
    charge(stay.sandbox, stay.reference)
    before = stay.look_up_refund()
    if fault:
        stay.sandbox.arm(fault, seconds=60)

    asked = stay.refund()
    stay.sandbox.advance(60)
    found = stay.look_up_refund()

    assert before.became == RefundBecame.NOT_FOUND
    assert [asked.became, found.became] == became
    assert (found.amount, found.payment_reference) == (PRICE, stay.reference)


def test_more_than_was_taken_and_disputed_money_are_not_refunded(stay: Stay) -> None:
    stay.start(capture=True)
    charge(stay.sandbox, stay.reference)
    stay.sandbox.arm("refund_refused")

    with pytest.raises(Refused, match="charge_disputed"):
        stay.refund()
    with pytest.raises(Refused, match="amount_too_large"):
        stay.refund(Money(PRICE.amount + 1, "EUR"))

    assert stay.look_up_refund().became == RefundBecame.NOT_FOUND


# ---- webhooks -------------------------------------------------------------------------------------------


def sent(stay: Stay, *, which: int = -1) -> tuple[dict[str, str], bytes]:
    """What the sandbox sent, as the adapter is given it."""
    webhook = stay.sandbox.webhooks(stay.reference)[which]
    return {name.lower(): value for name, value in webhook["headers"].items()}, webhook["body"].encode()


def test_a_webhook_says_where_to_look_and_two_of_one_event_are_one(reserved: Stay) -> None:
    reserved.capture()
    reserved.refund(Money(100, "EUR"))

    told = [reserved.toy.read_webhook(*sent(reserved, which=which)) for which in range(3)]

    assert [notice.event for notice in told] == ["payment.authorized", "payment.captured", "refund.succeeded"]
    assert {notice.reference for notice in told} == {reserved.reference}
    assert [notice.refund_reference for notice in told] == [None, None, f"{reserved.reference}-R1"]
    assert len({notice.dedupe_key for notice in told}) == 3
    assert reserved.toy.read_webhook(*sent(reserved, which=0)) == told[0]


@pytest.mark.parametrize(
    "fault", ["webhook_wrong_signature", "webhook_old_scheme", "webhook_old", "webhook_from_the_future"]
)
def test_a_webhook_that_is_not_rightly_signed_or_not_of_now_is_turned_away(stay: Stay, fault: str) -> None:
    stay.sandbox.arm(fault)
    stay.start()
    authorize(stay.sandbox, stay.reference)

    with pytest.raises(BadSignature):
        stay.toy.read_webhook(*sent(stay))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"toy-signature": ""}, id="none"),
        pytest.param({"toy-signature": "t=,v1="}, id="garbled"),
        pytest.param({"toy-signature": "v1=" + "0" * 64}, id="timeless"),
        pytest.param({"toy-signature": "t=" + "9" * 12 + ",v1=" + "0" * 64}, id="beyond all calendars"),
        pytest.param({"toy-signature": "t=\N{ARABIC-INDIC DIGIT FIVE},v1=" + "0" * 64}, id="other digits"),
    ],
)
def test_a_signature_that_cannot_be_read_is_no_signature(reserved: Stay, change: dict[str, str]) -> None:
    headers, body = sent(reserved)

    with pytest.raises(BadSignature):
        reserved.toy.read_webhook(headers | change, body)


def test_a_body_that_was_changed_on_the_way_is_not_the_gateways(reserved: Stay) -> None:
    headers, body = sent(reserved)

    with pytest.raises(BadSignature):
        reserved.toy.read_webhook(headers, body.replace(b"authorized", b"captured"))


def test_half_a_webhook_is_unknown(stay: Stay) -> None:
    stay.sandbox.arm("webhook_truncated")
    stay.start()
    authorize(stay.sandbox, stay.reference)

    with pytest.raises(Unknown):
        stay.toy.read_webhook(*sent(stay))


def test_a_webhook_with_a_trailing_comma_is_read(stay: Stay) -> None:
    stay.sandbox.arm("webhook_malformed_json")
    stay.start()
    authorize(stay.sandbox, stay.reference)

    notice = stay.toy.read_webhook(*sent(stay))

    assert (notice.event, notice.reference) == ("payment.authorized", stay.reference)

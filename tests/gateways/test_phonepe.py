"""Paying through PhonePe v2, against the sandbox over HTTP."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from holdfast.kernel.money import Money
from holdfast.payments.gateways.base import Became, Refused, Start, Unclear, Unknown
from holdfast.payments.gateways.deadline import deadline
from holdfast.payments.gateways.phonepe import PhonePe
from tests.gateways.accounts import about, phonepe_account
from tests.gateways.troubles import SHORT, UNANSWERED
from tests.support.sandbox import Sandbox

FORGIVEN = ("bom", "trailing_comma", "duplicate_key", "401")


def test_a_payment_starts_with_a_page_to_pay_on(
    phonepe: PhonePe, sandbox: Sandbox, wanted: Start, now: datetime
) -> None:
    redirect = phonepe.start(wanted, now=now)

    assert redirect.url.startswith(f"{sandbox.url}/phonepe/transact/")
    assert redirect.gateway_reference.startswith("OMO")
    page = httpx.get(redirect.url, headers={"Referer": "https://booking.example/"})
    assert page.status_code == 200
    [entry] = [entry for entry in sandbox.ledger() if entry["reference"] == wanted.reference]
    assert (entry["amount"], entry["currency"], entry["state"]) == (199_900, "INR", "PENDING")


@pytest.mark.parametrize(("minutes", "granted"), [(1, 5), (5, 5), (15, 15), (60, 60), (240, 60)])
def test_the_expiry_is_always_said_within_the_limits_of_the_protocol(
    phonepe: PhonePe, wanted: Start, now: datetime, minutes: int, granted: int
) -> None:
    redirect = phonepe.start(replace(wanted, pay_within=timedelta(minutes=minutes)), now=now)

    assert redirect.expires_at is not None
    assert abs(redirect.expires_at - now - timedelta(minutes=granted)) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("fault", "difference"),
    [("pay_expire_at_in_seconds", 0), ("pay_expiry_misspelled", 0), ("pay_expire_at_skew", 600)],
)
def test_the_expiry_is_read_as_the_gateway_writes_it(
    phonepe: PhonePe, sandbox: Sandbox, wanted: Start, now: datetime, fault: str, difference: int
) -> None:
    sandbox.arm(fault, only=wanted.reference)

    redirect = phonepe.start(wanted, now=now)

    assert redirect.expires_at is not None
    told = redirect.expires_at - now - wanted.pay_within
    assert abs(told - timedelta(seconds=difference)) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"amount": Money(99, "INR")}, "AMOUNT"),
        ({"amount": Money(199_900, "NPR")}, "CURRENCY"),
        ({"reference": "x" * 64}, "REFERENCE"),
        ({"reference": "ORDER/5"}, "REFERENCE"),
        ({"reference": ""}, "REFERENCE"),
    ],
)
def test_what_phonepe_does_not_take_is_refused_before_it_is_asked(
    phonepe: PhonePe, sandbox: Sandbox, wanted: Start, now: datetime, change: dict[str, Any], code: str
) -> None:
    before = sandbox.calls()

    with pytest.raises(Refused) as refused:
        phonepe.start(replace(wanted, **change), now=now)

    assert refused.value.code == code
    assert sandbox.calls() == before


@pytest.mark.parametrize(
    ("outcome", "became", "reason"),
    [
        ("pay", Became.CAPTURED, None),
        ("fail", Became.FAILED, "declined"),
        ("cancel", Became.CANCELED, "canceled"),
    ],
)
def test_the_truth_is_looked_up(
    phonepe: PhonePe,
    sandbox: Sandbox,
    wanted: Start,
    now: datetime,
    outcome: str,
    became: Became,
    reason: str | None,
) -> None:
    redirect = phonepe.start(wanted, now=now)
    assert phonepe.look_up(about(wanted), now=now).became == Became.PENDING

    word = sandbox.settle(wanted.reference, outcome)
    found = phonepe.look_up(about(wanted), now=now)

    assert (found.became, found.reason, found.word) == (became, reason, word)
    assert found.amount == (wanted.amount if became is Became.CAPTURED else None)
    assert found.gateway_reference == redirect.gateway_reference
    assert found.reference is None  # PhonePe does not name ours
    assert found.transaction_reference is not None


def test_an_order_that_nobody_tried_to_pay_expires(
    sandbox_of_its_own: Sandbox, wanted: Start, now: datetime
) -> None:
    phonepe = PhonePe(phonepe_account(f"{sandbox_of_its_own.url}/phonepe/apis/pg-sandbox"))
    phonepe.start(wanted, now=now)
    sandbox_of_its_own.arm("status_expire_at_skew", seconds=-3600)

    before = phonepe.look_up(about(wanted), now=now)
    sandbox_of_its_own.advance(901)
    after = phonepe.look_up(about(wanted), now=now + timedelta(seconds=901))

    assert before.became == Became.PENDING  # past its expiry, as the answer has it, and still not failed
    assert (after.became, after.reason, after.word) == (Became.EXPIRED, "expired", "FAILED")


@pytest.mark.parametrize("fault", ["unknown_order_404", "unknown_order_400"])
def test_an_order_that_phonepe_has_never_heard_of_is_not_found(
    phonepe: PhonePe, sandbox: Sandbox, wanted: Start, now: datetime, fault: str
) -> None:
    sandbox.arm(fault, only=wanted.reference)

    found = phonepe.look_up(about(wanted), now=now)

    assert (found.became, found.word) == (Became.NOT_FOUND, "INVALID_MERCHANT_ORDER_ID")


@pytest.mark.spec("GW-26")
@pytest.mark.parametrize("fault", ["duplicate_bad_request", "duplicate_transaction_id", "duplicate_order_id"])
def test_a_reference_that_was_used_before_is_a_question_and_not_a_no(
    phonepe: PhonePe, sandbox: Sandbox, paid: Start, now: datetime, fault: str
) -> None:
    sandbox.arm(fault, only=paid.reference)

    with pytest.raises(Unclear):
        phonepe.start(paid, now=now)

    assert phonepe.look_up(about(paid), now=now).became == Became.CAPTURED


@pytest.mark.parametrize(
    ("fault", "became", "amount"),
    [
        ("status_lag", Became.PENDING, None),
        ("status_unknown_state", Became.UNRECOGNIZED, None),
        ("status_fees", Became.CAPTURED, 199_900),
        ("status_amount_as_text", Became.CAPTURED, 199_900),
        ("status_amount_in_rupees", Became.CAPTURED, 1_999),
        ("status_unknown_payment_mode", Became.CAPTURED, 199_900),
        ("status_not_found", Became.NOT_FOUND, None),
    ],
)
def test_what_a_status_may_say_of_a_paid_order(
    phonepe: PhonePe,
    sandbox: Sandbox,
    paid: Start,
    now: datetime,
    fault: str,
    became: Became,
    amount: int | None,
) -> None:
    sandbox.arm(fault, only=paid.reference)

    found = phonepe.look_up(about(paid), now=now)

    assert found.became == became
    assert found.amount == (None if amount is None else Money(amount, "INR"))


def test_the_body_of_another_order_says_whose_it_is(
    phonepe: PhonePe, sandbox: Sandbox, wanted: Start, now: datetime
) -> None:
    redirect = phonepe.start(wanted, now=now)
    sandbox.arm("status_of_another_order", only=wanted.reference, reference="SOMEBODY-ELSE")

    found = phonepe.look_up(about(wanted), now=now)

    assert found.reference == "SOMEBODY-ELSE"
    assert found.gateway_reference != redirect.gateway_reference


def test_a_failed_attempt_leaves_the_order_pending(
    phonepe: PhonePe, sandbox: Sandbox, wanted: Start, now: datetime
) -> None:
    phonepe.start(wanted, now=now)
    sandbox.arm("attempt_failed_then_completed", only=wanted.reference)
    sandbox.settle(wanted.reference, "pay")

    looks = [phonepe.look_up(about(wanted), now=now).became for _ in range(2)]

    assert looks == [Became.PENDING, Became.CAPTURED]


@pytest.mark.parametrize(("trouble", "processed"), UNANSWERED.items())
def test_an_answer_to_pay_that_is_none_is_unknown_and_the_order_can_be_looked_up(
    phonepe: PhonePe, sandbox: Sandbox, wanted: Start, now: datetime, trouble: str, processed: bool
) -> None:
    sandbox.arm(f"pay_{trouble}", only=wanted.reference)

    with deadline(SHORT), pytest.raises(Unknown):
        phonepe.start(wanted, now=now)

    found = phonepe.look_up(about(wanted), now=now)
    assert found.became == (Became.PENDING if processed else Became.NOT_FOUND)


@pytest.mark.parametrize("trouble", UNANSWERED)
def test_an_answer_to_status_that_is_none_is_unknown(
    phonepe: PhonePe, sandbox: Sandbox, paid: Start, now: datetime, trouble: str
) -> None:
    sandbox.arm(f"status_{trouble}", only=paid.reference)

    with deadline(SHORT), pytest.raises(Unknown):
        phonepe.look_up(about(paid), now=now)

    assert phonepe.look_up(about(paid), now=now).became == Became.CAPTURED


@pytest.mark.parametrize("trouble", FORGIVEN)
def test_slips_of_form_do_not_matter(
    phonepe: PhonePe, sandbox: Sandbox, wanted: Start, now: datetime, trouble: str
) -> None:
    sandbox.arm(f"pay_{trouble}", only=wanted.reference)
    sandbox.arm(f"status_{trouble}", only=wanted.reference)

    phonepe.start(wanted, now=now)

    assert phonepe.look_up(about(wanted), now=now).became == Became.PENDING


def test_how_long_to_wait_after_429_is_handed_on(
    phonepe: PhonePe, sandbox: Sandbox, paid: Start, now: datetime
) -> None:
    sandbox.arm("status_429", only=paid.reference, seconds=7)

    with pytest.raises(Unknown) as unknown:
        phonepe.look_up(about(paid), now=now)

    assert unknown.value.retry_after == timedelta(seconds=7)

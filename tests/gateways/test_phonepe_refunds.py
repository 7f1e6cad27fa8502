"""Giving money back through PhonePe v2, against the sandbox."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from holdfast.kernel.money import Money
from holdfast.payments.gateways.base import (
    RefundBecame,
    RefundOutcome,
    RefundRequest,
    Refused,
    Start,
    Unclear,
    Unknown,
)
from holdfast.payments.gateways.deadline import deadline
from holdfast.payments.gateways.phonepe import PhonePe
from tests.gateways.test_phonepe import FORGIVEN
from tests.gateways.troubles import SHORT, UNANSWERED
from tests.support.sandbox import Sandbox


def refunded(sandbox: Sandbox, payment: str) -> int:
    [entry] = [entry for entry in sandbox.ledger() if entry["reference"] == payment]
    return int(entry["refunded"])


def look_up(phonepe: PhonePe, refund: RefundRequest, *, now: datetime) -> RefundOutcome:
    return phonepe.look_up_refund(refund.refund_reference, of=refund.payment, now=now)


def test_a_refund_is_pending_then_confirmed_then_completed(
    phonepe: PhonePe, sandbox: Sandbox, refund: RefundRequest, now: datetime
) -> None:
    asked = phonepe.refund(refund, now=now)
    looks = [look_up(phonepe, refund, now=now) for _ in range(2)]

    assert (asked.became, asked.word, asked.amount) == (RefundBecame.PENDING, "PENDING", refund.amount)
    assert [(look.became, look.word) for look in looks] == [
        (RefundBecame.PENDING, "CONFIRMED"),
        (RefundBecame.SUCCEEDED, "COMPLETED"),
    ]
    assert {look.gateway_reference for look in looks} == {asked.gateway_reference}
    assert {look.payment_reference for look in looks} == {refund.payment.reference}
    assert {look.amount for look in looks} == {refund.amount}
    assert refunded(sandbox, refund.payment.reference) == refund.amount.amount


def test_a_refund_may_fail_in_the_end(
    phonepe: PhonePe, sandbox: Sandbox, refund: RefundRequest, now: datetime
) -> None:
    sandbox.arm("refund_fails", only=refund.refund_reference)

    phonepe.refund(refund, now=now)
    look_up(phonepe, refund, now=now)
    found = look_up(phonepe, refund, now=now)

    assert (found.became, found.word) == (RefundBecame.FAILED, "FAILED")
    assert refunded(sandbox, refund.payment.reference) == 0


@pytest.mark.parametrize("trouble", [fault for fault in UNANSWERED if fault != "slow"])
def test_an_answer_to_refund_that_is_none_is_unknown_and_the_refund_can_be_looked_up(
    phonepe: PhonePe, sandbox: Sandbox, refund: RefundRequest, now: datetime, trouble: str
) -> None:
    sandbox.arm(f"refund_{trouble}", only=refund.refund_reference)

    with deadline(SHORT), pytest.raises(Unknown):
        phonepe.refund(refund, now=now)

    found = look_up(phonepe, refund, now=now)
    assert found.became == (RefundBecame.PENDING if UNANSWERED[trouble] else RefundBecame.NOT_FOUND)


@pytest.mark.parametrize("trouble", ["500_after", "html", "empty", "truncated", "reset_after"])
def test_an_answer_to_refund_status_that_is_none_is_unknown(
    phonepe: PhonePe, sandbox: Sandbox, refund: RefundRequest, now: datetime, trouble: str
) -> None:
    phonepe.refund(refund, now=now)
    sandbox.arm(f"refund_status_{trouble}", only=refund.refund_reference)

    with pytest.raises(Unknown):
        look_up(phonepe, refund, now=now)


@pytest.mark.parametrize("trouble", FORGIVEN)
def test_slips_of_form_do_not_matter(
    phonepe: PhonePe, sandbox: Sandbox, refund: RefundRequest, now: datetime, trouble: str
) -> None:
    sandbox.arm(f"refund_{trouble}", only=refund.refund_reference)
    sandbox.arm(f"refund_status_{trouble}", only=refund.refund_reference)

    assert phonepe.refund(refund, now=now).became == RefundBecame.PENDING
    assert look_up(phonepe, refund, now=now).became == RefundBecame.PENDING


@pytest.mark.spec("GW-66")
@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("refund_not_eligible", "PAYMENT_ERROR"),
        ("refund_forbidden", "FORBIDDEN"),
        ("refund_window_exceeded", "REVERSAL_WINDOW_EXCEEDED"),
    ],
)
def test_a_definite_no_is_refused_with_its_code(
    phonepe: PhonePe, sandbox: Sandbox, refund: RefundRequest, now: datetime, fault: str, code: str
) -> None:
    sandbox.arm(fault, only=refund.refund_reference)

    with pytest.raises(Refused) as refused:
        phonepe.refund(refund, now=now)

    assert refused.value.code == code
    assert look_up(phonepe, refund, now=now).became == RefundBecame.NOT_FOUND


def test_excess_may_mean_that_it_was_taken_on_before(
    phonepe: PhonePe, sandbox: Sandbox, refund: RefundRequest, now: datetime
) -> None:
    sandbox.arm("refund_excess", only=refund.refund_reference)

    with pytest.raises(Unclear):
        phonepe.refund(refund, now=now)

    assert look_up(phonepe, refund, now=now).became == RefundBecame.PENDING


def test_a_refund_asked_for_twice_is_a_question_and_is_made_once(
    phonepe: PhonePe, sandbox: Sandbox, refund: RefundRequest, now: datetime
) -> None:
    phonepe.refund(refund, now=now)

    with pytest.raises(Unclear):
        phonepe.refund(refund, now=now)

    look_up(phonepe, refund, now=now)
    look_up(phonepe, refund, now=now)
    assert refunded(sandbox, refund.payment.reference) == refund.amount.amount


@pytest.mark.spec("GW-65")
def test_more_than_was_paid_is_not_given_back(
    phonepe: PhonePe, refund: RefundRequest, paid: Start, now: datetime
) -> None:
    too_much = replace(refund, amount=Money(paid.amount.amount + 1, "INR"))

    with pytest.raises(Unclear):
        phonepe.refund(too_much, now=now)

    assert look_up(phonepe, refund, now=now).became == RefundBecame.NOT_FOUND


def test_a_word_that_we_do_not_know_is_unknown(
    phonepe: PhonePe, sandbox: Sandbox, refund: RefundRequest, now: datetime
) -> None:
    phonepe.refund(refund, now=now)
    sandbox.arm("refund_unknown_state", only=refund.refund_reference)

    with pytest.raises(Unclear, match="ON_HOLD"):
        look_up(phonepe, refund, now=now + timedelta(seconds=1))


def test_what_phonepe_does_not_take_is_refused_before_it_is_asked(
    phonepe: PhonePe, sandbox: Sandbox, refund: RefundRequest, now: datetime
) -> None:
    before = sandbox.calls()

    with pytest.raises(Refused):
        phonepe.refund(replace(refund, amount=Money(99, "INR")), now=now)

    assert sandbox.calls() == before

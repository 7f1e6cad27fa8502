"""What can become of orders and refunds, and what a read can say of them."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.sandbox.conftest import Shop
from tests.sandbox.test_sandbox_calls import ledger_entry
from tests.support.sandbox import Sandbox


def test_a_used_id_is_refused_in_the_flavor_that_is_armed(
    shop: Shop, sandbox: Sandbox, reference: str
) -> None:
    order_id = shop.pay(reference).json()["orderId"]

    def again(flavor: str) -> httpx.Response:
        sandbox.arm(flavor)
        return shop.pay(reference)

    assert again("duplicate_transaction_id").json()["code"] == "INVALID_TRANSACTION_ID"
    assert again("duplicate_order_id").json()["code"] == "INVALID_MERCHANT_ORDER_ID"
    assert again("duplicate_bad_request").json()["orderId"] == order_id
    sandbox.settle(reference)
    assert again("duplicate_bad_request").json()["code"] == "BAD_REQUEST"


def test_an_unknown_order_can_be_404_and_a_known_one_unknown(
    shop: Shop, sandbox: Sandbox, reference: str
) -> None:
    sandbox.arm("unknown_order_404")
    unknown = shop.status(reference)
    shop.pay(reference)
    sandbox.arm("status_not_found")

    assert (unknown.status_code, unknown.json()["code"]) == (404, "INVALID_MERCHANT_ORDER_ID")
    assert shop.status(reference).json()["code"] == "INVALID_MERCHANT_ORDER_ID"
    assert shop.status(reference).json()["state"] == "PENDING"


@pytest.mark.parametrize(("fault", "paid"), [("amount_higher", 200_050), ("amount_lower", 199_750)])
def test_another_amount_can_be_paid_than_was_asked(
    shop: Shop, sandbox: Sandbox, reference: str, fault: str, paid: int
) -> None:
    sandbox.arm(fault, amount=150)

    shop.paid(reference)

    assert shop.status(reference).json()["amount"] == paid
    assert ledger_entry(sandbox, reference)["amount"] == paid


@pytest.mark.parametrize(
    ("fault", "extra", "states"),
    [
        ("pending_then_completed", {"reads": 2}, ["PENDING", "PENDING", "COMPLETED"]),
        ("attempt_failed_then_completed", {}, ["PENDING", "COMPLETED", "COMPLETED"]),
        ("failed_then_completed", {"reads": 1}, ["FAILED", "COMPLETED", "COMPLETED"]),
    ],
)
def test_an_outcome_can_take_detours(
    shop: Shop, sandbox: Sandbox, reference: str, fault: str, extra: dict[str, int], states: list[str]
) -> None:
    sandbox.arm(fault, **extra)
    shop.paid(reference)

    assert [shop.status(reference).json()["state"] for _ in range(3)] == states


def test_a_failed_order_can_be_completed_after_a_while(shop: Shop, sandbox: Sandbox, reference: str) -> None:
    sandbox.arm("failed_then_completed", seconds=1_000)
    shop.paid(reference)
    before = shop.status(reference).json()["state"]

    sandbox.advance(1_001)

    assert before == "FAILED"
    assert [sent["event"] for sent in sandbox.webhooks(reference)] == [
        "checkout.order.failed",
        "checkout.order.completed",
    ]


def test_the_bank_can_answer_after_expiry_and_no_webhook_says_so(
    shop: Shop, sandbox: Sandbox, reference: str
) -> None:
    sandbox.arm("success_after_expiry")
    shop.paid(reference)
    states = [shop.status(reference).json()["state"]]

    for seconds in (601, 60):
        sandbox.advance(seconds)
        states.append(shop.status(reference).json()["state"])

    assert states == ["PENDING", "FAILED", "COMPLETED"]
    assert [sent["event"] for sent in sandbox.webhooks(reference)] == ["checkout.order.failed"]


def test_a_settled_order_can_read_as_pending(shop: Shop, sandbox: Sandbox, reference: str) -> None:
    shop.paid(reference)

    sandbox.arm("status_lag", times=2)
    lagging = [shop.status(reference).json()["state"] for _ in range(3)]
    sandbox.arm("status_flap", times=3)
    flapping = [shop.status(reference).json()["state"] for _ in range(3)]

    assert lagging == ["PENDING", "PENDING", "COMPLETED"]
    assert flapping == ["COMPLETED", "PENDING", "COMPLETED"]
    assert ledger_entry(sandbox, reference)["state"] == "COMPLETED"


@pytest.mark.parametrize(
    ("fault", "extra", "expected"),
    [
        ("status_unknown_state", {"word": "LOST"}, {"state": "LOST"}),
        ("status_of_another_order", {}, {"state": "COMPLETED", "merchantOrderId": "ANOTHER-ORDER-1"}),
        ("status_fees", {"amount": 50}, {"amount": 1000, "payableAmount": 1050, "feeAmount": 50}),
        ("status_amount_as_text", {}, {"amount": "1000"}),
        ("status_amount_in_rupees", {}, {"amount": 10}),
    ],
)
def test_a_read_can_be_wrong(
    shop: Shop, sandbox: Sandbox, reference: str, fault: str, extra: dict[str, Any], expected: dict[str, Any]
) -> None:
    shop.paid(reference, 1_000)
    sandbox.arm(fault, **extra)

    body = shop.status(reference).json()

    assert {name: body[name] for name in expected} == expected


def test_expiry_can_be_told_wrongly(shop: Shop, sandbox: Sandbox, reference: str) -> None:
    sandbox.arm("pay_expiry_misspelled")
    opened = shop.pay(reference).json()
    expire_at = shop.status(reference).json()["expireAt"]
    sandbox.arm("status_expire_at_skew", seconds=-600)
    skewed = shop.status(reference).json()["expireAt"]
    sandbox.arm("status_expire_at_in_seconds")
    in_seconds = shop.status(reference).json()["expireAt"]
    sandbox.settle(reference, "fail")
    sandbox.arm("status_expired_word")

    assert (opened["expiryAt"], "expireAt" in opened) == (expire_at, False)
    assert (skewed, in_seconds) == (expire_at - 600_000, expire_at // 1000)
    assert shop.status(reference).json()["state"] == "EXPIRED"


def test_an_unknown_payment_mode_can_be_read(shop: Shop, sandbox: Sandbox, reference: str) -> None:
    shop.paid(reference)
    sandbox.arm("status_unknown_payment_mode")

    assert shop.status(reference).json()["paymentDetails"][0]["paymentMode"] == "WALLET"


def test_a_refund_can_be_stuck_for_days(shop: Shop, sandbox: Sandbox, reference: str) -> None:
    shop.paid(reference)
    sandbox.arm("refund_stuck", seconds=3_600)
    shop.refund(f"R-{reference}", reference, 100)
    sandbox.advance(3_000)
    stuck = shop.refund_status(f"R-{reference}").json()["state"]

    sandbox.advance(1_000)
    sandbox.advance(3)

    assert stuck == "PENDING"
    assert shop.refund_status(f"R-{reference}").json()["state"] == "COMPLETED"


def test_a_refund_can_fail_in_the_end_and_its_money_be_refunded_anew(
    shop: Shop, sandbox: Sandbox, reference: str
) -> None:
    shop.paid(reference, 1_000)
    sandbox.arm("refund_fails")
    shop.refund(f"R-{reference}", reference, 1_000)
    shop.refund_status(f"R-{reference}")

    body = shop.refund_status(f"R-{reference}").json()

    assert (body["state"], body["errorCode"]) == ("FAILED", "BANK_ERROR")
    assert ledger_entry(sandbox, reference)["refunded"] == 0
    assert shop.refund(f"S-{reference}", reference, 1_000).status_code == 200


@pytest.mark.parametrize(
    ("fault", "status", "code", "begun"),
    [
        ("refund_not_eligible", 402, "PAYMENT_ERROR", False),
        ("refund_forbidden", 403, "FORBIDDEN", False),
        ("refund_window_exceeded", 400, "REVERSAL_WINDOW_EXCEEDED", False),
        ("refund_excess", 400, "PAYMENT_ERROR", True),
    ],
)
def test_a_refund_can_be_refused(
    shop: Shop, sandbox: Sandbox, reference: str, fault: str, status: int, code: str, begun: bool
) -> None:
    shop.paid(reference)
    sandbox.arm(fault)

    answer = shop.refund(f"R-{reference}", reference, 100)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert (shop.refund_status(f"R-{reference}").status_code == 200) == begun


def test_a_refund_can_be_read_strangely(shop: Shop, sandbox: Sandbox, reference: str) -> None:
    shop.paid(reference)
    shop.refund(f"R-{reference}", reference, 100)
    sandbox.arm("refund_unknown_state")
    sandbox.arm("refund_not_found", only=f"R-{reference}")

    answers = [shop.refund_status(f"R-{reference}") for _ in range(2)]

    assert answers[0].json()["code"] == "INVALID_MERCHANT_REFUND_ID"
    assert answers[1].json()["state"] == "ON_HOLD"


def test_money_can_be_given_back_from_the_dashboard(shop: Shop, sandbox: Sandbox, reference: str) -> None:
    sandbox.arm("dashboard_refund", amount=500)

    shop.paid(reference, 1_000)

    assert shop.status(reference).json()["state"] == "COMPLETED"
    assert ledger_entry(sandbox, reference)["refunded"] == 500
    assert shop.refund(f"R-{reference}", reference, 600).status_code == 400
    assert "pg.refund.completed" in [sent["event"] for sent in sandbox.webhooks(reference)]

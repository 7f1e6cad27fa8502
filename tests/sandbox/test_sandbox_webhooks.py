"""The webhooks, as they should be and as they should not."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.sandbox.conftest import Inbox, Shop
from tests.support.sandbox import Sandbox

HASH = hashlib.sha256(b"simuser:Sim12345").hexdigest()


@pytest.mark.parametrize(
    ("outcome", "event", "state"),
    [
        ("pay", "checkout.order.completed", "COMPLETED"),
        ("fail", "checkout.order.failed", "FAILED"),
        ("cancel", "checkout.order.failed", "FAILED"),
    ],
)
def test_a_settled_order_is_told(
    shop: Shop, sandbox: Sandbox, inbox: Inbox, reference: str, outcome: str, event: str, state: str
) -> None:
    order_id = shop.pay(reference).json()["orderId"]

    sandbox.settle(reference, outcome)

    (call,) = inbox.about(reference)
    assert call.headers["Authorization"] == HASH
    assert call.json["event"] == event
    payload = call.json["payload"]
    assert (payload["merchantOrderId"], payload["orderId"]) == (reference, order_id)
    assert (payload["state"], payload["amount"], payload["merchantId"]) == (state, 199_900, "HOLDFASTDEMO")


def test_an_expired_order_is_told(shop: Shop, sandbox: Sandbox, inbox: Inbox, reference: str) -> None:
    shop.pay(reference)

    sandbox.advance(601)

    (call,) = inbox.about(reference)
    assert call.json["event"] == "checkout.order.failed"


def test_each_step_of_a_refund_is_told(shop: Shop, inbox: Inbox, reference: str) -> None:
    shop.paid(reference)
    shop.refund(f"R-{reference}", reference, 1_000)
    shop.refund_status(f"R-{reference}")
    shop.refund_status(f"R-{reference}")

    calls = inbox.about(f'"merchantRefundId":"R-{reference}"', at_least=2)

    assert {call.json["event"] for call in calls} == {"pg.refund.accepted", "pg.refund.completed"}


def test_a_webhook_that_is_not_taken_comes_again(
    shop: Shop, sandbox: Sandbox, inbox: Inbox, reference: str
) -> None:
    inbox.refusing[reference] = 500

    shop.paid(reference)

    first, second = inbox.about(reference, at_least=2)
    assert first.body == second.body


def test_a_merchant_gets_its_own_webhooks_with_its_own_hash(
    sandbox: Sandbox, inbox: Inbox, reference: str
) -> None:
    saved = sandbox.add_merchant(
        "SECOND",
        client_secret="second",
        webhook_url=inbox.url + "/second",
        webhook_username="username",
        webhook_password="password",
    )
    second = Shop(sandbox, "SECOND", "second")
    second.sign_in()

    second.paid(reference)

    (call,) = inbox.about(reference)
    assert call.headers["Authorization"] == "bc842c31a9e54efe320d30d948be61291f3ceee4766e36ab25fa65243cd76e0e"
    assert "second" not in json.dumps({**saved, "webhook_url": ""})


def test_a_lost_webhook_is_written_down_and_can_be_sent_later(
    shop: Shop, sandbox: Sandbox, inbox: Inbox, reference: str
) -> None:
    sandbox.arm("webhook_lost")
    shop.paid(reference)
    (lost,) = sandbox.webhooks(reference)

    sandbox.resend(reference, times=3)

    assert (lost["note"], lost["answers"]) == ("lost", [])
    assert len({call.body for call in inbox.about(reference, at_least=3)}) == 1
    assert [sent["note"] for sent in sandbox.webhooks(reference)] == ["lost", "resent", "resent", "resent"]


@pytest.mark.parametrize(("fault", "copies"), [("webhook_doubled", 2), ("webhook_burst", 20)])
def test_one_webhook_can_come_many_times(
    shop: Shop, sandbox: Sandbox, inbox: Inbox, reference: str, fault: str, copies: int
) -> None:
    sandbox.arm(fault, copies=copies)

    shop.paid(reference)

    assert len({call.body for call in inbox.about(reference, at_least=copies)}) == 1


def test_a_webhook_can_be_late(shop: Shop, sandbox: Sandbox, inbox: Inbox, reference: str) -> None:
    sandbox.arm("webhook_delayed", seconds=0.2)

    shop.paid(reference)

    assert sandbox.webhooks(reference)[0]["note"] == "delayed"
    assert len(inbox.about(reference)) == 1


def test_a_webhook_can_be_overtaken_by_the_next(
    shop: Shop, sandbox: Sandbox, inbox: Inbox, reference: str
) -> None:
    sandbox.arm("webhook_reordered")
    sandbox.arm("attempt_failed_then_completed", reads=0)
    shop.paid(reference)
    shop.status(reference)

    first, second = inbox.about(reference, at_least=2)

    assert first.json["event"] == "checkout.order.completed"
    assert second.json["event"] == "checkout.transaction.attempt.failed"
    assert second.json["payload"]["state"] == "PENDING"


@pytest.mark.parametrize(
    ("fault", "header"),
    [
        ("webhook_uppercase_hash", HASH.upper()),
        ("webhook_hash_with_scheme", f"SHA256 {HASH}"),
        ("webhook_wrong_hash", hashlib.sha256(HASH.encode()).hexdigest()),
        ("webhook_without_hash", None),
    ],
)
def test_a_webhook_can_be_signed_wrongly(
    shop: Shop, sandbox: Sandbox, inbox: Inbox, reference: str, fault: str, header: str | None
) -> None:
    sandbox.arm(fault, only=reference)

    shop.paid(reference)

    (call,) = inbox.about(reference)
    assert call.headers.get("Authorization") == header


@pytest.mark.parametrize("fault", ["webhook_malformed_json", "webhook_truncated"])
def test_a_webhook_can_be_no_json(
    shop: Shop, sandbox: Sandbox, inbox: Inbox, reference: str, fault: str
) -> None:
    sandbox.arm(fault)

    shop.paid(reference)

    (call,) = inbox.about(reference)
    with pytest.raises(json.JSONDecodeError):
        json.loads(call.body)


def test_a_webhook_can_be_strange(shop: Shop, sandbox: Sandbox, inbox: Inbox, reference: str) -> None:
    strange: dict[str, Callable[[Any], bool]] = {
        "webhook_without_envelope": lambda body: body["merchantOrderId"].startswith(reference),
        "webhook_unknown_event": lambda body: body["event"] == "checkout.order.levitated",
        "webhook_unknown_type": lambda body: body["type"] == "ORDER_LEVITATED",
        "webhook_unknown_payment_mode": lambda body: (
            body["payload"]["paymentDetails"][0]["paymentMode"] == "WALLET"
        ),
        "webhook_wrong_amount": lambda body: body["payload"]["amount"] == 19_990_000,
        "webhook_duplicate_key": lambda body: body["event"] == "checkout.order.completed",
    }
    for fault, is_strange in strange.items():
        sandbox.arm(fault)
        shop.paid(f"{reference}-{fault}")

        (call,) = inbox.about(f"{reference}-{fault}")
        assert is_strange(call.json), fault


def test_a_key_can_come_twice(shop: Shop, sandbox: Sandbox, inbox: Inbox, reference: str) -> None:
    sandbox.arm("webhook_duplicate_key")

    shop.paid(reference)

    (call,) = inbox.about(reference)
    assert call.body.count(b'"event":') == 2


def test_an_unpaid_order_can_be_forged_as_completed(
    shop: Shop, sandbox: Sandbox, inbox: Inbox, reference: str
) -> None:
    sandbox.arm("webhook_forged_completed")

    shop.pay(reference)

    (call,) = inbox.about(reference)
    assert (call.headers["Authorization"], call.json["payload"]["state"]) == (HASH, "COMPLETED")
    assert shop.status(reference).json()["state"] == "PENDING"


def test_another_shops_order_can_be_told_to_us(
    shop: Shop, sandbox: Sandbox, inbox: Inbox, reference: str
) -> None:
    order_id = shop.pay(reference).json()["orderId"]
    sandbox.arm("webhook_foreign_order")

    sandbox.settle(reference)

    (foreign,) = inbox.about(f"SHOP2-{order_id}")
    assert foreign.json["payload"]["merchantOrderId"] == f"SHOP2-{order_id}"
    assert len(inbox.about(f'"merchantOrderId":"{reference}"')) == 1


def test_one_change_can_be_told_in_two_words(
    shop: Shop, sandbox: Sandbox, inbox: Inbox, reference: str
) -> None:
    sandbox.arm("webhook_in_two_words")

    shop.paid(reference)

    events = {call.json["event"] for call in inbox.about(reference, at_least=2)}
    assert events == {"checkout.order.completed", "pg.order.completed"}


def test_a_webhook_can_arrive_before_the_answer_to_pay(
    shop: Shop, sandbox: Sandbox, inbox: Inbox, reference: str
) -> None:
    sandbox.arm("webhook_before_pay_answer")

    answer = shop.pay(reference)

    assert answer.json()["state"] == "PENDING"
    assert sandbox.webhooks(reference)[0]["answers"][0]["status"] == 200
    assert shop.status(reference).json()["state"] == "COMPLETED"


def test_a_webhook_can_arrive_before_the_browser_is_back(
    shop: Shop, sandbox: Sandbox, inbox: Inbox, reference: str
) -> None:
    page = shop.page(reference)
    sandbox.arm("webhook_before_redirect")

    shop.http.post(page, data={"outcome": "pay"})

    assert sandbox.webhooks(reference)[0]["answers"][0]["status"] == 200

"""PhonePe's API as its documents describe it, when nothing is armed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.sandbox.conftest import RETURN_URL, Shop, pay_body
from tests.support.sandbox import Sandbox

REFUSED = {"code": "BAD_REQUEST", "message": "Please check the inputs you have provided."}


def test_a_token_is_told_in_seconds_without_expires_in(shop: Shop) -> None:
    answer = shop.ask_token().json()

    assert answer["token_type"] == "O-Bearer"
    assert answer["expires_in"] is None
    assert answer["expires_at"] - answer["issued_at"] == 624_600


def test_a_token_is_had_where_production_has_it_too(shop: Shop) -> None:
    shop.base = "/phonepe/apis/identity-manager"

    assert shop.ask_token().status_code == 200


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"client_secret": "guess"}, 401),
        ({"client_id": "NOBODY"}, 401),
        ({"client_version": "2"}, 400),
        ({"client_version": "one"}, 400),
        ({"grant_type": "password"}, 400),
    ],
)
def test_a_wrong_client_gets_no_token(shop: Shop, changes: dict[str, str], status: int) -> None:
    answer = shop.ask_token(**changes)

    assert (answer.status_code, answer.json()["code"]) == (status, "INVALID_CLIENT")


@pytest.mark.parametrize("token", ["-", "invented"])
def test_without_a_real_token_nothing_is_done(
    shop: Shop, sandbox: Sandbox, reference: str, token: str
) -> None:
    shop.token = token

    answer = shop.pay(reference)

    assert (answer.status_code, answer.json()["code"]) == (401, "AUTHORIZATION_FAILED")
    assert reference not in [entry["reference"] for entry in sandbox.ledger()]


def test_an_order_is_opened_on_both_bases(shop: Shop, reference: str) -> None:
    answer = shop.pay(reference)
    shop.base = "/phonepe/apis/pg"

    assert answer.status_code == 200
    assert answer.json()["state"] == "PENDING"
    assert answer.json()["redirectUrl"].startswith(f"{shop.sandbox.url}/phonepe/transact/uat_v2?token=")
    assert shop.status(reference).json()["orderId"] == answer.json()["orderId"]


def test_nulls_are_taken_for_absent_fields(shop: Shop, reference: str) -> None:
    body = pay_body(reference, 100)
    body["paymentFlow"] |= {"message": None, "paymentModeConfig": None}
    body |= {"expireAfter": None, "metaInfo": None, "disablePaymentRetry": None}

    assert shop.call("POST", "/checkout/v2/pay", body).status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"merchantOrderId": "a" * 64},
        {"merchantOrderId": "with space"},
        {"merchantOrderId": ""},
        {"merchantOrderId": None},
        {"amount": 99},
        {"amount": "1000"},
        {"amount": 100.5},
        {"amount": True},
        {"expireAfter": 299},
        {"expireAfter": 3601},
        {"metaInfo": {"udf1": "x" * 257}},
        {"metaInfo": {"udf11": "no/slash"}},
        {"metaInfo": {"udf16": "unknown"}},
        {"metaInfo": "text"},
        {"paymentFlow": None},
        {"paymentFlow": {"type": "OTHER", "merchantUrls": {"redirectUrl": RETURN_URL}}},
        {"paymentFlow": {"type": "PG_CHECKOUT", "merchantUrls": {"redirectUrl": "nowhere"}}},
        {"paymentFlow": {"type": "PG_CHECKOUT", "merchantUrls": {"redirectUrl": "javascript:alert(1)"}}},
        {"disablePaymentRetry": "yes"},
    ],
    ids=str,
)
def test_an_order_that_breaks_a_rule_is_refused(
    shop: Shop, sandbox: Sandbox, reference: str, changes: dict[str, Any]
) -> None:
    before = sandbox.ledger()

    answer = shop.pay(reference, **changes)

    assert answer.status_code == 400
    assert {name: answer.json()[name] for name in REFUSED} == REFUSED
    assert sandbox.ledger() == before


def test_payment_modes_are_enabled_or_disabled_but_never_both(shop: Shop, reference: str) -> None:
    card = [{"type": "CARD", "cardTypes": ["CREDIT_CARD"]}]
    one, both = {"enabledPaymentModes": card}, {"enabledPaymentModes": card, "disabledPaymentModes": card}
    flow = pay_body(reference, 100)["paymentFlow"]

    assert shop.pay(reference, paymentFlow=flow | {"paymentModeConfig": both}).status_code == 400
    assert shop.pay(reference, paymentFlow=flow | {"paymentModeConfig": one}).status_code == 200


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000])
def test_what_is_no_json_object_is_refused(shop: Shop, body: bytes) -> None:
    headers = {"Authorization": f"O-Bearer {shop.token}"}
    url = f"{shop.sandbox.url}{shop.base}/checkout/v2/pay"

    assert shop.http.post(url, headers=headers, content=body).status_code == 400


def test_status_says_nothing_of_the_merchants_own_id(shop: Shop, reference: str) -> None:
    shop.pay(reference, metaInfo={"udf1": "puja", "udf2": None})

    body = shop.status(reference).json()

    assert "merchantOrderId" not in body
    assert (body["state"], body["amount"], body["paymentDetails"]) == ("PENDING", 199_900, [])
    assert body["metaInfo"] == {"udf1": "puja"}


@pytest.mark.parametrize(("word", "shown"), [("True", 2), ("true", 2), ("False", 1), ("", 1)])
def test_all_attempts_are_shown_for_details_in_any_capitals(
    shop: Shop, sandbox: Sandbox, reference: str, word: str, shown: int
) -> None:
    sandbox.arm("attempt_failed_then_completed", reads=0)
    shop.paid(reference)

    body = shop.status(reference, f"?details={word}").json()

    assert body["state"] == "COMPLETED"
    assert len(body["paymentDetails"]) == shown


def test_a_failed_order_says_why_when_asked(shop: Shop, sandbox: Sandbox, reference: str) -> None:
    shop.pay(reference)
    sandbox.settle(reference, "cancel")

    body = shop.status(reference, "?errorContext=true").json()

    assert (body["state"], body["errorCode"]) == ("FAILED", "USER_CANCEL")
    assert body["errorContext"]["source"] == "CUSTOMER"


def test_the_attempt_is_found_by_its_own_id(shop: Shop, reference: str) -> None:
    shop.paid(reference)
    order = shop.status(reference).json()
    transaction = order["paymentDetails"][0]["transactionId"]

    found = shop.call("GET", f"/checkout/v2/transaction/{transaction}/status").json()
    unknown = shop.call("GET", "/checkout/v2/transaction/OM0/status")

    assert found == order
    assert unknown.status_code == 400


def test_an_unknown_order_is_said_to_be_unknown(shop: Shop, reference: str) -> None:
    answer = shop.status(reference)

    assert answer.status_code == 400
    assert answer.json()["code"] == "INVALID_MERCHANT_ORDER_ID"


def test_an_order_id_serves_once(shop: Shop, reference: str) -> None:
    shop.pay(reference)

    again = shop.pay(reference)

    assert (again.status_code, again.json()["code"]) == (417, "INVALID_MERCHANT_ORDER_ID")


def test_an_order_fails_at_its_expiry_without_attempts(shop: Shop, sandbox: Sandbox, reference: str) -> None:
    shop.pay(reference, expireAfter=300)
    sandbox.advance(299)
    before = shop.status(reference).json()["state"]

    sandbox.advance(2)

    assert before == "PENDING"
    assert shop.status(reference).json()["state"] == "FAILED"
    assert shop.status(reference).json()["paymentDetails"] == []


def test_refunds_go_through_three_states(shop: Shop, sandbox: Sandbox, reference: str) -> None:
    shop.paid(reference, 50_000)

    states = [shop.refund(f"R-{reference}", reference, 20_000).json()["state"]]
    states += [shop.refund_status(f"R-{reference}").json()["state"] for _ in range(2)]

    assert states[0] == "PENDING"
    assert states[-1] == "COMPLETED"
    assert shop.status(reference).json()["state"] == "COMPLETED"
    assert ledger_entry(sandbox, reference) == {
        "reference": reference,
        "amount": 50_000,
        "currency": "INR",
        "state": "COMPLETED",
        "refunded": 20_000,
        "disputed": 0,
    }


def test_a_refund_ends_by_itself(shop: Shop, sandbox: Sandbox, reference: str) -> None:
    shop.paid(reference, 50_000)
    shop.refund(f"R-{reference}", reference, 20_000)

    sandbox.advance(3)
    sandbox.advance(3)

    assert ledger_entry(sandbox, reference)["refunded"] == 20_000


def test_partial_refunds_never_exceed_what_was_paid(shop: Shop, reference: str) -> None:
    shop.paid(reference, 50_000)

    answers = [shop.refund(f"R{n}-{reference}", reference, 20_000).status_code for n in range(3)]

    assert answers == [200, 200, 400]
    assert shop.refund(f"R4-{reference}", reference, 10_000).status_code == 200


def test_refunds_that_cannot_be_are_refused(shop: Shop, sandbox: Sandbox, reference: str) -> None:
    shop.pay(reference)
    unpaid = shop.refund(f"R-{reference}", reference, 100)
    sandbox.settle(reference)
    shop.refund(f"R-{reference}", reference, 100)

    assert unpaid.status_code == 402
    assert shop.refund(f"R-{reference}", reference, 100).status_code == 400
    assert shop.refund(f"S-{reference}", reference, 99).status_code == 400
    assert shop.refund(f"S-{reference}", "UNKNOWN", 100).json()["code"] == "INVALID_MERCHANT_ORDER_ID"
    assert shop.refund_status("UNKNOWN").status_code == 400


def test_merchants_do_not_see_each_others_orders(shop: Shop, sandbox: Sandbox, reference: str) -> None:
    keys = {"client_secret": "other", "webhook_username": "other", "webhook_password": "other"}
    sandbox.add_merchant("OTHER_SHOP", **keys)
    other = Shop(sandbox, "OTHER_SHOP", "other", http=shop.http)
    other.sign_in()
    shop.paid(reference)

    assert other.status(reference).status_code == 400
    assert other.refund(f"R-{reference}", reference, 100).status_code == 400
    assert other.pay(reference, 500).status_code == 200


def test_calls_are_counted(shop: Shop, sandbox: Sandbox, reference: str) -> None:
    before = sandbox.calls()

    shop.pay(reference)
    shop.status(reference)
    shop.status(reference)

    after = sandbox.calls()
    assert after["pay"] - before.get("pay", 0) == 1
    assert after["status"] - before.get("status", 0) == 2


def ledger_entry(sandbox: Sandbox, reference: str) -> dict[str, Any]:
    entries = [entry for entry in sandbox.ledger() if entry["reference"] == reference]
    assert len(entries) == 1, json.dumps(entries)
    return entries[0]

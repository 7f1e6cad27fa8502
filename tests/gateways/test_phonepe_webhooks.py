"""Reading PhonePe's webhooks: those that the sandbox sends, and those of PhonePe's documentation."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pytest

from holdfast.payments.gateways.base import BadSignature, Notice, RefundRequest, Start, Unknown
from holdfast.payments.gateways.phonepe import PhonePe
from tests.gateways.accounts import CREDENTIALS, phonepe_account
from tests.support.sandbox import Sandbox

HASH = "8a1cc584b706a62684729b3f2603bb0f24344acf68a529d33e0f45b26b9728da"  # of simuser:Sim12345
SIGNED = {"authorization": HASH}


def with_credentials(username: str, password: str) -> PhonePe:
    pair = {"webhook_username": username, "webhook_password": password}
    return PhonePe(phonepe_account("http://127.0.0.1:1", credentials=CREDENTIALS | pair))


PHONEPE = with_credentials("simuser", "Sim12345")


def read(body: Any, headers: Mapping[str, str] = SIGNED) -> Notice:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return PHONEPE.read_webhook(headers, raw)


def last_webhook(sandbox: Sandbox, reference: str) -> tuple[dict[str, str], bytes]:
    sent = sandbox.webhooks(reference)[-1]
    return {name.lower(): value for name, value in sent["headers"].items()}, sent["body"].encode()


@pytest.mark.parametrize(
    ("username", "password", "header"),
    [
        ("username", "password", "bc842c31a9e54efe320d30d948be61291f3ceee4766e36ab25fa65243cd76e0e"),
        ("simuser", "Sim12345", HASH),
    ],
)
def test_the_published_vectors_are_signed_as_ours(username: str, password: str, header: str) -> None:
    notice = with_credentials(username, password).read_webhook({"authorization": header}, b"{}")

    assert notice.reference is None


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": ""},
        {"authorization": HASH.upper()},
        {"authorization": f"SHA256 {HASH}"},
        {"authorization": f"{HASH} "},
        {"authorization": HASH[:-1]},
        {"authorization": "bc842c31a9e54efe320d30d948be61291f3ceee4766e36ab25fa65243cd76e0e"},
        {"authorization": "ü\ud800"},
        {"Authorization": HASH},
    ],
)
def test_any_other_header_is_not_phonepes(headers: dict[str, str]) -> None:
    with pytest.raises(BadSignature):
        read({}, headers)


@pytest.mark.parametrize(("username", "password"), [("", ""), ("simuser", ""), ("", "Sim12345")])
def test_an_account_without_webhook_credentials_believes_no_webhook(username: str, password: str) -> None:
    easily_made = hashlib.sha256(f"{username}:{password}".encode()).hexdigest()

    with pytest.raises(BadSignature):
        with_credentials(username, password).read_webhook({"authorization": easily_made}, b"{}")


def test_a_body_is_not_even_parsed_before_its_header_is_checked() -> None:
    with pytest.raises(BadSignature):
        read(b"\x00 not json", {"authorization": "wrong"})


@pytest.mark.parametrize(
    ("outcome", "event"), [("pay", "checkout.order.completed"), ("fail", "checkout.order.failed")]
)
def test_a_webhook_says_which_payment_to_look_up(
    phonepe: PhonePe, sandbox: Sandbox, wanted: Start, now: datetime, outcome: str, event: str
) -> None:
    redirect = phonepe.start(wanted, now=now)
    sandbox.settle(wanted.reference, outcome)

    notice = phonepe.read_webhook(*last_webhook(sandbox, wanted.reference))

    assert (notice.event, notice.reference, notice.refund_reference) == (event, wanted.reference, None)
    assert notice.gateway_reference == redirect.gateway_reference


def test_a_webhook_says_which_refund_to_look_up(
    phonepe: PhonePe, sandbox: Sandbox, refund: RefundRequest, now: datetime
) -> None:
    asked = phonepe.refund(refund, now=now)
    notices = []
    for _ in range(2):
        phonepe.look_up_refund(refund.refund_reference, of=refund.payment, now=now)
        sent = [one for one in sandbox.webhooks() if refund.refund_reference in one["body"]][-1]
        notices.append(read(sent["body"].encode()))

    assert [notice.event for notice in notices] == ["pg.refund.accepted", "pg.refund.completed"]
    assert {notice.refund_reference for notice in notices} == {refund.refund_reference}
    assert {notice.reference for notice in notices} == {refund.payment.reference}
    assert {notice.gateway_reference for notice in notices} == {asked.gateway_reference}
    assert len({notice.dedupe_key for notice in notices}) == 2


@pytest.mark.parametrize(
    "fault",
    ["webhook_wrong_hash", "webhook_uppercase_hash", "webhook_hash_with_scheme", "webhook_without_hash"],
)
def test_a_webhook_that_is_wrongly_signed_is_turned_away(
    phonepe: PhonePe, sandbox: Sandbox, wanted: Start, now: datetime, fault: str
) -> None:
    phonepe.start(wanted, now=now)
    sandbox.arm(fault, only=wanted.reference)
    sandbox.settle(wanted.reference, "pay")

    with pytest.raises(BadSignature):
        phonepe.read_webhook(*last_webhook(sandbox, wanted.reference))


@pytest.mark.parametrize(
    "fault",
    [
        "webhook_without_envelope",
        "webhook_unknown_event",
        "webhook_unknown_type",
        "webhook_unknown_payment_mode",
        "webhook_wrong_amount",
        "webhook_malformed_json",
        "webhook_duplicate_key",
    ],
)
def test_a_webhook_with_a_strange_body_still_says_where_to_look(
    phonepe: PhonePe, sandbox: Sandbox, wanted: Start, now: datetime, fault: str
) -> None:
    phonepe.start(wanted, now=now)
    sandbox.arm(fault, only=wanted.reference)
    sandbox.settle(wanted.reference, "pay")

    notice = phonepe.read_webhook(*last_webhook(sandbox, wanted.reference))

    assert notice.reference == wanted.reference
    assert sandbox.armed() == []


@pytest.mark.parametrize("body", [b"", b'{"event": "checkout.or', b"[]", b"<html>", b"[" * 100_000])
def test_a_rightly_signed_body_that_cannot_be_read_is_unknown(body: bytes) -> None:
    with pytest.raises(Unknown):
        read(body)


ORDER = {"merchantOrderId": "ORDER-1", "orderId": "OMO1", "state": "COMPLETED", "amount": 100}
REFUND = {"originalMerchantOrderId": "ORDER-1", "refundId": "OMR1", "state": "COMPLETED", "amount": 100}


def test_a_refund_without_envelope_and_without_our_reference_is_found_by_phonepes() -> None:
    notice = read(b'\xef\xbb\xbf{"refundId": "OMR1", "refundId": "OMR1", "state": "COMPLETED",}')

    assert (notice.event, notice.refund_reference, notice.gateway_reference) == ("unnamed", None, "OMR1")


@pytest.mark.parametrize("strange", [7, None, "", ["ORDER-1"], "a\x00b", "\ud800", "x" * 5_000])
def test_references_that_are_none_are_absent(strange: object) -> None:
    notice = read({"event": strange, "payload": {"merchantOrderId": strange, "orderId": strange}})

    assert (notice.event, notice.reference, notice.gateway_reference) == ("unnamed", None, None)


def key(event: str, payload: Mapping[str, Any]) -> str:
    return read({"event": event, "payload": payload}).dedupe_key


def test_two_deliveries_of_one_event_have_one_key_whatever_the_order_of_their_fields() -> None:
    assert key("checkout.order.completed", ORDER) == key(
        "checkout.order.completed", dict(reversed(ORDER.items())) | {"newField": 1}
    )


def test_different_events_have_different_keys() -> None:
    attempts = [ORDER | {"paymentDetails": [{"transactionId": one}]} for one in ("OM1", "OM2")]
    keys = [
        key("checkout.order.completed", ORDER),
        key("checkout.order.failed", ORDER),
        key("checkout.order.completed", ORDER | {"state": "FAILED"}),
        key("checkout.order.completed", ORDER | {"merchantOrderId": "ORDER-2"}),
        key("checkout.transaction.attempt.failed", attempts[0]),
        key("checkout.transaction.attempt.failed", attempts[1]),
        key("pg.refund.completed", REFUND),
        key("pg.refund.completed", REFUND | {"refundId": "OMR2"}),
        key("pg.refund.completed", REFUND | {"merchantRefundId": "REFUND-1"}),
        key("pg.refund.accepted", REFUND),
        key("settlement.made", {"day": 1}),
        key("settlement.made", {"day": 2}),
    ]

    assert len(set(keys)) == len(keys)

"""Words that PhonePe's documents and package show and no order of the sandbox has, read from bare answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from holdfast.kernel.money import Money
from holdfast.payments.gateways.base import (
    Became,
    Outcome,
    RefundBecame,
    RefundRequest,
    Refused,
    Start,
    Token,
    Unclear,
    Unknown,
)
from holdfast.payments.gateways.phonepe import PhonePe
from tests.gateways.accounts import NOW, MemoryTokens, named, phonepe_account
from tests.gateways.raw_server import http, raw_server

PAST = int((NOW - timedelta(minutes=1)).timestamp() * 1000)
AHEAD = int((NOW + timedelta(minutes=1)).timestamp() * 1000)
ATTEMPT = {"transactionId": "OM1", "state": "FAILED", "paymentMode": "UPI_QR", "amount": 100}
REFUND = RefundRequest("REFUND-1", payment=named("ORDER-1"), amount=Money(100, "INR"))


def phonepe_at(url: str) -> PhonePe:
    """An adapter that has its token already."""
    year = timedelta(days=365)
    return PhonePe(phonepe_account(url, tokens=MemoryTokens(Token("O-Bearer eyJ", NOW + year, NOW + year))))


def look_up(status: int, body: Any) -> Outcome:
    with raw_server(http(status, body)) as server:
        return phonepe_at(server.url).look_up(named("ORDER-1"), now=NOW)


@pytest.mark.parametrize(
    ("order", "became", "reason"),
    [
        ({"state": "PENDING", "expireAt": PAST}, Became.PENDING, None),
        ({"state": "PENDING", "paymentDetails": [ATTEMPT]}, Became.PENDING, None),
        ({"state": "EXPIRED"}, Became.EXPIRED, "expired"),
        ({"state": "FAILED", "paymentDetails": [], "expireAt": PAST}, Became.EXPIRED, "expired"),
        ({"state": "FAILED", "paymentDetails": [], "expireAt": AHEAD}, Became.EXPIRED, "expired"),
        ({"state": "FAILED", "paymentDetails": None}, Became.EXPIRED, "expired"),
        ({"state": "FAILED", "paymentDetails": [ATTEMPT], "expireAt": PAST}, Became.FAILED, "declined"),
        (
            {"state": "FAILED", "paymentDetails": [ATTEMPT | {"errorCode": "USER_CANCEL"}]},
            Became.CANCELED,
            "canceled",
        ),
        ({"state": "FAILED", "detailedErrorCode": "TXN_CANCELLED"}, Became.CANCELED, "canceled"),
        ({"state": "FAILED", "errorCode": "INSUFFICIENT_FUNDS"}, Became.FAILED, "declined"),
        ({"state": "FAILED", "errorCode": "BANK_ERROR"}, Became.FAILED, "error"),
        ({"state": "FAILED", "errorCode": "TRANSACTION_TIMEOUT"}, Became.FAILED, "expired"),
        ({"state": "FAILED", "errorCode": 7, "paymentDetails": "none"}, Became.EXPIRED, "expired"),
        ({"state": "COMPLETED"}, Became.UNRECOGNIZED, None),
        ({"state": "COMPLETED", "amount": "much"}, Became.UNRECOGNIZED, None),
        ({"state": "COMPLETED", "amount": 1.5}, Became.UNRECOGNIZED, None),
        ({"state": "completed", "amount": 100}, Became.UNRECOGNIZED, None),
    ],
)
def test_what_a_state_comes_to(order: dict[str, Any], became: Became, reason: str | None) -> None:
    found = look_up(200, order)

    assert (found.became, found.reason, found.amount) == (became, reason, None)
    assert found.word == order["state"]


def test_only_the_root_amount_of_a_completed_order_counts() -> None:
    body = {
        "merchantOrderId": "ORDER-1",
        "orderId": "OMO1",
        "state": "COMPLETED",
        "amount": 199_900,
        "payableAmount": 200_136,
        "feeAmount": 236,
        "errorCode": "AUTHORIZATION_ERROR",
        "paymentDetails": [{"transactionId": "OM1", "amount": 5}, {"transactionId": "OM2", "amount": 7}],
    }

    assert look_up(200, body) == Outcome(
        Became.CAPTURED,
        word="COMPLETED",
        amount=Money(199_900, "INR"),
        reference="ORDER-1",
        gateway_reference="OMO1",
        transaction_reference="OM2",
    )


@pytest.mark.parametrize(
    ("status", "body", "trouble"),
    [
        (200, {}, Unknown),
        (200, {"state": None}, Unknown),
        (200, [], Unknown),
        (400, {"code": "BAD_REQUEST"}, Unclear),
        (404, {"code": "NOT_FOUND", "message": "No such resource."}, Unclear),
        (404, b"<h1>Not Found</h1>", Unknown),
        (403, b"<h1>Blocked</h1>", Unknown),
        (400, {"state": "COMPLETED", "amount": 199_900}, Unclear),
        (500, {"code": "INVALID_MERCHANT_ORDER_ID"}, Unknown),
    ],
)
def test_an_answer_that_decides_nothing_is_unknown(status: int, body: Any, trouble: type[Unknown]) -> None:
    with pytest.raises(Unknown) as unknown:
        look_up(status, body)

    assert type(unknown.value) is trouble


START = Start("ORDER-1", Money(100, "INR"), "https://booking.example/return", timedelta(minutes=10))


@pytest.mark.parametrize(
    ("status", "body", "trouble"),
    [
        (400, {"code": "BAD_REQUEST"}, Unclear),
        (417, {"code": "INVALID_TRANSACTION_ID"}, Unclear),
        (417, {"code": "INVALID_MERCHANT_ORDER_ID"}, Unclear),
        (417, {"code": "SOMETHING_ELSE"}, Unclear),
        (409, {"code": "CONFLICT"}, Unclear),
        (400, {"message": "no code"}, Unclear),
        (400, {"code": "PAYMENT_ERROR", "errorCode": "EXCESS_REFUND_AMOUNT"}, Unclear),
        (402, {"code": "PAYMENT_ERROR"}, Refused),
        (403, {"code": "FORBIDDEN", "message": "No."}, Refused),
        (400, {"code": "REVERSAL_WINDOW_EXCEEDED"}, Refused),
        (403, b"<h1>Blocked</h1>", Unknown),
        (200, {}, Unknown),
        (200, b"", Unknown),
    ],
)
def test_a_no_is_definite_only_if_it_cannot_mean_used_before(
    status: int, body: Any, trouble: type[Exception]
) -> None:
    raised: list[type[BaseException]] = []
    with raw_server(http(status, body)) as server:
        phonepe = phonepe_at(server.url)
        for ask in (lambda: phonepe.start(START, now=NOW), lambda: phonepe.refund(REFUND, now=NOW)):
            with pytest.raises(Exception) as error:  # noqa: PT011 - its exact type is what is looked at
                ask()
            raised.append(error.type)

    assert raised == [trouble, trouble]


@pytest.mark.parametrize(
    "made",
    [
        {"orderId": "OMO1"},
        {"orderId": "OMO1", "redirectUrl": "javascript:alert(1)"},
        {"orderId": "OMO1", "redirectUrl": None},
        {"redirectUrl": "https://pay.example"},
    ],
)
def test_an_order_without_a_page_or_a_name_is_unknown(made: dict[str, Any]) -> None:
    with raw_server(http(200, made)) as server, pytest.raises(Unknown):
        phonepe_at(server.url).start(START, now=NOW)


def test_the_request_is_the_documented_one() -> None:
    made = {"orderId": "OMO1", "redirectUrl": "https://pay.example/p?token=a&lang=en", "expireAt": AHEAD}
    with raw_server(http(200, made)) as server:
        redirect = phonepe_at(server.url).start(replace(START, description="A consultation"), now=NOW)

    head, _, body = server.requests[0].partition("\r\n\r\n")
    assert head.startswith("POST /checkout/v2/pay HTTP/1.1")
    assert "authorization: o-bearer eyj" in head.lower()
    assert body == (
        '{"merchantOrderId":"ORDER-1","amount":100,"expireAfter":600,"paymentFlow":{"type":"PG_CHECKOUT",'
        '"merchantUrls":{"redirectUrl":"https://booking.example/return"},"message":"A consultation"}}'
    )
    assert redirect.url == "https://pay.example/p?token=a&lang=en"


@pytest.mark.parametrize(
    ("word", "became"),
    [
        ("PENDING", RefundBecame.PENDING),
        ("CONFIRMED", RefundBecame.PENDING),
        ("ACCEPTED", RefundBecame.PENDING),
        ("COMPLETED", RefundBecame.SUCCEEDED),
        ("FAILED", RefundBecame.FAILED),
    ],
)
def test_what_the_state_of_a_refund_comes_to(word: str, became: RefundBecame) -> None:
    body = {"refundId": "OMR1", "originalMerchantOrderId": "ORDER-1", "amount": 100, "state": word}
    with raw_server(http(200, body)) as server:
        found = phonepe_at(server.url).look_up_refund("REFUND-1", of=named("ORDER-1"), now=NOW)

    assert (found.became, found.word, found.amount) == (became, word, Money(100, "INR"))
    assert (found.gateway_reference, found.payment_reference) == ("OMR1", "ORDER-1")


def test_references_are_quoted_in_addresses() -> None:
    with raw_server(http(200, {"state": "PENDING"})) as server:
        phonepe_at(server.url).look_up(named("../v2/pay?x=1"), now=NOW)

    assert server.requests[0].startswith("GET /checkout/v2/order/..%2Fv2%2Fpay%3Fx%3D1/status?details=false")

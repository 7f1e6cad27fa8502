"""The JSON that PhonePe shows of an order, an attempt and a refund."""

from __future__ import annotations

from typing import Any

from sandbox.phonepe.books import COMPLETED, PENDING, Attempt, Order, Refund

Json = dict[str, Any]

UPI = {"type": "UPI", "utr": "206378866112", "upiTransactionId": "PPPL206378866112", "vpa": "12****78@ybl"}
ACCOUNT = {
    "type": "ACCOUNT",
    "maskedAccountNumber": "XXXXXXX20000",
    "ifsc": "AABF0009009",
    "accountHolderName": "",
    "accountType": "SAVINGS",
}
STAGES = {"USER_CANCEL": "CUSTOMER", "TRANSACTION_TIMEOUT": "CUSTOMER"}


def order_body(order: Order, attempts: list[Attempt], *, every_attempt: bool = True) -> Json:
    """An order as its status call shows it. ``merchantOrderId`` is not in it, as at PhonePe."""
    shown = attempts if every_attempt else attempts[-1:]
    return {
        "orderId": order.order_id,
        "state": order.state,
        "amount": order.amount if order.paid is None else order.paid,
        "payableAmount": order.amount if order.paid is None else order.paid,
        "feeAmount": 0,
        "expireAt": order.expire_at,
        **_errors(order),
        "metaInfo": order.meta_info,
        "paymentDetails": [attempt_body(attempt) for attempt in shown],
    }


def attempt_body(attempt: Attempt) -> Json:
    instrument = {"rail": UPI, "instrument": ACCOUNT} if attempt.state == COMPLETED else {}
    split = [{"amount": attempt.amount, **instrument}] if instrument else []
    return {
        "transactionId": attempt.transaction_id,
        "paymentMode": attempt.payment_mode,
        "timestamp": attempt.timestamp,
        "amount": attempt.amount,
        "payableAmount": attempt.amount,
        "feeAmount": 0,
        "state": attempt.state,
        **_errors(attempt),
        **instrument,
        "splitInstruments": split,
    }


def error_context(order: Order) -> Json:
    """Who is to blame, as ``errorContext=true`` asks."""
    return {
        "errorCode": order.error_code,
        "detailedErrorCode": order.detailed_error_code,
        "source": STAGES.get(order.error_code or "", "BANK"),
        "stage": "AUTHENTICATION",
        "description": "The payment was not made.",
    }


def refund_body(refund: Refund, order: Order, attempts: list[Attempt]) -> Json:
    """A refund as its status call shows it."""
    paid = [attempt for attempt in attempts if attempt.state == COMPLETED][-1:]
    errors = {"errorCode": refund.error_code, "detailedErrorCode": refund.error_code}
    return {
        "originalMerchantOrderId": order.merchant_order_id,
        "refundId": refund.refund_id,
        "amount": refund.amount,
        "currency": "INR",
        "state": refund.state,
        "timestamp": refund.timestamp,
        **(errors if refund.error_code else {}),
        "paymentDetails": [
            attempt_body(attempt) | {"amount": refund.amount, "state": refund.state} for attempt in paid
        ],
    }


def as_pending(body: Json) -> Json:
    """The same order before anybody knew what became of it."""
    hidden = ("errorCode", "detailedErrorCode", "errorContext")
    kept = {name: value for name, value in body.items() if name not in hidden}
    return kept | {"state": PENDING, "paymentDetails": []}


def _errors(failed: Order | Attempt) -> Json:
    codes = {"errorCode": failed.error_code, "detailedErrorCode": failed.detailed_error_code}
    return codes if failed.error_code else {}

"""The JSON that Toy shows of a payment and a refund, and what it can have wrong although all went well."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.faults import Armed
from sandbox.toy.books import AUTHORIZED, CAPTURING, OPEN, Payment, Refund

Json = dict[str, Any]


def payment_body(payment: Payment, *, refunded: int) -> Json:
    """A payment as it stands. Times are in seconds; ``reserved`` is what could be taken or set free."""
    is_reserved = payment.state in (AUTHORIZED, CAPTURING)
    return {
        "id": payment.id,
        "reference": payment.reference,
        "state": payment.state,
        "amount": payment.amount,
        "currency": payment.currency,
        "capture": "manual" if payment.manual else "automatic",
        "reserved": payment.paid if is_reserved else 0,
        "captured": payment.captured,
        "refunded": refunded,
        "expires_at": payment.expires_at // 1000,
        "capture_before": payment.capture_before and payment.capture_before // 1000,
    }


def refund_body(refund: Refund, payment: Payment) -> Json:
    return {
        "id": refund.id,
        "reference": refund.reference,
        "payment": payment.reference,
        "amount": refund.amount,
        "currency": payment.currency,
        "state": refund.state,
    }


@dataclass(frozen=True)
class Twist:
    sentence: str
    change: Callable[[Json, Armed], Json]


def _as_open(body: Json, fault: Armed) -> Json:
    return body | {"state": OPEN, "reserved": 0, "captured": 0, "refunded": 0, "capture_before": None}


def _flap(body: Json, fault: Armed) -> Json:
    return _as_open(body, fault) if fault.happened % 2 == 0 else body


def _unknown_state(body: Json, fault: Armed) -> Json:
    return body | {"state": fault.text("word", "on_hold")}


def _another_payment(body: Json, fault: Armed) -> Json:
    another = fault.text("reference", "ANOTHER-PAYMENT-1")
    return body | {"id": "toy_00000000000000000000", "reference": another}


def _another_currency(body: Json, fault: Armed) -> Json:
    return body | {"currency": fault.text("word", "EUR")}


TWISTS = {
    "look_up_lag": Twist("A payment is still read as open.", _as_open),
    "look_up_flap": Twist("Every second read of a payment says open again.", _flap),
    "look_up_unknown_state": Twist(
        "A payment is read in a state that nobody has heard of: `word` (on_hold).", _unknown_state
    ),
    "look_up_another_payment": Twist("A read answers with another payment's body.", _another_payment),
    "look_up_another_currency": Twist("A read is in another currency: `word` (EUR).", _another_currency),
}

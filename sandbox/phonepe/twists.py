"""What the body of an answer about an order can have wrong, although the call itself goes well."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.faults import Armed
from sandbox.phonepe.bodies import as_pending
from sandbox.phonepe.books import COMPLETED, FAILED, Order

Json = dict[str, Any]


@dataclass(frozen=True)
class Twist:
    """``states``: an answer about an order in another state is not an occasion."""

    sentence: str
    change: Callable[[Json, Armed], Json]
    states: tuple[str, ...] = ("PENDING", COMPLETED, FAILED)


def _as_pending(body: Json, fault: Armed) -> Json:
    return as_pending(body)


def _flap(body: Json, fault: Armed) -> Json:
    return as_pending(body) if fault.happened % 2 == 0 else body


def _unknown_state(body: Json, fault: Armed) -> Json:
    return body | {"state": fault.text("word", "ON_HOLD")}


def _expired(body: Json, fault: Armed) -> Json:
    return body | {"state": "EXPIRED"}


def _another_order(body: Json, fault: Armed) -> Json:
    return body | {
        "orderId": "OMO2000000000000000000001",
        "merchantOrderId": fault.text("reference", "ANOTHER-ORDER-1"),
        "state": COMPLETED,
        "amount": body["amount"] + 100,
    }


def _fees(body: Json, fault: Armed) -> Json:
    fee = fault.whole("amount", 236)
    return body | {"payableAmount": body["amount"] + fee, "feeAmount": fee}


def _skew(body: Json, fault: Armed) -> Json:
    return body | {"expireAt": body["expireAt"] + fault.whole("seconds", 600) * 1000}


def _expire_at_in_seconds(body: Json, fault: Armed) -> Json:
    return body | {"expireAt": body["expireAt"] // 1000}


def _misspelled_expiry(body: Json, fault: Armed) -> Json:
    kept = {name: value for name, value in body.items() if name != "expireAt"}
    return kept | {"expiryAt": body["expireAt"]}


def _amount_as_text(body: Json, fault: Armed) -> Json:
    return body | {"amount": str(body["amount"])}


def _amount_in_rupees(body: Json, fault: Armed) -> Json:
    return body | {"amount": body["amount"] // 100}


def _unknown_mode(body: Json, fault: Armed) -> Json:
    strange = {"paymentMode": "WALLET", "rail": {"type": "TELEPATHY"}, "instrument": {"type": "SHELLS"}}
    return body | {"paymentDetails": [attempt | strange for attempt in body["paymentDetails"]]}


STATUS_TWISTS = {
    "status_lag": Twist("A settled order still reads PENDING.", _as_pending, (COMPLETED, FAILED)),
    "status_flap": Twist(
        "Every second read of a settled order says PENDING again.", _flap, (COMPLETED, FAILED)
    ),
    "status_unknown_state": Twist(
        "An order is read in a state that nobody has heard of: `word` (ON_HOLD).", _unknown_state
    ),
    "status_expired_word": Twist("A failed order is read as EXPIRED.", _expired, (FAILED,)),
    "status_of_another_order": Twist(
        "A read answers with another order's body, COMPLETED, for another amount.", _another_order
    ),
    "status_fees": Twist("A read has a fee of `amount` (236) in payableAmount and feeAmount.", _fees),
    "status_expire_at_skew": Twist("A read's expireAt is `seconds` (600) off; may be negative.", _skew),
    "status_expire_at_in_seconds": Twist(
        "A read's expireAt is in seconds, not milliseconds.", _expire_at_in_seconds
    ),
    "status_amount_as_text": Twist("A read's amount is a text of digits.", _amount_as_text),
    "status_amount_in_rupees": Twist("A read's amount is in rupees, a hundredth.", _amount_in_rupees),
    "status_unknown_payment_mode": Twist(
        "A read names a paymentMode, a rail and an instrument that nobody has heard of.",
        _unknown_mode,
        (COMPLETED,),
    ),
}

PAY_TWISTS = {
    "pay_expire_at_skew": Twist("A pay answer's expireAt is `seconds` (600) off; may be negative.", _skew),
    "pay_expire_at_in_seconds": Twist(
        "A pay answer's expireAt is in seconds, not milliseconds.", _expire_at_in_seconds
    ),
    "pay_expiry_misspelled": Twist(
        "A pay answer has expiryAt, as PhonePe's documents misspell it.", _misspelled_expiry
    ),
}


def fitting(twists: dict[str, Twist], order: Order) -> list[str]:
    """The twists that an answer about this order is an occasion for."""
    return [name for name, twist in twists.items() if order.state in twist.states]

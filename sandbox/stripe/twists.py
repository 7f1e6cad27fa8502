"""What a read of a session or a payment intent can have wrong, although the call itself goes well."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.faults import Armed
from sandbox.stripe.books import OPEN, UNPAID

Json = dict[str, Any]

ANOTHER: dict[str, Json] = {
    "checkout.session": {"id": "cs_test_another", "payment_intent": "pi_another"},
    "payment_intent": {"id": "pi_another", "latest_charge": "ch_another"},
}
UNTOUCHED: dict[str, Json] = {
    "checkout.session": {"status": OPEN, "payment_status": "unpaid", "payment_intent": None},
    "payment_intent": {
        "status": UNPAID,
        "amount_capturable": 0,
        "amount_received": 0,
        "canceled_at": None,
        "cancellation_reason": None,
        "latest_charge": None,
        "payment_method": None,
    },
}


@dataclass(frozen=True)
class Twist:
    """``needs_payment``: a read of a session that nobody has tried to pay is not an occasion."""

    sentence: str
    change: Callable[[Json, Armed], Json]
    needs_payment: bool = False


def _lag(body: Json, fault: Armed) -> Json:
    return body | UNTOUCHED[body["object"]]


def _flap(body: Json, fault: Armed) -> Json:
    return _lag(body, fault) if fault.happened % 2 == 0 else body


def _unknown_status(body: Json, fault: Armed) -> Json:
    return _within(body, {"status": fault.text("word", "requires_incantation")})


def _another_payment(body: Json, fault: Armed) -> Json:
    reference = fault.text("reference", "ANOTHER-PAYMENT-1")
    said = {"client_reference_id": reference} if "client_reference_id" in body else {}
    return body | ANOTHER[body["object"]] | said | {"metadata": dict.fromkeys(body["metadata"], reference)}


def _another_currency(body: Json, fault: Armed) -> Json:
    return _within(body, {"currency": fault.text("word", "eur")})


def _within(body: Json, changes: Json) -> Json:
    """A payment intent with these changes: the body itself, or the one that is expanded in a session."""
    intent = body.get("payment_intent")
    return body | ({"payment_intent": intent | changes} if isinstance(intent, dict) else changes)


TWISTS = {
    "look_up_lag": Twist("A payment is still read as not made.", _lag, needs_payment=True),
    "look_up_flap": Twist("Every second read of a payment says not made again.", _flap, needs_payment=True),
    "look_up_unknown_state": Twist(
        "A payment is read in a status that nobody has heard of: `word` (requires_incantation).",
        _unknown_status,
    ),
    "look_up_another_payment": Twist("A read answers with another payment's body.", _another_payment),
    "look_up_another_currency": Twist("A read is in another currency: `word` (eur).", _another_currency),
}


def fitting(*, is_begun: bool) -> list[str]:
    """The twists that a read is an occasion for."""
    return [name for name, twist in TWISTS.items() if is_begun or not twist.needs_payment]

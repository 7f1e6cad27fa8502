"""The JSON that Stripe shows of what it has written down, and how an id in it is expanded to its object."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

from sandbox.stripe.books import (
    COMPLETE,
    FAILED,
    OPEN,
    PAID,
    PENDING,
    Books,
    Charge,
    Dispute,
    Event,
    Intent,
    Record,
    Refund,
    Session,
)
from sandbox.stripe.checks import BASIL
from sandbox.stripe.errors import bad_parameter
from sandbox.stripe.forms import listed
from sandbox.world import World

Json = dict[str, Any]
CARD = {
    "brand": "visa",
    "country": "US",
    "exp_month": 12,
    "exp_year": 2034,
    "funding": "credit",
    "last4": "4242",
}
DECLINED = {
    "type": "card_error",
    "code": "card_declined",
    "decline_code": "generic_decline",
    "message": "Your card was declined.",
}
DEEPEST = 4  # levels that can be expanded


class Bodies:
    def __init__(self, world: World, books: Books, *, gateway: str) -> None:
        self._world = world
        self._books = books
        self._gateway = gateway

    def of(self, record: Record) -> Json:
        """An object as it stands, with the ids of those that belong to it."""
        return SHOWN[type(record)](self, record)

    def expanded(self, body: Json, paths: list[str]) -> Json:
        """The same with the objects in it that were asked for; :func:`check_expand` has been asked before."""
        for path in paths:
            field, *rest = path.split(".")
            if body["object"] == "list":
                body = body | {"data": [self._expand(one, rest) for one in body["data"]]}
            else:
                body = self._expand(body, [field, *rest])
        return body

    def _expand(self, body: Json, steps: list[str]) -> Json:
        if not steps:
            return body
        field, *rest = steps
        if field == "line_items":
            return body | {field: _lines(self._books.sessions.get(body["id"]))}
        found = body[field]
        record = self._books.find(found) if isinstance(found, str) else None
        found = self.of(record) if record else found  # the id of a twisted body leads nowhere
        return body | {field: self._expand(found, rest) if isinstance(found, dict) else found}

    def is_live(self, client_id: str) -> bool:
        return self._world.merchants.get(self._gateway, client_id)["secret_key"].startswith("sk_live_")

    # -- one kind after the other -------------------------------------------------------------------------

    def session(self, session: Session) -> Json:
        intent = self._books.intents.get(session.intent_id) if session.intent_id else None
        is_paid = session.status == COMPLETE and intent is not None and intent.status == PAID
        return {
            "id": session.id,
            "object": "checkout.session",
            "adaptive_pricing": {"enabled": session.adaptive},
            "amount_subtotal": session.amount,
            "amount_total": session.amount,
            "cancel_url": session.cancel_url or None,
            "client_reference_id": session.reference or None,
            "created": session.created // 1000,
            "currency": session.currency,
            "customer": None,
            "customer_details": {"email": session.email} if session.email else None,
            "customer_email": session.email or None,
            "expires_at": session.expires_at // 1000,
            "livemode": self.is_live(session.client_id),
            "metadata": session.metadata,
            "mode": "payment",
            "payment_intent": session.intent_id,
            "payment_method_types": ["card"],
            "payment_status": "paid" if is_paid else "unpaid",
            "presentment_details": session.presented or None,
            "status": session.status,
            "success_url": session.success_url,
            "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
            "ui_mode": session.ui_mode,
            "url": session.url if session.status == OPEN else None,
        }

    def intent(self, intent: Intent) -> Json:
        return {
            "id": intent.id,
            "object": "payment_intent",
            "amount": intent.amount,
            "amount_capturable": intent.amount_capturable,
            "amount_details": {"tip": {}},
            "amount_received": intent.amount_received,
            "canceled_at": intent.canceled_at and intent.canceled_at // 1000,
            "cancellation_reason": intent.cancellation_reason,
            "capture_method": intent.capture_method,
            "client_secret": f"{intent.id}_secret_{zlib.crc32(intent.id.encode()):08x}",
            "confirmation_method": "automatic",
            "created": intent.created // 1000,
            "currency": intent.currency,
            "customer": None,
            "description": None,
            "last_payment_error": intent.last_payment_error or None,
            "latest_charge": intent.charge_id,
            "livemode": self.is_live(intent.client_id),
            "metadata": intent.metadata,
            "next_action": None,
            "payment_method": f"pm_{intent.id[3:]}" if intent.charge_id else None,
            "payment_method_types": ["card"],
            "presentment_details": intent.presented or None,
            "processing": None,
            "status": intent.status,
        }

    def charge(self, charge: Charge) -> Json:
        refunded = self._books.refunded(charge)
        has_failed = charge.status == FAILED
        before = {} if charge.capture_before is None else {"capture_before": charge.capture_before // 1000}
        return {
            "id": charge.id,
            "object": "charge",
            "amount": charge.amount,
            "amount_captured": charge.amount_captured,
            "amount_refunded": refunded,
            "billing_details": {"address": None, "email": None, "name": None, "phone": None},
            "captured": charge.captured,
            "created": charge.created // 1000,
            "currency": charge.currency,
            "customer": None,
            "disputed": bool(self._books.disputes.all("charge_id = ?", charge.id)),
            "failure_code": charge.failure_code,
            "failure_message": "Your card was declined." if has_failed else None,
            "livemode": self.is_live(charge.client_id),
            "metadata": charge.metadata,
            "paid": not has_failed,
            "payment_intent": charge.intent_id,
            "payment_method": f"pm_{charge.intent_id[3:]}",
            "payment_method_details": {"type": "card", "card": CARD | before},
            "presentment_details": charge.presented or None,
            "refunded": 0 < charge.amount <= refunded,
            "status": charge.status,
        }

    def refund(self, refund: Refund) -> Json:
        failed = {"failure_reason": refund.failure_reason} if refund.failure_reason else {}
        return {
            "id": refund.id,
            "object": "refund",
            "amount": refund.amount,
            "charge": refund.charge_id,
            "created": refund.created // 1000,
            "currency": refund.currency,
            "metadata": refund.metadata,
            "payment_intent": refund.intent_id,
            "pending_reason": "processing" if refund.status == PENDING else None,
            "reason": refund.reason,
            "status": refund.status,
            **failed,
        }

    def dispute(self, dispute: Dispute) -> Json:
        return {
            "id": dispute.id,
            "object": "dispute",
            "amount": dispute.amount,
            "charge": dispute.charge_id,
            "created": dispute.created // 1000,
            "currency": dispute.currency,
            "is_charge_refundable": False,
            "livemode": self.is_live(dispute.client_id),
            "metadata": {},
            "payment_intent": dispute.intent_id,
            "reason": dispute.reason,
            "status": dispute.status,
        }

    def event(self, event: Event) -> Json:
        return {
            "id": event.id,
            "object": "event",
            "api_version": event.api_version,
            "created": event.created // 1000,
            "data": event.data,
            "livemode": self.is_live(event.client_id),
            "pending_webhooks": 1,
            "request": event.request,
            "type": event.type,
        }


SHOWN: dict[type[Record], Callable[[Bodies, Any], Json]] = {
    Session: Bodies.session,
    Intent: Bodies.intent,
    Charge: Bodies.charge,
    Refund: Bodies.refund,
    Dispute: Bodies.dispute,
    Event: Bodies.event,
}
# Which fields of an object can be expanded, and to what.
EXPANDABLE = {
    "checkout.session": {"payment_intent": "payment_intent", "line_items": "item", "customer": "customer"},
    "payment_intent": {"latest_charge": "charge", "customer": "customer"},
    "charge": {"payment_intent": "payment_intent", "customer": "customer"},
    "refund": {"payment_intent": "payment_intent", "charge": "charge"},
    "dispute": {"payment_intent": "payment_intent", "charge": "charge"},
}


def check_expand(paths: list[str], *, kind: str, many: bool) -> None:
    """Raises StripeError for a path that leads nowhere in an answer of this kind, or a list of them."""
    for path in paths:
        steps = path.split(".")
        if len(steps) > DEEPEST:
            raise bad_parameter("expand", f"You cannot expand more than {DEEPEST} levels ({path}).")
        if many and steps.pop(0) != "data":
            raise _not_expandable(path)
        found = kind
        for step in steps:
            if step not in EXPANDABLE.get(found, {}):
                raise _not_expandable(path)
            found = EXPANDABLE[found][step]


def reads_as_refund(api_version: str) -> bool:
    """Before basil, money that was let go without having been taken was written down as a refund."""
    return api_version < BASIL


def _lines(session: Session) -> Json:
    lines = [
        {
            "object": "item",
            "currency": session.currency,
            "description": line["price_data"]["product_data"]["name"],
            "amount_total": int(line["price_data"]["unit_amount"]) * int(line.get("quantity", 1)),
            "quantity": int(line.get("quantity", 1)),
        }
        for line in listed({"lines": session.line_items}, "lines")
    ]
    url = f"/v1/checkout/sessions/{session.id}/line_items"
    return {"object": "list", "data": lines, "has_more": False, "url": url}


def _not_expandable(path: str) -> Exception:
    return bad_parameter("expand", f"This property cannot be expanded ({path}).")

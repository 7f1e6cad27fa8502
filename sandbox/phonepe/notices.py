"""PhonePe's webhooks: what they say, how they are signed, and what either can have wrong."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sandbox.courier import Delivery, Webhook
from sandbox.merchants import Merchant
from sandbox.phonepe.bodies import order_body, refund_body
from sandbox.phonepe.books import COMPLETED, CONFIRMED, FAILED, PENDING, Books, Order, Refund
from sandbox.troubles import with_duplicate_key, with_trailing_comma
from sandbox.world import World

Json = dict[str, Any]
T = TypeVar("T")

ORDER_EVENTS = {
    COMPLETED: "checkout.order.completed",
    FAILED: "checkout.order.failed",
    PENDING: "checkout.transaction.attempt.failed",
}
REFUND_EVENTS = {
    CONFIRMED: "pg.refund.accepted",
    COMPLETED: "pg.refund.completed",
    FAILED: "pg.refund.failed",
}


def _strange_attempts(notice: Json) -> Json:
    strange = {"paymentMode": "WALLET", "rail": {"type": "TELEPATHY"}}
    attempts = [attempt | strange for attempt in notice["payload"].get("paymentDetails", [])]
    return notice | {"payload": notice["payload"] | {"paymentDetails": attempts}}


def _inflated(notice: Json) -> Json:
    return notice | {"payload": notice["payload"] | {"amount": notice["payload"]["amount"] * 100}}


@dataclass(frozen=True)
class Flaw(Generic[T]):
    sentence: str
    change: Callable[[T], T]


NOTICE_FLAWS: dict[str, Flaw[Json]] = {
    "webhook_without_envelope": Flaw("A webhook's body is the bare payload.", lambda n: dict(n["payload"])),
    "webhook_unknown_event": Flaw(
        "A webhook's event is one nobody has heard of.", lambda n: n | {"event": "checkout.order.levitated"}
    ),
    "webhook_unknown_type": Flaw(
        "A webhook's deprecated type is one nobody has heard of.", lambda n: n | {"type": "ORDER_LEVITATED"}
    ),
    "webhook_unknown_payment_mode": Flaw("A webhook names an unknown paymentMode.", _strange_attempts),
    "webhook_wrong_amount": Flaw("A webhook says a hundred times the amount.", _inflated),
}
BYTE_FLAWS: dict[str, Flaw[bytes]] = {
    "webhook_malformed_json": Flaw("A webhook's JSON has a trailing comma.", with_trailing_comma),
    "webhook_duplicate_key": Flaw("A webhook's JSON has a key twice.", with_duplicate_key),
    "webhook_truncated": Flaw("A webhook's JSON ends in the middle.", lambda body: body[: len(body) // 2]),
}
HASH_FLAWS: dict[str, Flaw[str]] = {
    "webhook_wrong_hash": Flaw(
        "A webhook is signed with another password.", lambda right: hashlib.sha256(right.encode()).hexdigest()
    ),
    "webhook_uppercase_hash": Flaw("A webhook's hash is in capitals.", str.upper),
    "webhook_hash_with_scheme": Flaw(
        "A webhook's hash has `SHA256 ` before it.", lambda right: f"SHA256 {right}"
    ),
    "webhook_without_hash": Flaw("A webhook has no Authorization header.", lambda right: ""),
}
EXTRA_NOTICES = {
    "webhook_forged_completed": "With a new order comes a webhook, rightly signed, that it is COMPLETED.",
    "webhook_foreign_order": "Before a webhook about an order goes one about an order of another shop.",
    "webhook_in_two_words": "A settled order is told twice: checkout.order.… and pg.order.….",
}


class Notices:
    def __init__(self, world: World, books: Books, *, gateway: str) -> None:
        self._world = world
        self._books = books
        self._gateway = gateway

    def tell_order(self, order: Order) -> list[Delivery]:
        """Send what there is to say of an order, by its state."""
        event = ORDER_EVENTS[order.state]
        payload = self._payload(order)
        take = self._world.faults.take
        if take(self._gateway, "webhook_foreign_order", order.merchant_order_id):
            foreign = payload | {
                "merchantOrderId": f"SHOP2-{order.order_id}",
                "orderId": f"{order.order_id}9",
            }
            self._send(order, event, foreign)
        deliveries = self._send(order, event, payload)
        if take(self._gateway, "webhook_in_two_words", order.merchant_order_id):
            deliveries += self._send(order, event.replace("checkout.", "pg."), payload)
        return deliveries

    def tell_refund(self, refund: Refund) -> list[Delivery]:
        order = self._books.order_of(refund)
        body = refund_body(refund, order, self._books.attempts(order))
        payload = {"merchantId": self._merchant(order)["merchant_id"], **body}
        if refund.merchant_refund_id:
            payload["merchantRefundId"] = refund.merchant_refund_id
        return self._send(order, REFUND_EVENTS[refund.state], payload)

    def forge(self, order: Order) -> list[Delivery]:
        """Say of an order that nobody has paid that it is COMPLETED."""
        payload = self._payload(order) | {"state": COMPLETED}
        return self._send(order, ORDER_EVENTS[COMPLETED], payload)

    def about(self, order: Order) -> Webhook:
        """The faultless webhook for how an order stands."""
        return self._webhook(order, ORDER_EVENTS[order.state], self._payload(order))

    def _payload(self, order: Order) -> Json:
        own = {"merchantId": self._merchant(order)["merchant_id"], "merchantOrderId": order.merchant_order_id}
        return own | order_body(order, self._books.attempts(order))

    def _send(self, order: Order, event: str, payload: Json) -> list[Delivery]:
        return self._world.courier.send(self._webhook(order, event, payload, spoiled=True))

    def _webhook(self, order: Order, event: str, payload: Json, *, spoiled: bool = False) -> Webhook:
        merchant = self._merchant(order)
        notice = {"event": event, "type": event.upper().replace(".", "_"), "payload": payload}
        notice = self._flawed(NOTICE_FLAWS, notice, order) if spoiled else notice
        body = json.dumps(notice, separators=(",", ":")).encode()
        body = self._flawed(BYTE_FLAWS, body, order) if spoiled else body
        digest = signature(merchant)
        digest = self._flawed(HASH_FLAWS, digest, order) if spoiled else digest
        headers = {"Content-Type": "application/json", "User-Agent": "Java/1.8.0_281"}
        headers |= {"Authorization": digest} if digest else {}
        url = merchant["webhook_url"]
        return Webhook(self._gateway, order.merchant_order_id, event, url, headers, body)

    def _flawed(self, flaws: dict[str, Flaw[T]], right: T, order: Order) -> T:
        fault = self._world.faults.take(self._gateway, flaws, order.merchant_order_id)
        return flaws[fault.fault].change(right) if fault else right

    def _merchant(self, order: Order) -> Merchant:
        return self._world.merchants.get(self._gateway, order.client_id)


def signature(merchant: Merchant) -> str:
    """The one hash that all of a merchant's webhooks carry: it covers neither body nor time."""
    pair = f"{merchant['webhook_username']}:{merchant['webhook_password']}"
    return hashlib.sha256(pair.encode()).hexdigest()

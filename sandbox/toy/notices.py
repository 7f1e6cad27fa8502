"""Toy's webhooks: what they say, how they are signed, and what either can have wrong."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from sandbox.courier import Delivery, Webhook
from sandbox.faults import Armed
from sandbox.toy.bodies import Json, payment_body, refund_body
from sandbox.toy.books import Books, Payment, Refund
from sandbox.toy.ids import new_id
from sandbox.troubles import with_trailing_comma
from sandbox.world import World

T = TypeVar("T")


@dataclass(frozen=True)
class Seal:
    """What a webhook is signed with, and when. The postmark is the real time, wherever the clock was put."""

    secret: str
    at: int
    scheme: str = "v1"

    def header(self, body: bytes) -> str:
        digest = hmac.digest(self.secret.encode(), f"{self.at}.".encode() + body, hashlib.sha256)
        return f"t={self.at},{self.scheme}={digest.hex()}"


@dataclass(frozen=True)
class Flaw(Generic[T]):
    sentence: str
    change: Callable[[T, Armed], T]


BODY_FLAWS: dict[str, Flaw[bytes]] = {
    "webhook_malformed_json": Flaw(
        "A webhook's JSON has a trailing comma.", lambda body, fault: with_trailing_comma(body)
    ),
    "webhook_truncated": Flaw(
        "A webhook's JSON ends in the middle.", lambda body, fault: body[: len(body) // 2]
    ),
    "webhook_unknown_event": Flaw(
        "A webhook's event is one nobody has heard of.",
        lambda body, fault: body.replace(b'"event":"payment.', b'"event":"weather.'),
    ),
}
SIGNATURE_FLAWS: dict[str, Flaw[Seal]] = {
    "webhook_wrong_signature": Flaw(
        "A webhook is signed with another secret.", lambda seal, fault: Seal(f"not {seal.secret}", seal.at)
    ),
    "webhook_old_scheme": Flaw(
        "A webhook is signed in a scheme of old, v0.", lambda seal, fault: Seal(seal.secret, seal.at, "v0")
    ),
    "webhook_old": Flaw(
        "A webhook was signed `seconds` (600) ago.",
        lambda seal, fault: Seal(seal.secret, seal.at - fault.whole("seconds", 600)),
    ),
    "webhook_from_the_future": Flaw(
        "A webhook is signed `seconds` (600) ahead of time.",
        lambda seal, fault: Seal(seal.secret, seal.at + fault.whole("seconds", 600)),
    ),
}


class Notices:
    def __init__(self, world: World, books: Books, *, gateway: str) -> None:
        self._world = world
        self._books = books
        self._gateway = gateway

    def tell(self, payment: Payment) -> list[Delivery]:
        """Say how a payment stands now."""
        return self._world.courier.send(self._webhook(payment, self._about(payment), spoiled=True))

    def tell_refund(self, refund: Refund) -> list[Delivery]:
        payment = self._books.payment_of(refund)
        notice = {"event": f"refund.{refund.state}", "refund": refund_body(refund, payment)}
        return self._world.courier.send(self._webhook(payment, notice, spoiled=True))

    def about(self, payment: Payment) -> Webhook:
        """The faultless webhook for how a payment stands."""
        return self._webhook(payment, self._about(payment))

    def _about(self, payment: Payment) -> Json:
        body = payment_body(payment, refunded=self._books.refunded(payment))
        return {"event": f"payment.{payment.state}", "payment": body}

    def _webhook(self, payment: Payment, notice: Json, *, spoiled: bool = False) -> Webhook:
        merchant = self._world.merchants.get(self._gateway, payment.client_id)
        notice = {"id": new_id("evt"), **notice, "created": self._world.clock.now() // 1000}
        body = json.dumps(notice, separators=(",", ":")).encode()
        seal = Seal(merchant["webhook_secret"], int(time.time()))
        if spoiled:
            body = self._flawed(BODY_FLAWS, body, payment)
            seal = self._flawed(SIGNATURE_FLAWS, seal, payment)
        headers = {"Content-Type": "application/json", "Toy-Signature": seal.header(body)}
        url, event = merchant["webhook_url"], str(notice["event"])
        return Webhook(self._gateway, payment.reference, event, url, headers, body)

    def _flawed(self, flaws: dict[str, Flaw[T]], right: T, payment: Payment) -> T:
        fault = self._world.faults.take(self._gateway, flaws, payment.reference)
        return flaws[fault.fault].change(right, fault) if fault else right

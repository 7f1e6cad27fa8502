"""Stripe's events and the webhooks that tell of them: how they are signed, what can be wrong with them."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sandbox.courier import Delivery, Webhook
from sandbox.faults import Armed
from sandbox.merchants import Merchant
from sandbox.stripe.ask import ASKING
from sandbox.stripe.bodies import Bodies
from sandbox.stripe.books import Books, Charge, Dispute, Event, Intent, Refund, Session
from sandbox.stripe.ids import new_id
from sandbox.troubles import with_trailing_comma
from sandbox.world import World

Json = dict[str, Any]
Told = Session | Intent | Charge | Refund | Dispute
T = TypeVar("T")


@dataclass(frozen=True)
class Seal:
    """What a webhook is signed with, and when: each scheme with its secret.

    The postmark is the real time, wherever the clock was put.
    """

    secret: str
    at: int
    schemes: tuple[tuple[str, str], ...] = ()

    def header(self, body: bytes) -> str:
        signed = f"{self.at}.".encode() + body
        parts = [
            f"{scheme}={hmac.digest(secret.encode(), signed, hashlib.sha256).hex()}"
            for scheme, secret in self.schemes or (("v1", self.secret),)
        ]
        return ",".join([f"t={self.at}", *parts])


@dataclass(frozen=True)
class Flaw(Generic[T]):
    sentence: str
    change: Callable[[T, Armed], T]


def _inflated(notice: Json, fault: Armed) -> Json:
    sums = ("amount", "amount_total", "amount_capturable", "amount_received", "amount_captured")
    shown = notice["data"]["object"]
    wrong = {name: shown[name] * 100 for name in sums if name in shown}
    return notice | {"data": notice["data"] | {"object": shown | wrong}}


NOTICE_FLAWS: dict[str, Flaw[Json]] = {
    "webhook_unknown_event": Flaw(
        "A webhook's event is one nobody has heard of: `word` (payment_intent.levitated).",
        lambda notice, fault: notice | {"type": fault.text("word", "payment_intent.levitated")},
    ),
    "webhook_old_version": Flaw(
        "A webhook's api_version is not the merchant's but `word` (2022-11-15).",
        lambda notice, fault: notice | {"api_version": fault.text("word", "2022-11-15")},
    ),
    "webhook_other_mode": Flaw(
        "A webhook says that it is live, where it is a test; or the reverse.",
        lambda notice, fault: notice | {"livemode": not notice["livemode"]},
    ),
    "webhook_wrong_amount": Flaw("A webhook says a hundred times the amount.", _inflated),
    "webhook_twin": Flaw(
        "A webhook tells of the change under another event's id.",
        lambda notice, fault: notice | {"id": new_id("evt_")},
    ),
}
BODY_FLAWS: dict[str, Flaw[bytes]] = {
    "webhook_malformed_json": Flaw(
        "A webhook's JSON has a trailing comma.", lambda body, fault: with_trailing_comma(body)
    ),
    "webhook_truncated": Flaw(
        "A webhook's JSON ends in the middle.", lambda body, fault: body[: len(body) // 2]
    ),
}
SEAL_FLAWS: dict[str, Flaw[Seal]] = {
    "webhook_wrong_signature": Flaw(
        "A webhook is signed with another secret.",
        lambda seal, fault: Seal(seal.secret, seal.at, (("v1", f"not {seal.secret}"),)),
    ),
    "webhook_two_signatures": Flaw(
        "A webhook is signed twice, as while a secret is exchanged: with another secret, then with this one.",
        lambda seal, fault: Seal(
            seal.secret, seal.at, (("v1", f"not {seal.secret}"), ("v1", seal.secret), ("v0", seal.secret))
        ),
    ),
    "webhook_old_scheme": Flaw(
        "A webhook is signed in a scheme of old only, v0.",
        lambda seal, fault: Seal(seal.secret, seal.at, (("v0", seal.secret),)),
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
HEADER_FLAWS: dict[str, Flaw[str]] = {
    "webhook_garbled_header": Flaw(
        "A webhook's signature header is garbled: `word` (t=yesterday,v1=).",
        lambda header, fault: fault.text("word", "t=yesterday,v1="),
    ),
    "webhook_without_signature": Flaw("A webhook has no signature header.", lambda header, fault: ""),
}


class Notices:
    def __init__(self, world: World, books: Books, bodies: Bodies, *, gateway: str) -> None:
        self._world = world
        self._books = books
        self._bodies = bodies
        self._gateway = gateway

    def tell(self, type: str, record: Told, *, was: Json | None = None) -> list[Delivery]:
        """Something has happened: write the event down and send it, if the merchant wants it.

        ``was`` is the object's JSON from before, for the attributes that have changed.
        """
        merchant = self._world.merchants.get(self._gateway, record.client_id)
        asking = ASKING.get()
        body = self._bodies.of(record)
        changed = {} if was is None else {k: v for k, v in was.items() if body.get(k) != v}
        event = self._books.events.save(
            Event(
                id=new_id("evt_"),
                client_id=record.client_id,
                reference=self._books.session_of(record).reference,
                type=type,
                created=self._world.clock.now(),
                api_version=merchant["api_version"],
                data={"object": body, **({"previous_attributes": changed} if changed else {})},
                request={
                    "id": asking.id if asking else None,
                    "idempotency_key": (asking.key or None) if asking else None,
                },
            )
        )
        if not is_wanted(merchant, type):
            return []
        return self._world.courier.send(self._webhook(event, spoiled=True))

    def about(self, session: Session) -> Webhook | None:
        """The faultless webhook of the last event about a session, if there is any."""
        last = self._books.events.all("reference = ?", session.reference, order="rowid DESC LIMIT 1")
        return self._webhook(last[0]) if last else None

    def _webhook(self, event: Event, *, spoiled: bool = False) -> Webhook:
        merchant = self._world.merchants.get(self._gateway, event.client_id)
        notice = self._bodies.event(event)
        notice = self._flawed(NOTICE_FLAWS, notice, event) if spoiled else notice
        body = json.dumps(notice, separators=(",", ":")).encode()
        seal = Seal(merchant["webhook_secret"], int(time.time()))
        if spoiled:
            body = self._flawed(BODY_FLAWS, body, event)
            seal = self._flawed(SEAL_FLAWS, seal, event)
        signature = seal.header(body)
        signature = self._flawed(HEADER_FLAWS, signature, event) if spoiled else signature
        headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "Stripe/1.0"}
        headers |= {"Stripe-Signature": signature} if signature else {}
        return Webhook(self._gateway, event.reference, event.type, merchant["webhook_url"], headers, body)

    def _flawed(self, flaws: dict[str, Flaw[T]], right: T, event: Event) -> T:
        fault = self._world.faults.take(self._gateway, flaws, event.reference)
        return flaws[fault.fault].change(right, fault) if fault else right


def is_wanted(merchant: Merchant, type: str) -> bool:
    """Whether the merchant has ticked this event: ``*``, or names with commas between them."""
    ticked = {name.strip() for name in merchant["enabled_events"].split(",")}
    return "*" in ticked or type in ticked

"""A gateway that reserves money, as one file: the adapter of the sandbox's Toy, for tests only.

A folder whose conftest imports ``toy_gateway`` has the fixture: the practice then sells through Toy, and the
handle that comes back steers it. ``authorize(sandbox, reference)`` and its like do what customers, banks and
people in the gateway's dashboard do.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from holdfast.kernel.clock import utc_now
from holdfast.kernel.money import Money
from holdfast.payments.gateways import GATEWAYS
from holdfast.payments.gateways.base import (
    About,
    BadCredentials,
    BadSignature,
    Became,
    Can,
    Gateway,
    Notice,
    Outcome,
    Redirect,
    RefundBecame,
    RefundOutcome,
    RefundRequest,
    Refused,
    Start,
    Unclear,
    Unknown,
)
from holdfast.payments.gateways.reading import Json, id_of, moment_of, read_object, text_of, whole_of
from holdfast.payments.gateways.transport import Answer, call
from tests.support.sandbox import Sandbox

PUBLISHED = "https://api.toy.example/toy"
CREDENTIALS = {"api_key": "toy-demo-key", "webhook_secret": "toy-demo-secret"}
WINDOW = timedelta(days=7)  # the sandbox's merchant's: how long an authorization lasts
WEBHOOK_PATH = "/api/payments/webhook/toy/"

STATES = {
    "open": Became.PENDING,
    "processing": Became.PENDING,
    "authorized": Became.AUTHORIZED,
    "capturing": Became.PENDING,
    "captured": Became.CAPTURED,
    "declined": Became.FAILED,
    "canceled": Became.CANCELED,
    "voided": Became.CANCELED,
    "expired": Became.EXPIRED,
    "lapsed": Became.EXPIRED,
}
REASONS = {Became.FAILED: "declined", Became.CANCELED: "canceled", Became.EXPIRED: "expired"}
AMOUNTS = {"authorized": "reserved", "capturing": "reserved", "captured": "captured"}
REFUND_STATES = {
    "pending": RefundBecame.PENDING,
    "succeeded": RefundBecame.SUCCEEDED,
    "failed": RefundBecame.FAILED,
}
# Refusals that may only mean that an earlier call was heard.
UNCLEAR = {"reference_used", "key_reused"}
SEAL = re.compile(r"t=(?P<at>[0-9]{1,12}),v1=(?P<digest>[0-9a-f]{64})")
TOLERANCE = timedelta(minutes=5)


class Toy(Gateway):
    """Reserves or takes money, as it is asked; takes what is reserved later, or sets it free."""

    name = "toy"
    label = "Toy"
    can = frozenset({Can.CAPTURE, Can.VOID, Can.REFUND, Can.READ_WEBHOOK})
    currencies = frozenset({"INR", "NPR", "EUR", "IDR"})
    minimum = 100
    reference_format = re.compile(r"[A-Za-z0-9_-]{1,63}")
    credentials = ("api_key", "webhook_secret")
    ladder = tuple(
        (timedelta(minutes=until), timedelta(seconds=every))
        for until, every in ((1, 5), (60, 60), (3 * 60, 300), (26 * 60, 3_600))
    )

    def start(self, wanted: Start, *, now: datetime) -> Redirect:
        """The same start once more answers the same."""
        self.must_take(wanted.reference, wanted.amount)
        payment = {
            "reference": wanted.reference,
            "amount": wanted.amount.amount,
            "currency": wanted.amount.currency,
            "capture": "automatic" if wanted.capture else "manual",
            "return_url": wanted.return_url,
            "expires_in": int(wanted.pay_within.total_seconds()),
        }
        made = _granted(self._ask("POST", "/payments", payload=payment))
        url, payment_id = text_of(made, "url"), id_of(made, "id")
        if url is None or payment_id is None:
            raise Unknown("A payment without a page to pay on")
        return Redirect(url, gateway_reference=payment_id, expires_at=moment_of(made, "expires_at"))

    def look_up(self, payment: About, *, now: datetime) -> Outcome:
        answer = self._ask("GET", _at("/payments", payment.reference))
        if answer.status == 404 and _word(answer) == "no_such_payment":
            return Outcome(Became.NOT_FOUND, word="no_such_payment")
        return _outcome(_believed(answer))

    def capture(self, payment: About, amount: Money, *, key: str, now: datetime) -> Outcome:
        """The same key answers the same; a capture that is under way is pending."""
        taken = self._ask(
            "POST", _at("/payments", payment.reference, "capture"), payload={"amount": amount.amount}, key=key
        )
        return _outcome(_granted(taken))

    def void(self, payment: About, *, key: str, now: datetime) -> Outcome:
        """What has been set free already, or has lapsed, answers as it stands."""
        return _outcome(_granted(self._ask("POST", _at("/payments", payment.reference, "void"), key=key)))

    def refund(self, wanted: RefundRequest, *, now: datetime) -> RefundOutcome:
        self.must_take(wanted.refund_reference, wanted.amount)
        refund = {
            "reference": wanted.refund_reference,
            "payment": wanted.payment.reference,
            "amount": wanted.amount.amount,
        }
        return _refund_outcome(_granted(self._ask("POST", "/refunds", payload=refund)))

    def look_up_refund(self, refund_reference: str, *, of: About, now: datetime) -> RefundOutcome:
        answer = self._ask("GET", _at("/refunds", refund_reference))
        if answer.status == 404 and _word(answer) == "no_such_refund":
            return RefundOutcome(RefundBecame.NOT_FOUND, word="no_such_refund")
        return _refund_outcome(_believed(answer))

    def read_webhook(self, headers: Mapping[str, str], body: bytes) -> Notice:
        """The signature covers the body and the time of it, which may differ from ours by five minutes."""
        secret = self.account.credentials.get("webhook_secret", "")
        seal = SEAL.fullmatch(headers.get("toy-signature", ""))
        if not secret or seal is None:
            raise BadSignature("There is no signature that could be checked.")
        signed = f"{seal['at']}.".encode() + body
        expected = hmac.digest(secret.encode(), signed, hashlib.sha256).hex()
        age = utc_now().timestamp() - int(seal["at"])
        if not hmac.compare_digest(expected, seal["digest"]) or abs(age) > TOLERANCE.total_seconds():
            raise BadSignature("The signature is not this account's, or not of now.")
        return _notice(read_object(body))

    def _ask(self, method: str, path: str, *, payload: Json | None = None, key: str | None = None) -> Answer:
        headers = {"Authorization": f"Bearer {self.credential('api_key')}"}
        headers |= {"Idempotency-Key": key} if key else {}
        base = self.account.base_urls.get("api", PUBLISHED).rstrip("/")
        answer = call(method, base + path, headers=headers, payload=payload)
        if answer.status == 401:
            raise BadCredentials("Toy refuses the key.")
        return answer


def _at(*parts: str) -> str:
    first, *rest = parts
    return "/".join([first, *(quote(part, safe="") for part in rest)])


def _word(answer: Answer) -> str | None:
    return text_of(answer.json(), "error")


def _granted(answer: Answer) -> Json:
    """The body of a yes. Raises Refused for a definite no, and Unclear where it may be none."""
    if answer.good:
        return answer.json()
    word = _word(answer)
    if word is None or word in UNCLEAR:
        raise Unclear(f"HTTP {answer.status}, {word or 'no word'}")
    raise Refused(word, text_of(answer.json(), "message") or "")


def _believed(answer: Answer) -> Json:
    if not answer.good:
        raise Unclear(f"HTTP {answer.status}, {_word(answer) or 'no word'}")
    return answer.json()


def _state(body: Json) -> str:
    word = text_of(body, "state")
    if word is None:
        raise Unknown("An answer without a state")
    return word


def _money(body: Json, name: str) -> Money | None:
    amount, currency = whole_of(body, name), text_of(body, "currency")
    return Money(amount, currency) if amount is not None and currency in Toy.currencies else None


def _outcome(payment: Json) -> Outcome:
    word = _state(payment)
    became = STATES.get(word, Became.UNRECOGNIZED)
    amount = _money(payment, AMOUNTS[word]) if word in AMOUNTS else None
    if word in AMOUNTS and amount is None:
        became = Became.UNRECOGNIZED
    return Outcome(
        became,
        word=word,
        amount=amount,
        reference=id_of(payment, "reference"),
        gateway_reference=id_of(payment, "id"),
        reason=REASONS.get(became),
        capture_before=moment_of(payment, "capture_before"),
        refunded=_money(payment, "refunded"),
    )


def _refund_outcome(refund: Json) -> RefundOutcome:
    word = _state(refund)
    if word not in REFUND_STATES:
        raise Unclear(f"A refund that is {word}: a word that we do not know")
    return RefundOutcome(
        REFUND_STATES[word],
        word=word,
        amount=_money(refund, "amount"),
        gateway_reference=id_of(refund, "id"),
        payment_reference=id_of(refund, "payment"),
    )


def _notice(told: Json) -> Notice:
    event, event_id = text_of(told, "event"), id_of(told, "id")
    if event is None or event_id is None:
        raise Unknown("An event without a name or an id")
    payment, refund = _part(told, "payment"), _part(told, "refund")
    return Notice(
        event=event,
        dedupe_key=event_id,
        reference=id_of(refund, "payment") or id_of(payment, "reference"),
        refund_reference=id_of(refund, "reference"),
        gateway_reference=id_of(refund, "id") or id_of(payment, "id"),
    )


def _part(told: Json, name: str) -> Json:
    part = told.get(name)
    return part if isinstance(part, dict) else {}


# ---- for tests ------------------------------------------------------------------------------------------


@pytest.fixture
def toy_gateway(practice: Any, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """Toy is among the gateways, and the practice's ``account`` is at it; the handle steers Toy."""
    from holdfast.payments.models import GatewayAccount

    monkeypatch.setitem(GATEWAYS, Toy.name, Toy)
    GatewayAccount.objects.filter(business=practice.business).update(position=1)
    practice.account = GatewayAccount.objects.create(
        business=practice.business,
        gateway=Toy.name,
        credentials=CREDENTIALS,
        base_urls={"api": f"{sandbox.url}/toy"},
    )
    steered = at_toy(sandbox)
    yield steered
    steered.disarm()
    steered.reset_clock()
    send_webhooks_to(steered, "")


def at_toy(sandbox: Sandbox) -> Sandbox:
    """The same sandbox, steering Toy."""
    return replace(sandbox, gateway="toy")


def authorize(sandbox: Sandbox, reference: str) -> None:
    """The customer pays, and the money is reserved."""
    assert at_toy(sandbox).settle(reference, "pay") == "authorized"


def charge(sandbox: Sandbox, reference: str) -> None:
    """The customer pays, and the money is taken at once."""
    assert at_toy(sandbox).settle(reference, "pay") == "captured"


def decline(sandbox: Sandbox, reference: str) -> None:
    """The customer's bank says no."""
    assert at_toy(sandbox).settle(reference, "fail") == "declined"


def lapse_all(sandbox: Sandbox) -> None:
    """Time passes until every authorization that stands has lapsed."""
    sandbox.advance(WINDOW.total_seconds() + 1)


def capture_outside(sandbox: Sandbox, reference: str) -> None:
    """Somebody captures it in the gateway's dashboard."""
    _outside(sandbox, "captured_outside", reference)


def void_outside(sandbox: Sandbox, reference: str) -> None:
    """Somebody sets it free in the gateway's dashboard."""
    _outside(sandbox, "voided_outside", reference)


def refund_outside(sandbox: Sandbox, reference: str, amount: int = 0) -> None:
    """Somebody gives it back in the gateway's dashboard: ``amount`` of it, or all."""
    _outside(sandbox, "refunded_outside", reference, amount=amount)


def entry(sandbox: Sandbox, reference: str) -> dict[str, Any]:
    """What Toy believes of a payment: ``amount, currency, state, refunded``."""
    return next(one for one in at_toy(sandbox).ledger() if one["reference"] == reference)


def send_webhooks_to(sandbox: Sandbox, url: str) -> None:
    """Where Toy is to send the practice's webhooks from now on; nowhere, if empty."""
    at_toy(sandbox).add_merchant("HOLDFAST_DEMO", webhook_url=url)


def _outside(sandbox: Sandbox, fault: str, reference: str, **extra: Any) -> None:
    toy = sandbox if sandbox.gateway == "stripe" else at_toy(sandbox)  # which has the same faults
    toy.arm(fault, only=reference, **extra)
    toy.advance(0)  # it has happened when this comes back
    assert fault not in [one["fault"] for one in toy.armed() if one["only"] == reference], "not in that state"

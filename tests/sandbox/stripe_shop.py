"""A merchant of Stripe, as raw as can be: it checks nothing and repeats nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.support.sandbox import Sandbox

KEY, SECRET = "sk_test_holdfast_demo", "whsec_holdfast_demo"
SUCCESS_URL = "http://shop.test/return?session={CHECKOUT_SESSION_ID}"
CANCEL_URL = "http://shop.test/back"
PRICE = 50_000
Json = dict[str, Any]
EXPANDED = {"expand[]": "payment_intent.latest_charge"}


@dataclass
class StripeShop:
    sandbox: Sandbox
    key: str = KEY
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=10))

    def call(self, method: str, path: str, form: Json | None = None, **headers: str) -> httpx.Response:
        said: Json = {"data" if method == "POST" else "params": form or {}}
        headers = {"Authorization": f"Bearer {self.key}", **headers}
        return self.http.request(method, f"{self.sandbox.url}/stripe/v1{path}", headers=headers, **said)

    def post(self, path: str, form: Json | None = None, *, key: str = "") -> httpx.Response:
        return self.call("POST", path, form, **({"Idempotency-Key": key} if key else {}))

    def get(self, path: str, form: Json | None = None) -> Json:
        found: Json = self.call("GET", path, form).json()
        return found

    def create(self, reference: str, *, key: str = "", **changes: Any) -> httpx.Response:
        return self.post("/checkout/sessions", session_form(reference) | changes, key=key)

    def opened(self, reference: str, **changes: Any) -> Json:
        """A session that waits for its customer."""
        session: Json = self.create(reference, **changes).json()
        return session

    def reserved(self, reference: str, **changes: Any) -> str:
        """The payment intent of a session whose money is reserved."""
        session = self.opened(reference, **changes)
        assert self.sandbox.settle(reference) == "requires_capture"
        return str(self.session(session["id"])["payment_intent"])

    def captured(self, reference: str, amount: int = PRICE) -> str:
        """The payment intent of a session of whose money so much was taken."""
        intent = self.reserved(reference)
        assert self.capture(intent, amount).status_code == 200
        return intent

    def session(self, id: str, form: Json | None = None) -> Json:
        return self.get(f"/checkout/sessions/{id}", form)

    def intent(self, id: str) -> Json:
        return self.get(f"/payment_intents/{id}", {"expand[0]": "latest_charge"})

    def capture(self, intent: str, amount: int | None = None, *, key: str = "") -> httpx.Response:
        form = {} if amount is None else {"amount_to_capture": amount}
        return self.post(f"/payment_intents/{intent}/capture", form, key=key)

    def cancel(self, intent: str, *, key: str = "", **said: str) -> httpx.Response:
        return self.post(f"/payment_intents/{intent}/cancel", said, key=key)

    def expire(self, session: str) -> httpx.Response:
        return self.post(f"/checkout/sessions/{session}/expire")

    def refund(self, intent: str, amount: int | None = None, *, key: str = "") -> httpx.Response:
        form = {"payment_intent": intent} | ({} if amount is None else {"amount": amount})
        return self.post("/refunds", form, key=key)

    def ledger(self, reference: str) -> Json:
        return next(entry for entry in self.sandbox.ledger() if entry["reference"] == reference)

    def events(self, reference: str) -> list[str]:
        """The types of the events that a merchant was sent about a reference, oldest first."""
        return [one["event"] for one in self.sandbox.webhooks(reference)]


def session_form(reference: str) -> Json:
    return {
        "mode": "payment",
        "client_reference_id": reference,
        "success_url": SUCCESS_URL,
        "cancel_url": CANCEL_URL,
        "line_items[0][price_data][currency]": "usd",
        "line_items[0][price_data][unit_amount]": PRICE,
        "line_items[0][price_data][product_data][name]": "A room by the lake",
        "line_items[0][quantity]": 1,
        "metadata[booking]": "HB-7K2M",
        "payment_intent_data[capture_method]": "manual",
        "payment_intent_data[metadata][booking]": "HB-7K2M",
    }


def code_of(answer: httpx.Response) -> tuple[int, str | None]:
    return answer.status_code, answer.json()["error"].get("code")

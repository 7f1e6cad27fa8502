"""A merchant of Toy, as raw as can be: it checks nothing and repeats nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.support.sandbox import Sandbox

RETURN_URL = "http://shop.test/return?attempt=1"
KEY, SECRET = "toy-demo-key", "toy-demo-secret"
Json = dict[str, Any]


@dataclass
class ToyShop:
    sandbox: Sandbox
    key: str = KEY
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=10))

    def call(self, method: str, path: str, body: Any = None, *, key: str | None = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.key}"} | ({"Idempotency-Key": key} if key else {})
        return self.http.request(method, f"{self.sandbox.url}/toy{path}", headers=headers, json=body)

    def start(self, reference: str, **changes: Any) -> httpx.Response:
        return self.call("POST", "/payments", start_body(reference) | changes)

    def look_up(self, reference: str) -> httpx.Response:
        return self.call("GET", f"/payments/{reference}")

    def state(self, reference: str) -> str:
        return str(self.look_up(reference).json()["state"])

    def capture(self, reference: str, amount: int = 500_000, *, key: str = "") -> httpx.Response:
        key = key or f"{reference}-C1"
        return self.call("POST", f"/payments/{reference}/capture", {"amount": amount}, key=key)

    def void(self, reference: str, *, key: str = "") -> httpx.Response:
        return self.call("POST", f"/payments/{reference}/void", key=key or f"{reference}-V1")

    def refund(self, reference: str, amount: int = 500_000, *, own: str = "") -> httpx.Response:
        body = {"reference": own or f"{reference}-R1", "payment": reference, "amount": amount}
        return self.call("POST", "/refunds", body)

    def look_up_refund(self, own: str) -> httpx.Response:
        return self.call("GET", f"/refunds/{own}")

    def reserved(self, reference: str, **changes: Any) -> str:
        """A payment whose money is reserved."""
        self.start(reference, **changes)
        assert self.sandbox.settle(reference) == "authorized"
        return reference

    def charged(self, reference: str) -> str:
        """A payment whose money was taken at once."""
        self.start(reference, capture="automatic")
        assert self.sandbox.settle(reference) == "captured"
        return reference


def start_body(reference: str) -> Json:
    return {
        "reference": reference,
        "amount": 500_000,
        "currency": "EUR",
        "capture": "manual",
        "return_url": RETURN_URL,
        "expires_in": 900,
    }

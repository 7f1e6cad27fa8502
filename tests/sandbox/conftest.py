"""A running sandbox, a shop that speaks PhonePe v2 to it, and the shop's webhook address."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any

import httpx
import pytest

from tests.support.sandbox import Sandbox, start_sandbox

NUMBERS = count(1)
RETURN_URL = "http://shop.test/return?attempt=1"


@dataclass
class Received:
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        parsed: dict[str, Any] = json.loads(self.body)
        return parsed


@dataclass
class Inbox:
    """What came to the shop's webhook address. ``refusing`` says which next calls get what status."""

    url: str
    received: list[Received] = field(default_factory=list)
    refusing: dict[str, int] = field(default_factory=dict)  # a reference → the status of its next answer
    changed: threading.Condition = field(default_factory=threading.Condition)

    def about(self, reference: str, *, at_least: int = 1) -> list[Received]:
        """Wait until so many calls mention ``reference``; all of them."""
        needle = reference.encode()
        with self.changed:
            arrived = self.changed.wait_for(lambda: len(self._with(needle)) >= at_least, timeout=15)
            assert arrived, f"{len(self._with(needle))} webhooks about {reference}, not {at_least}"
            return self._with(needle)

    def receive(self, headers: dict[str, str], body: bytes) -> int:
        """Keep a call; the status to answer it with."""
        with self.changed:
            self.received.append(Received(headers, body))
            self.changed.notify_all()
            refused = next((reference for reference in self.refusing if reference.encode() in body), None)
            return 200 if refused is None else self.refusing.pop(refused)

    def _with(self, needle: bytes) -> list[Received]:
        return [one for one in self.received if needle in one.body]


@dataclass
class Shop:
    """A merchant of PhonePe, as raw as can be: it checks nothing and repeats nothing."""

    sandbox: Sandbox
    client_id: str = "HOLDFAST_DEMO"
    secret: str = "holdfast-demo-secret"
    base: str = "/phonepe/apis/pg-sandbox"
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=10))
    token: str = ""

    def ask_token(self, **changes: str) -> httpx.Response:
        form = {
            "client_id": self.client_id,
            "client_secret": self.secret,
            "client_version": "1",
            "grant_type": "client_credentials",
        }
        return self.http.post(f"{self.sandbox.url}{self.base}/v1/oauth/token", data=form | changes)

    def sign_in(self) -> None:
        self.token = self.ask_token().json()["access_token"]

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"O-Bearer {self.token}"}
        url = f"{self.sandbox.url}{self.base}{path}"
        return self.http.request(method, url, headers=headers, json=body, **more)

    def pay(self, reference: str, amount: int = 199_900, **changes: Any) -> httpx.Response:
        return self.call("POST", "/checkout/v2/pay", pay_body(reference, amount) | changes)

    def status(self, reference: str, query: str = "") -> httpx.Response:
        return self.call("GET", f"/checkout/v2/order/{reference}/status{query}")

    def refund(self, reference: str, of: str, amount: int) -> httpx.Response:
        body = {"merchantRefundId": reference, "originalMerchantOrderId": of, "amount": amount}
        return self.call("POST", "/payments/v2/refund", body)

    def refund_status(self, reference: str) -> httpx.Response:
        return self.call("GET", f"/payments/v2/refund/{reference}/status")

    def page(self, reference: str) -> str:
        """Open an order and say where its hosted page is."""
        url: str = self.pay(reference).json()["redirectUrl"]
        return url

    def paid(self, reference: str, amount: int = 199_900) -> str:
        """Open an order that the customer pays."""
        self.pay(reference, amount)
        self.sandbox.settle(reference)
        return reference


def pay_body(reference: str, amount: int) -> dict[str, Any]:
    flow = {"type": "PG_CHECKOUT", "merchantUrls": {"redirectUrl": RETURN_URL}}
    return {"merchantOrderId": reference, "amount": amount, "paymentFlow": flow}


@pytest.fixture(scope="session")
def inbox() -> Iterator[Inbox]:
    box = Inbox(url="")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(box.receive(dict(self.headers), body))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing of each call."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    box.url = f"http://127.0.0.1:{server.server_port}/webhook"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield box
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="session")
def running(inbox: Inbox) -> Iterator[Sandbox]:
    sandbox = start_sandbox(webhook_url=inbox.url)
    yield sandbox
    sandbox.stop()


@pytest.fixture
def sandbox(running: Sandbox) -> Iterator[Sandbox]:
    """The sandbox, well-behaved until the test says otherwise."""
    yield running
    running.disarm()


@pytest.fixture
def shop(sandbox: Sandbox) -> Iterator[Shop]:
    shop = Shop(sandbox)
    shop.sign_in()
    yield shop
    shop.http.close()


@pytest.fixture
def reference() -> str:
    """An order id that no other test uses."""
    return f"BK-TEST-{next(NUMBERS)}-1"

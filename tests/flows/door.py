"""Webhooks as they arrive: posted by a test that has the bytes, or sent by the sandbox itself."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from django.db import connection
from django.test import Client

from holdfast.payments.models import Payment
from tests.support.practice import CREDENTIALS, NOW
from tests.support.sandbox import Sandbox

PATH = "/api/payments/webhook/phonepe/"
HASH = hashlib.sha256(b"simuser:Sim12345").hexdigest()
LATER = NOW + timedelta(minutes=1)

assert (CREDENTIALS["webhook_username"], CREDENTIALS["webhook_password"]) == ("simuser", "Sim12345")


def deliver(body: bytes, headers: Mapping[str, str] | None = None, *, path: str = PATH) -> int:
    """Post a webhook as the gateway would; the status of the answer."""
    sent = {"Authorization": HASH} if headers is None else dict(headers)
    kind = sent.pop("Content-Type", "application/json")
    response = Client().post(path, data=body, content_type=kind, headers=sent)
    return int(response.status_code)


def deliver_sent(sandbox: Sandbox, reference: str, *, which: int = -1) -> int:
    """Post, byte for byte, what the sandbox has sent about a payment: the last one, unless told."""
    sent = sandbox.webhooks(reference)[which]
    return deliver(sent["body"].encode(), sent["headers"])


def completed(reference: str, *, amount: int = 199_900, **over: Any) -> bytes:
    """A webhook that says COMPLETED, whatever the truth."""
    payload = {
        "merchantId": "HOLDFAST_DEMO",
        "merchantOrderId": reference,
        "orderId": "OMO0000000000000000000001",
        "state": "COMPLETED",
        "amount": amount,
        "paymentDetails": [{"transactionId": "OM1", "state": "COMPLETED", "amount": amount}],
    }
    return json.dumps({"event": "checkout.order.completed", "payload": payload | over}).encode()


@dataclass
class Door:
    """A small server that hands every call to Django, and does ``meanwhile`` before it answers."""

    url: str
    meanwhile: Callable[[Payment], object] | None = None

    def take(self, body: bytes, headers: Mapping[str, str]) -> int:
        try:
            status = deliver(body, headers)
            if self.meanwhile is not None:
                reference = json.loads(body)["payload"]["merchantOrderId"]
                self.meanwhile(Payment.objects.get(reference=reference))
            return status
        finally:
            connection.close()


@contextmanager
def open_door() -> Iterator[Door]:
    door = Door("")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kept = {
                name: value
                for name, value in self.headers.items()
                if name in ("Authorization", "Content-Type")
            }
            self.send_response(door.take(body, kept))
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: a test's output is its result."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    door.url = f"http://127.0.0.1:{server.server_port}{PATH}"
    try:
        yield door
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

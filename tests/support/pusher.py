"""Pusher's HTTP API in a thread of the tests: it takes events that are signed as Pusher documents it."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

APP_ID, KEY, SECRET = "4711", "the-key", "the-secret"


@dataclass
class FakePusher:
    """What it was told, oldest first; ``answers`` is the status that it gives from now on."""

    url: str = ""
    events: list[dict[str, Any]] = field(default_factory=list)
    answers: int = 200
    asked: int = 0


@contextmanager
def running_pusher() -> Iterator[FakePusher]:
    """A Pusher on 127.0.0.1, as long as this lasts."""
    pusher = FakePusher()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            pusher.asked += 1
            status = pusher.answers if is_signed(self.path, body) else 401
            if status == 200:
                pusher.events.append(json.loads(body))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    pusher.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield pusher
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def is_signed(address: str, body: bytes) -> bool:
    """Signed over method, path and sorted query, in which the body's MD5 is; everything but the signature."""
    parts = urlsplit(address)
    query = dict(parse_qsl(parts.query))
    signature = query.pop("auth_signature", "")
    if (parts.path, query.get("auth_key")) != (f"/apps/{APP_ID}/events", KEY):
        return False
    said = "&".join(f"{name}={query[name]}" for name in sorted(query))
    expected = signed(f"POST\n{parts.path}\n{said}")
    is_of_this_body = query.get("body_md5") == hashlib.md5(body).hexdigest()
    return is_of_this_body and hmac.compare_digest(signature, expected)


def signed(text: str) -> str:
    return hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()

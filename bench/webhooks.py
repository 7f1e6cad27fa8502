"""Webhooks as a gateway sends them: kept connections, and on each the next one when the last is answered.

One thread speaks on all connections, and what it sends is written before the clock starts: where client and
server share a machine, the client must cost next to nothing. Import it only once the environment knows the
database.
"""

from __future__ import annotations

import os
import re
import selectors
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from itertools import count, islice
from urllib.parse import urlsplit
from uuid import uuid4

from procrastinate.contrib.django.models import ProcrastinateJob

from holdfast.catalog.models import Business
from holdfast.flows.gateways import gateway_for
from holdfast.kernel.clock import utc_now
from holdfast.payments.gateways.base import About, Start
from holdfast.payments.models import GatewayAccount
from holdfast.platform.models import GatewayEvent
from tests.support.sandbox import Sandbox

from .application.gateway import PRICE
from .application.history import FIRST_ID
from .application.practice import TIME_ZONE
from .application.site import leave_the_database
from .figures import Found, Measure, Promise, Run
from .server import BenchFailed
from .sizes import Place, Size
from .web import running_sandbox, running_web

PATH = "/api/payments/webhook/phonepe/"
TARGET = 1_000  # a second
MOST_A_SECOND = 4_000  # that can be sent: so many are written for each second of a run, which may end early
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
HEAD_ENDS = b"\r\n\r\n"
# A merchant of its own, so that what is signed with it is this account's and no other's.
MERCHANT = {
    "client_id": "WEBHOOKS",
    "client_secret": "the-secret-of-a-bench",
    "client_version": "1",
    "webhook_username": "webhooks",
    "webhook_password": "Bench12345",
}


def webhooks(place: Place, size: Size) -> Found:
    """Genuine webhooks, each of another event, to the web server of the demo. No worker runs."""
    measure = Measure("webhooks")
    with running_sandbox(place.logs / "webhooks-sandbox.log") as sandbox:
        told = tell_once(new_account(sandbox), sandbox)
        leave_the_database()
        with (
            running_web(os.environ, log=place.logs / "webhooks-web.log") as url,
            closing(Gateway(url, told, clients=size.clients)) as gateway,
        ):
            gateway.webhooks(seconds=1)  # both of its processes have then seen one
            measure.runs.extend(gateway.webhooks(size.seconds) for _ in range(size.runs))
    found = f"{measure.a_second:,.0f}, p99 {measure.milliseconds(99):.1f} ms"
    promise = Promise("webhooks answered a second", found, f"{TARGET:,}", measure.a_second >= TARGET)
    return Found([measure], [promise])


def new_account(sandbox: Sandbox) -> GatewayAccount:
    """A business's account at the sandbox."""
    sandbox.add_merchant(**MERCHANT)
    phonepe = f"{sandbox.url}/phonepe/apis"
    return GatewayAccount.objects.create(
        business=Business.objects.create(
            slug="webhooks", name="Webhooks", timezone=TIME_ZONE, country="IN", currency=PRICE.currency
        ),
        gateway="phonepe",
        credentials=MERCHANT,
        base_urls={"pg": f"{phonepe}/pg-sandbox", "oauth": f"{phonepe}/identity-manager"},
    )


@dataclass(frozen=True)
class Told:
    """What the sandbox has sent about a payment, byte for byte, and what in it is that payment's alone."""

    headers: Mapping[str, str]
    body: bytes
    ids: Sequence[bytes]

    def of_payment(self, number: int) -> bytes:
        """The body of the same webhook about a payment of the past (bench/application/history.py)."""
        its = (f"PAST_ORDER_{number}", f"OMO{number:019}", f"OM{number:020}")
        body = self.body
        for mine, other in zip(self.ids, its, strict=True):
            body = body.replace(mine, other.encode())
        return body


def tell_once(account: GatewayAccount, sandbox: Sandbox) -> Told:
    """Have the sandbox send a webhook: one payment is opened there, and paid."""
    reference, now = f"BENCH_{uuid4().hex}", utc_now()
    wanted = Start(reference, PRICE, "https://shop.example/", pay_within=timedelta(minutes=15))
    order = gateway_for(account).start(wanted, now=now).gateway_reference
    sandbox.settle(reference)
    paid = gateway_for(account).look_up(About(reference, PRICE, now), now=now).transaction_reference
    assert paid is not None, "the sandbox says which transaction has paid"
    sent = sandbox.webhooks(reference)[-1]
    return Told(sent["headers"], sent["body"].encode(), [one.encode() for one in (reference, order, paid)])


class Caller:
    """One kept connection of the gateway's."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address, timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sent_at = 0.0
        self._heard = b""

    def send(self, request: bytes) -> None:
        self.sent_at = time.monotonic()
        self.socket.sendall(request)

    def has_been_answered(self) -> bool:
        """Whether the whole answer is here. Raises BenchFailed for any but a 200."""
        more = self.socket.recv(65536)
        self._heard += more
        head, ends, body = self._heard.partition(HEAD_ENDS)
        length = LENGTH.search(head)
        if ends and length and len(body) >= int(length[1]):
            self._heard = b""
            if not head.startswith(b"HTTP/1.1 200 "):
                raise BenchFailed(f"A webhook was answered with {(head + ends + body)[:500]!r}")
            return True
        if not more:
            raise BenchFailed("The web server has hung up on a webhook.")
        return False


class Gateway:
    """Sends webhooks, each about another payment of the past, as fast as they are answered."""

    def __init__(self, url: str, told: Told, *, clients: int) -> None:
        where = urlsplit(url)
        self._callers = [Caller((where.hostname or "", where.port or 80)) for _ in range(clients)]
        headers = {"Host": where.netloc, **told.headers}
        self._head = f"POST {PATH} HTTP/1.1\r\n" + "".join(f"{n}: {v}\r\n" for n, v in headers.items())
        self._bodies = (told.of_payment(number) for number in count(FIRST_ID))

    def webhooks(self, seconds: float) -> Run:
        """As many as there can be. Raises BenchFailed if one that was answered is not in the inbox."""
        requests = iter([self._request(body) for body in islice(self._bodies, int(MOST_A_SECOND * seconds))])
        before = _in_the_inbox()
        run = self._run(requests, seconds)
        after = _in_the_inbox()
        if {name: after[name] - before[name] for name in after} != dict.fromkeys(after, len(run.took)):
            raise BenchFailed(f"{len(run.took)} webhooks were answered: {before} became {after}")
        return run

    def close(self) -> None:
        for caller in self._callers:
            caller.socket.close()

    def _request(self, body: bytes) -> bytes:
        return f"{self._head}Content-Length: {len(body)}\r\n\r\n".encode() + body

    def _run(self, requests: Iterator[bytes], seconds: float) -> Run:
        took: list[float] = []
        began_at = now = time.monotonic()
        processor = time.thread_time()
        with selectors.DefaultSelector() as waiting:
            for caller in self._callers:
                waiting.register(caller.socket, selectors.EVENT_READ, caller)
                caller.send(next(requests))
            while waiting.get_map():
                for key, _ in waiting.select():
                    caller = key.data
                    if caller.has_been_answered():
                        now = time.monotonic()
                        took.append(now - caller.sent_at)
                        following = next(requests, None) if now < began_at + seconds else None
                        if following is not None:
                            caller.send(following)
                        else:
                            waiting.unregister(caller.socket)
        return Run(took, now - began_at, processor=time.thread_time() - processor)


def _in_the_inbox() -> dict[str, int]:
    """How many events are stored, and how many jobs wait for the worker that is not there."""
    return {
        "events": GatewayEvent.objects.filter(verified=True, result=GatewayEvent.Result.WAITING).count(),
        "jobs": ProcrastinateJob.objects.filter(status="todo", args__kind="gateway_event").count(),
    }

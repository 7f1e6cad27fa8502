"""Sends the gateways' webhooks, again when nobody answers 2xx, and remembers what was sent."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from sandbox.clock import Clock
from sandbox.faults import Armed, Board

BACK_OFF = (0.5, 1.0, 3.0, 10.0)  # seconds between the tries of one delivery
PATIENCE = httpx.Timeout(5.0)
REMEMBERED = 5_000  # deliveries

DELIVERY_FAULTS = {
    "webhook_lost": "A webhook is never sent.",
    "webhook_doubled": "A webhook is delivered again, byte for byte, `copies` times in all (2).",
    "webhook_burst": "A webhook is delivered `copies` times (200) at the same moment.",
    "webhook_delayed": "A webhook is sent `seconds` (10) late.",
    "webhook_reordered": "A webhook waits until the next one about the same payment has been sent.",
}


@dataclass(frozen=True)
class Webhook:
    """A call to a merchant. ``reference`` is the merchant's own for what the call is about."""

    gateway: str
    reference: str
    event: str
    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Delivery:
    """One webhook on its way, with the answers it got."""

    id: int
    webhook: Webhook
    note: str = ""
    answers: list[dict[str, Any]] = field(default_factory=list)
    tried: asyncio.Event = field(default_factory=asyncio.Event)

    def as_json(self) -> dict[str, Any]:
        sent = self.webhook
        return {
            "id": self.id,
            "gateway": sent.gateway,
            "reference": sent.reference,
            "event": sent.event,
            "url": sent.url,
            "headers": dict(sent.headers),
            "body": sent.body.decode("utf-8", "replace"),
            "note": self.note,
            "answers": self.answers,
        }


class Courier:
    def __init__(self, *, faults: Board, clock: Clock) -> None:
        self._faults = faults
        self._clock = clock
        self._client = httpx.AsyncClient(timeout=PATIENCE, limits=httpx.Limits(max_connections=200))
        self._ids = itertools.count(1)
        self._tasks: set[asyncio.Task[None]] = set()
        self._held: list[Delivery] = []
        self.deliveries: list[Delivery] = []

    def send(self, webhook: Webhook) -> list[Delivery]:
        """Put a webhook on its way, in the manner that is armed for it, and return at once."""
        fault = self._faults.take(webhook.gateway, DELIVERY_FAULTS, webhook.reference)
        sent = DELIVER[fault.fault](self, webhook, fault) if fault else self.post(webhook)
        if fault is None or fault.fault != "webhook_reordered":
            self._release(webhook, after=sent)
        return sent

    def post(self, webhook: Webhook, *, copies: int = 1, after: float = 0, note: str = "") -> list[Delivery]:
        """Deliver ``copies`` of a webhook side by side, each with its own tries."""
        deliveries = [self._remember(webhook, note=note) for _ in range(copies)]
        for delivery in deliveries:
            self._start(self._deliver(delivery, after=after))
        return deliveries

    def keep(self, webhook: Webhook, *, note: str) -> list[Delivery]:
        """Write a webhook down that nobody is sent."""
        delivery = self._remember(webhook, note=note)
        delivery.tried.set()
        return [delivery]

    def hold(self, webhook: Webhook) -> list[Delivery]:
        """Keep a webhook back until the next one about the same payment has been tried."""
        delivery = self.keep(webhook, note="held back")[0]
        self._held.append(delivery)
        return [delivery]

    async def tried(self, deliveries: Iterable[Delivery]) -> None:
        """Wait until each of these has been tried once."""
        for delivery in deliveries:
            await delivery.tried.wait()

    def about(self, gateway: str, reference: str) -> list[Delivery]:
        wanted = (gateway, reference)
        return [one for one in self.deliveries if (one.webhook.gateway, one.webhook.reference) == wanted]

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._client.aclose()

    def _release(self, webhook: Webhook, *, after: list[Delivery]) -> None:
        """Send what was held back for this one to overtake."""
        about = (webhook.gateway, webhook.reference)
        overtaken = [one for one in self._held if (one.webhook.gateway, one.webhook.reference) == about]
        self._held = [one for one in self._held if one not in overtaken]
        for late in overtaken:
            self._start(self._deliver(late, behind=after))

    def _remember(self, webhook: Webhook, *, note: str) -> Delivery:
        delivery = Delivery(next(self._ids), webhook, note)
        self.deliveries.append(delivery)
        del self.deliveries[:-REMEMBERED]
        return delivery

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(
        self, delivery: Delivery, *, after: float = 0, behind: Iterable[Delivery] = ()
    ) -> None:
        try:
            await self.tried(behind)
            await asyncio.sleep(after)
            for pause in (0.0, *BACK_OFF):
                await asyncio.sleep(pause)
                if await self._try(delivery):
                    return
        finally:
            delivery.tried.set()

    async def _try(self, delivery: Delivery) -> bool:
        """One try. True when there is nothing more to do."""
        webhook = delivery.webhook
        answer: dict[str, Any] = {"at": self._clock.now()}
        if not webhook.url:
            delivery.note = delivery.note or "the merchant has no webhook URL"
            return True
        try:
            response = await self._client.post(
                webhook.url, content=webhook.body, headers=dict(webhook.headers)
            )
            answer |= {"status": response.status_code, "body": response.text[:500]}
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            answer |= {"status": None, "error": f"{type(error).__name__}: {error}"}
        delivery.answers.append(answer)
        delivery.tried.set()
        return answer["status"] is not None and 200 <= answer["status"] < 300


def _doubled(courier: Courier, webhook: Webhook, fault: Armed) -> list[Delivery]:
    first = courier.post(webhook)
    again = courier.post(webhook, copies=max(fault.whole("copies", 2) - 1, 1), after=0.2, note="doubled")
    return [*first, *again]


DELIVER: dict[str, Callable[[Courier, Webhook, Armed], list[Delivery]]] = {
    "webhook_lost": lambda courier, webhook, fault: courier.keep(webhook, note="lost"),
    "webhook_doubled": _doubled,
    "webhook_burst": lambda courier, webhook, fault: courier.post(webhook, copies=fault.whole("copies", 200)),
    "webhook_delayed": lambda courier, webhook, fault: courier.post(
        webhook, after=fault.number("seconds", 10), note="delayed"
    ),
    "webhook_reordered": lambda courier, webhook, fault: courier.hold(webhook),
}

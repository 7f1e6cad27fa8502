"""Toy: a small gateway of nobody's, which reserves money and takes it later, or sets it free.

Its protocol is invented, as simple as the real ones are in earnest: JSON, a bearer key, a hosted page,
signed webhooks. It stands in for the gateways that authorize.
"""

from __future__ import annotations

from starlette.routing import BaseRoute, Route

from sandbox.calls import Call, Desk
from sandbox.courier import Webhook
from sandbox.errors import UnknownReference
from sandbox.gateway import Gateway, LedgerEntry
from sandbox.merchants import Merchant
from sandbox.toy.api import Api, in_body, in_path, spoken
from sandbox.toy.books import Books, Payment
from sandbox.toy.errors import refuse
from sandbox.toy.faults import FAULTS
from sandbox.toy.notices import Notices
from sandbox.toy.page import PAGE, Page
from sandbox.toy.stories import Stories
from sandbox.world import World

BASE = "/toy"


class Toy(Gateway):
    name = "toy"
    faults = FAULTS
    merchant_name = "client_id"
    merchant_fields = {
        "api_key": None,
        "webhook_url": "",
        "webhook_secret": None,
        "capture_window": "604800",  # seconds from an authorization until it lapses
    }
    merchant_secrets = frozenset({"api_key", "webhook_secret"})

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._books = Books(world.database)
        self._notices = Notices(world, self._books, gateway=self.name)
        self._stories = Stories(world, self._books, self._notices, gateway=self.name)
        self._desk = Desk(world, self.name, refuse)

    def default_merchant(self, *, webhook_url: str) -> Merchant:
        details = {
            "api_key": "toy-demo-key",
            "webhook_url": webhook_url,
            "webhook_secret": "toy-demo-secret",
            "capture_window": "604800",
        }
        return Merchant(self.name, "HOLDFAST_DEMO", details)

    def routes(self) -> list[BaseRoute]:
        api, page = Api(self._stories), Page(self._stories)
        payment = "/payments/{reference}"
        calls = (
            Call("start", "POST", "/payments", spoken(api.start), in_body("reference")),
            Call("look_up", "GET", payment, spoken(api.look_up), in_path),
            Call("capture", "POST", f"{payment}/capture", spoken(api.capture), in_path),
            Call("void", "POST", f"{payment}/void", spoken(api.void), in_path),
            Call("refund", "POST", "/refunds", spoken(api.refund), in_body("reference")),
            Call("look_up_refund", "GET", "/refunds/{reference}", spoken(api.look_up_refund), in_path),
        )
        return [
            *(self._desk.route(call, base=BASE) for call in calls),
            Route(PAGE, page.show, methods=["GET"]),
            Route(PAGE, page.choose, methods=["POST"]),
        ]

    def ledger(self) -> list[LedgerEntry]:
        return [
            LedgerEntry(
                reference=payment.reference,
                amount=payment.captured or payment.paid or payment.amount,
                currency=payment.currency,
                state=payment.state,
                refunded=self._books.refunded(payment),
            )
            for payment in self._books.payments("TRUE")
        ]

    def settle(self, reference: str, outcome: str) -> str:
        return self._stories.settle(self._payment(reference), outcome).state

    def webhook_about(self, reference: str) -> Webhook:
        return self._notices.about(self._payment(reference))

    def tick(self) -> None:
        self._stories.tick()

    def _payment(self, reference: str) -> Payment:
        payment = self._books.payment("reference = ?", reference)
        if payment is None:
            raise UnknownReference(reference)
        return payment

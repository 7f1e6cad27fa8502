"""PhonePe Standard Checkout v2: tokens, orders, refunds, the hosted page and the webhooks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.calls import Call, Desk
from sandbox.courier import Webhook
from sandbox.errors import UnknownReference
from sandbox.gateway import Gateway, LedgerEntry
from sandbox.merchants import Merchant
from sandbox.phonepe.books import COMPLETED, Books, Order
from sandbox.phonepe.checks import mentioned
from sandbox.phonepe.errors import PhonePeError, refuse
from sandbox.phonepe.faults import FAULTS
from sandbox.phonepe.notices import Notices
from sandbox.phonepe.orders import PAGE, Orders
from sandbox.phonepe.page import Page
from sandbox.phonepe.refunds import Refunds
from sandbox.phonepe.stories import Stories
from sandbox.phonepe.tokens import Tokens
from sandbox.world import World

SANDBOX, PRODUCTION = "/phonepe/apis/pg-sandbox", "/phonepe/apis/pg"
IDENTITY = "/phonepe/apis/identity-manager"

TOKEN_BASES = (SANDBOX, IDENTITY)
ORDER_BASES = (SANDBOX, PRODUCTION)


class PhonePe(Gateway):
    name = "phonepe"
    faults = FAULTS
    merchant_name = "client_id"
    merchant_fields = {
        "client_secret": None,
        "client_version": "1",
        "merchant_id": "SANDBOXMERCHANT",
        "webhook_url": "",
        "webhook_username": None,
        "webhook_password": None,
    }
    merchant_secrets = frozenset({"client_secret", "webhook_password"})

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._books = Books(world.database)
        self._tokens = Tokens(world, gateway=self.name)
        self._notices = Notices(world, self._books, gateway=self.name)
        self._stories = Stories(world, self._books, self._notices, gateway=self.name)
        self._desk = Desk(world, self.name, refuse)

    def default_merchant(self, *, webhook_url: str) -> Merchant:
        details = {
            "client_secret": "holdfast-demo-secret",
            "client_version": "1",
            "merchant_id": "HOLDFASTDEMO",
            "webhook_url": webhook_url,
            "webhook_username": "simuser",
            "webhook_password": "Sim12345",
        }
        return Merchant(self.name, "HOLDFAST_DEMO", details)

    def routes(self) -> list[BaseRoute]:
        orders, refunds, page = (
            Orders(self._stories, self._tokens),
            Refunds(self._stories, self._tokens),
            Page(self._stories),
        )
        token = Call("token", "POST", "/v1/oauth/token", spoken(self._issue_token), client_in_form)
        calls = (
            Call("pay", "POST", "/checkout/v2/pay", spoken(orders.pay), in_body("merchantOrderId")),
            Call("status", "GET", "/checkout/v2/order/{reference}/status", spoken(orders.status), in_path),
            Call(
                "transaction_status",
                "GET",
                "/checkout/v2/transaction/{reference}/status",
                spoken(orders.transaction_status),
                in_path,
            ),
            Call(
                "refund", "POST", "/payments/v2/refund", spoken(refunds.refund), in_body("merchantRefundId")
            ),
            Call(
                "refund_status",
                "GET",
                "/payments/v2/refund/{reference}/status",
                spoken(refunds.status),
                in_path,
            ),
        )
        return [
            *(self._desk.route(token, base=base) for base in TOKEN_BASES),
            *(self._desk.route(call, base=base) for call in calls for base in ORDER_BASES),
            Route(PAGE, page.show, methods=["GET"]),
            Route(PAGE, page.choose, methods=["POST"]),
        ]

    def ledger(self) -> list[LedgerEntry]:
        given_back: dict[str, int] = {}
        for refund in self._books.refunds("state = ?", COMPLETED):
            given_back[refund.order_id] = given_back.get(refund.order_id, 0) + refund.amount
        return [
            LedgerEntry(
                reference=order.merchant_order_id,
                amount=order.amount if order.paid is None else order.paid,
                currency="INR",
                state=order.state,
                refunded=given_back.get(order.order_id, 0),
            )
            for order in self._books.orders("TRUE")
        ]

    def settle(self, reference: str, outcome: str) -> str:
        return self._stories.settle(self._order(reference), outcome).state

    def webhook_about(self, reference: str) -> Webhook:
        return self._notices.about(self._order(reference))

    def tick(self) -> None:
        self._stories.tick()

    async def _issue_token(self, request: Request) -> Response:
        return JSONResponse(await self._tokens.issue(request))

    def _order(self, reference: str) -> Order:
        order = self._books.order("merchant_order_id = ?", reference)
        if order is None:
            raise UnknownReference(reference)
        return order


Answer = Callable[[Request], Awaitable[Response]]
About = Callable[[Request], Awaitable[str | None]]


def spoken(answer: Answer) -> Answer:
    """The same answer, with refusals in PhonePe's words."""

    async def answered(request: Request) -> Response:
        try:
            return await answer(request)
        except PhonePeError as error:
            return error.response()

    return answered


async def in_path(request: Request) -> str | None:
    reference: Any = request.path_params["reference"]
    return str(reference)


def in_body(field: str) -> About:
    async def about(request: Request) -> str | None:
        return await mentioned(request, field)

    return about


async def client_in_form(request: Request) -> str | None:
    client = (await request.form()).get("client_id")
    return client if isinstance(client, str) else None

"""The calls that open an order and say how it stands."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.merchants import Merchant
from sandbox.phonepe.bodies import attempt_body, error_context, order_body
from sandbox.phonepe.books import PENDING, Order
from sandbox.phonepe.checks import PAY_RULES, Json, check, check_meta_info, is_true, read_json
from sandbox.phonepe.errors import PhonePeError, unknown_order
from sandbox.phonepe.stories import Stories, new_id
from sandbox.phonepe.tokens import Tokens
from sandbox.phonepe.twists import PAY_TWISTS, STATUS_TWISTS, Twist, fitting

PAGE = "/phonepe/transact/uat_v2"
PAY_WITHIN = 600  # seconds, unless the merchant says otherwise

DUPLICATES = {
    "duplicate_bad_request": "A used merchantOrderId: BAD_REQUEST, or the same order while it is untouched.",
    "duplicate_transaction_id": "A used merchantOrderId: 417 INVALID_TRANSACTION_ID.",
    "duplicate_order_id": "A used merchantOrderId: 417 INVALID_MERCHANT_ORDER_ID, as when nothing is armed.",
}
NOT_FOUND = {
    "unknown_order_404": "An unknown order is answered with 404.",
    "unknown_order_400": "An unknown order is answered with 400, as when nothing is armed.",
    "status_not_found": "A known order is answered as unknown.",
}
EARLY = {
    "webhook_before_pay_answer": "The customer pays, and the webhook is delivered, before pay is answered.",
}


class Orders:
    def __init__(self, stories: Stories, tokens: Tokens) -> None:
        self._stories = stories
        self._tokens = tokens
        self._world = stories.world
        self._books = stories.books
        self._gateway = stories.gateway

    async def pay(self, request: Request) -> Response:
        """Open an order and say where the customer is to be sent."""
        merchant = self._tokens.merchant(request)
        body = await read_json(request)
        check(body, PAY_RULES)
        meta_info = check_meta_info(body)
        known = self._find(merchant, body["merchantOrderId"])
        order = self._again(known) if known else self._open(merchant, body, meta_info)
        await self._get_ahead(order)
        answer: Json = {
            "orderId": order.order_id,
            "state": PENDING,
            "expireAt": order.expire_at,
            "redirectUrl": f"{str(request.base_url).rstrip('/')}{PAGE}?token={order.page_token}",
        }
        return JSONResponse(self._twisted(PAY_TWISTS, answer, order))

    async def status(self, request: Request) -> Response:
        """How an order stands."""
        reference = request.path_params["reference"]
        merchant = self._tokens.merchant(request, reference)
        order = self._find(merchant, reference)
        if order is None:
            raise self._not_found(reference)
        if self._world.faults.take(self._gateway, "status_not_found", reference):
            raise unknown_order()
        order = self._stories.read(order)
        every_attempt = is_true(request.query_params.get("details"))
        body = order_body(order, self._books.attempts(order), every_attempt=every_attempt)
        if is_true(request.query_params.get("errorContext")) and order.error_code:
            body["errorContext"] = error_context(order)
        return JSONResponse(self._twisted(STATUS_TWISTS, body, order))

    async def transaction_status(self, request: Request) -> Response:
        """How the order of one attempt stands, with that attempt alone."""
        merchant = self._tokens.merchant(request)
        attempt = self._books.attempt(request.path_params["reference"])
        wanted = (attempt.order_id if attempt else "", merchant.name)
        order = self._books.order("order_id = ? AND client_id = ?", *wanted)
        if attempt is None or order is None:
            raise PhonePeError(400, "INVALID_TRANSACTION_ID", "No entry found for given transaction id")
        order = self._stories.read(order)
        return JSONResponse(order_body(order, []) | {"paymentDetails": [attempt_body(attempt)]})

    def _find(self, merchant: Merchant, reference: str) -> Order | None:
        return self._books.order("client_id = ? AND merchant_order_id = ?", merchant.name, reference)

    def _open(self, merchant: Merchant, body: Json, meta_info: Json) -> Order:
        now = self._world.clock.now()
        reference = body["merchantOrderId"]
        seconds = body.get("expireAfter")
        expire_at = now + (PAY_WITHIN if seconds is None else seconds) * 1000
        return self._books.save_order(
            Order(
                order_id=new_id("OMO"),
                client_id=merchant.name,
                merchant_order_id=reference,
                amount=body["amount"],
                state=PENDING,
                created_at=now,
                expire_at=expire_at,
                redirect_url=body["paymentFlow"]["merchantUrls"]["redirectUrl"],
                page_token=page_token(merchant, reference, expire_at),
                meta_info=meta_info,
            )
        )

    def _again(self, order: Order) -> Order:
        """A used id, in the flavor that is armed: PhonePe documents three."""
        fault = self._world.faults.take(self._gateway, DUPLICATES, order.merchant_order_id)
        flavor = fault.fault if fault else "duplicate_order_id"
        if flavor == "duplicate_transaction_id":
            raise PhonePeError(417, "INVALID_TRANSACTION_ID", "Order ID has already been used")
        if flavor == "duplicate_order_id":
            raise PhonePeError(417)
        if order.state != PENDING or self._books.attempts(order):
            raise PhonePeError(400)
        return order

    async def _get_ahead(self, order: Order) -> None:
        """Let webhooks overtake the answer to pay, where that is armed."""
        if self._world.faults.take(self._gateway, EARLY, order.merchant_order_id):
            self._stories.settle(order, "pay")
            courier = self._world.courier
            await courier.tried(courier.about(self._gateway, order.merchant_order_id))
        if self._world.faults.take(self._gateway, "webhook_forged_completed", order.merchant_order_id):
            self._stories.notices.forge(order)

    def _not_found(self, reference: str) -> PhonePeError:
        flavors = ("unknown_order_404", "unknown_order_400")
        fault = self._world.faults.take(self._gateway, flavors, reference)
        return unknown_order(404 if fault and fault.fault == "unknown_order_404" else 400)

    def _twisted(self, twists: dict[str, Twist], body: Json, order: Order) -> Json:
        references = (order.merchant_order_id, order.order_id)
        fault = self._world.faults.take(self._gateway, fitting(twists, order), *references)
        return twists[fault.fault].change(body, fault) if fault else body


def page_token(merchant: Merchant, reference: str, expire_at: int) -> str:
    """The JWT in the hosted page's address, with the claims of PhonePe's own."""
    claims = {"expiresOn": expire_at, "merchantId": merchant["merchant_id"], "merchantOrderId": reference}
    parts = [_base64(json.dumps(part).encode()) for part in ({"typ": "JWT", "alg": "HS256"}, claims)]
    key = merchant["client_secret"].encode()
    return ".".join([*parts, _base64(hmac.digest(key, ".".join(parts).encode(), hashlib.sha256))])


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

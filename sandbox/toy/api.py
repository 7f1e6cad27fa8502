"""The calls of Toy's API."""

from __future__ import annotations

import hmac
import json
import re
import secrets
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.merchants import Merchant
from sandbox.toy.bodies import TWISTS, Json, payment_body, refund_body
from sandbox.toy.books import CAPTURED, OPEN, Answer, Payment
from sandbox.toy.errors import ToyError
from sandbox.toy.ids import new_id
from sandbox.toy.page import PAGE
from sandbox.toy.stories import Stories

REFERENCE = re.compile(r"[A-Za-z0-9_-]{1,63}")
CURRENCIES = {"INR", "NPR", "EUR", "IDR"}
LEAST = 100  # minor units
SHORTEST, LONGEST = 60, 86_400  # seconds in which a payment can be paid

START_FAULTS = {
    "webhook_before_start_answer": "The customer pays, and the webhook is there, before start is answered.",
}


class Api:
    def __init__(self, stories: Stories) -> None:
        self._stories = stories
        self._world = stories.world
        self._books = stories.books

    async def start(self, request: Request) -> Response:
        """Open a payment. The same once more answers the same; the reference for anything else is 409."""
        merchant = self._merchant(request)
        body = await read_json(request)
        check(body)
        known = self._books.payment("client_id = ? AND reference = ?", merchant.name, body["reference"])
        if known is not None and not is_same(known, body):
            raise ToyError(409, "reference_used")
        payment = known or self._open(merchant, body)
        if self._stories.take("webhook_before_start_answer", payment):
            self._stories.settle(payment, "pay")
            courier = self._world.courier
            await courier.tried(courier.about(self._stories.gateway, payment.reference))
        url = str(request.base_url).rstrip("/") + PAGE.format(token=payment.page_token)
        answer = {"id": payment.id, "url": url, "expires_at": payment.expires_at // 1000}
        return JSONResponse(answer, status_code=200 if known else 201)

    async def look_up(self, request: Request) -> Response:
        """How a payment stands."""
        payment = self._stories.read(self._payment(request, self._merchant(request)))
        body = self._shown(payment)
        fault = self._stories.take(TWISTS, payment)
        return JSONResponse(TWISTS[fault.fault].change(body, fault) if fault else body)

    async def capture(self, request: Request) -> Response:
        """Take the money that is reserved, or a part of it."""
        merchant = self._merchant(request)
        amount = whole(await read_json(request), "amount", least=1)
        payment = self._payment(request, merchant)
        asked = f"capture {payment.reference} {amount}"
        return self._once(request, merchant, asked, lambda: self._stories.capture(payment, amount))

    async def void(self, request: Request) -> Response:
        """Set the money free that is reserved."""
        merchant = self._merchant(request)
        payment = self._payment(request, merchant)
        return self._once(request, merchant, f"void {payment.reference}", lambda: self._stories.void(payment))

    async def refund(self, request: Request) -> Response:
        """Give money back. The same reference once more answers how that refund stands."""
        merchant = self._merchant(request)
        body = await read_json(request)
        reference, of, amount = (
            text(body, "reference"),
            text(body, "payment"),
            whole(body, "amount", least=LEAST),
        )
        payment = self._books.payment("client_id = ? AND reference = ?", merchant.name, of)
        if payment is None:
            raise ToyError(404, "no_such_payment")
        known = self._books.refund("client_id = ? AND reference = ?", merchant.name, reference)
        if known is not None:
            if (known.payment_id, known.amount) != (payment.id, amount):
                raise ToyError(409, "reference_used")
            return JSONResponse(refund_body(known, payment))
        if payment.state != CAPTURED:
            raise ToyError(409, "not_captured")
        if amount > self._books.refundable(payment):
            raise ToyError(422, "amount_too_large")
        refund = self._stories.refund(payment, reference=reference, amount=amount)
        return JSONResponse(refund_body(refund, payment), status_code=201)

    async def look_up_refund(self, request: Request) -> Response:
        """How a refund stands."""
        merchant = self._merchant(request)
        wanted = request.path_params["reference"]
        refund = self._books.refund("client_id = ? AND reference = ?", merchant.name, wanted)
        if refund is None:
            raise ToyError(404, "no_such_refund")
        return JSONResponse(refund_body(refund, self._books.payment_of(refund)))

    def _merchant(self, request: Request) -> Merchant:
        """Whose key this is. Raises 401."""
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        for merchant in self._world.merchants.all():
            ours = merchant.gateway == self._stories.gateway
            if ours and scheme == "Bearer" and hmac.compare_digest(key, merchant["api_key"]):
                return merchant
        raise ToyError(401)

    def _payment(self, request: Request, merchant: Merchant) -> Payment:
        wanted = merchant.name, request.path_params["reference"]
        payment = self._books.payment("client_id = ? AND reference = ?", *wanted)
        if payment is None:
            raise ToyError(404, "no_such_payment")
        return payment

    def _open(self, merchant: Merchant, body: Json) -> Payment:
        return self._books.save(
            Payment(
                id=new_id("toy"),
                client_id=merchant.name,
                reference=body["reference"],
                amount=body["amount"],
                currency=body["currency"],
                manual=body["capture"] == "manual",
                return_url=body["return_url"],
                page_token=secrets.token_urlsafe(24),
                state=OPEN,
                expires_at=self._world.clock.now() + body["expires_in"] * 1000,
            )
        )

    def _once(self, request: Request, merchant: Merchant, asked: str, do: Callable[[], Payment]) -> Response:
        """Do it, or answer what was answered to the call with this key. Refusals are kept as well."""
        key = request.headers.get("idempotency-key", "")
        if not key:
            raise ToyError(400, "idempotency_key_required")
        kept = self._books.answer(merchant.name, key)
        if kept is None:
            status, body = self._done(do)
            kept = Answer(merchant.name, key, asked, status, json.dumps(body))
            self._books.save_answer(kept)
        elif kept.asked != asked:
            raise ToyError(422, "key_reused")
        return Response(kept.body, status_code=kept.status, media_type="application/json")

    def _done(self, do: Callable[[], Payment]) -> tuple[int, Json]:
        try:
            return 200, self._shown(do())
        except ToyError as error:
            return error.status, dict(error.body)

    def _shown(self, payment: Payment) -> Json:
        return payment_body(payment, refunded=self._books.refunded(payment))


# ---- reading a request ---------------------------------------------------------------------------------

Endpoint = Callable[[Request], Awaitable[Response]]
About = Callable[[Request], Awaitable[str | None]]


def spoken(answer: Endpoint) -> Endpoint:
    """The same answer, with refusals in Toy's words."""

    async def answered(request: Request) -> Response:
        try:
            return await answer(request)
        except ToyError as error:
            return error.response()

    return answered


async def in_path(request: Request) -> str | None:
    return str(request.path_params["reference"])


def in_body(field: str) -> About:
    async def about(request: Request) -> str | None:
        try:
            value = (await read_json(request)).get(field)
        except ToyError:
            return None
        return value if isinstance(value, str) else None

    return about


async def read_json(request: Request) -> Json:
    """The request's JSON object. Raises 400 for anything else."""
    try:
        body = json.loads(await request.body())
    except (ValueError, RecursionError):
        raise ToyError(400) from None
    if not isinstance(body, dict):
        raise ToyError(400)
    return body


def check(body: Json) -> None:
    """Raises 400 for what is wrong with a new payment."""
    text(body, "reference")
    whole(body, "amount", least=LEAST)
    whole(body, "expires_in", least=SHORTEST, most=LONGEST)
    if body.get("currency") not in CURRENCIES:
        raise ToyError(400, "bad_request", "We take no such currency.")
    if body.get("capture") not in ("automatic", "manual"):
        raise ToyError(400, "bad_request", "capture must be automatic or manual.")
    address = body.get("return_url")
    if not isinstance(address, str) or urlsplit(address).scheme not in ("http", "https"):
        raise ToyError(400, "bad_request", "return_url must be a URL.")


def is_same(payment: Payment, body: Json) -> bool:
    """Whether a start that comes again asks for the same."""
    asked: tuple[Any, ...] = (body["amount"], body["currency"], body["capture"] == "manual")
    return (payment.amount, payment.currency, payment.manual) == asked


def text(body: Json, name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not REFERENCE.fullmatch(value):
        raise ToyError(400, "bad_request", f"{name} must be letters, digits, _ and -, 63 of them at most.")
    return value


def whole(body: Json, name: str, *, least: int, most: int = 10**15) -> int:
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ToyError(400, "bad_request", f"{name} must be a whole number from {least} to {most}.")
    return value

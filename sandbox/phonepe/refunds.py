"""The calls that give money back and say how far that has come."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.phonepe.bodies import refund_body
from sandbox.phonepe.books import COMPLETED
from sandbox.phonepe.checks import REFUND_RULES, check, read_json
from sandbox.phonepe.errors import PhonePeError, unknown_order
from sandbox.phonepe.stories import Stories
from sandbox.phonepe.tokens import Tokens

REFUND_FAULTS = {
    "refund_not_eligible": "A refund is refused with 402.",
    "refund_forbidden": "A refund is refused with 403.",
    "refund_window_exceeded": "A refund is refused with REVERSAL_WINDOW_EXCEEDED: the payment is too old.",
    "refund_excess": "A refund is taken on, and answered with PAYMENT_ERROR, EXCESS_REFUND_AMOUNT.",
    "refund_unknown_state": "A refund is read in a state that nobody has heard of: `word` (ON_HOLD).",
    "refund_not_found": "A known refund is answered as unknown.",
}
REFUSALS = {
    "refund_not_eligible": PhonePeError(402),
    "refund_forbidden": PhonePeError(403),
    "refund_window_exceeded": PhonePeError(
        400, "REVERSAL_WINDOW_EXCEEDED", "The time in which this payment could be refunded is over."
    ),
}
EXCESS = {"errorCode": "EXCESS_REFUND_AMOUNT"}


class Refunds:
    def __init__(self, stories: Stories, tokens: Tokens) -> None:
        self._stories = stories
        self._tokens = tokens
        self._books = stories.books

    async def refund(self, request: Request) -> Response:
        """Take a refund on. It is PENDING now, and ends later."""
        merchant = self._tokens.merchant(request)
        body = await read_json(request)
        check(body, REFUND_RULES)
        reference, of, amount = (body[rule.path] for rule in REFUND_RULES)
        self._refuse_if_armed(reference, of)
        order = self._books.order("client_id = ? AND merchant_order_id = ?", merchant.name, of)
        if order is None:
            raise unknown_order()
        if order.state != COMPLETED:
            raise PhonePeError(402)
        used = self._books.refund("client_id = ? AND merchant_refund_id = ?", merchant.name, reference)
        if used or amount > self._stories.refundable(order):
            raise PhonePeError(400)
        refund = self._stories.refund(order, reference=reference, amount=amount)
        if self._take("refund_excess", reference, of):
            raise PhonePeError(400, "PAYMENT_ERROR", "The refund is more than what is left.", **EXCESS)
        return JSONResponse({"refundId": refund.refund_id, "amount": amount, "state": refund.state})

    async def status(self, request: Request) -> Response:
        """How a refund stands; asking moves it along."""
        reference = request.path_params["reference"]
        merchant = self._tokens.merchant(request, reference)
        refund = self._books.refund("client_id = ? AND merchant_refund_id = ?", merchant.name, reference)
        if refund is None or self._take("refund_not_found", reference):
            raise PhonePeError(
                400, "INVALID_MERCHANT_REFUND_ID", "No entry found for given merchant refund id"
            )
        refund = self._stories.advance(refund)
        order = self._books.order_of(refund)
        body = refund_body(refund, order, self._books.attempts(order))
        strange = self._stories.world.faults.take(self._stories.gateway, "refund_unknown_state", reference)
        return JSONResponse(body | {"state": strange.text("word", "ON_HOLD")} if strange else body)

    def _refuse_if_armed(self, *about: str) -> None:
        fault = self._stories.world.faults.take(self._stories.gateway, REFUSALS, *about)
        if fault:
            raise REFUSALS[fault.fault]

    def _take(self, name: str, *about: str) -> bool:
        return self._stories.world.faults.take(self._stories.gateway, name, *about) is not None

"""The handle by which tests and people make the gateways misbehave, and see what they did."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.errors import Closed, Refused, UnknownFault, UnknownReference
from sandbox.faults import Armed
from sandbox.gateway import OUTCOMES, Gateway
from sandbox.merchants import Merchant
from sandbox.world import World

Json = dict[str, Any]
Answer = Callable[[Request], Awaitable[Response]]
OWN_WORDS = {"gateway", "fault", "times", "only"}


def refusing(answer: Answer) -> Answer:
    """The same answer, or the refusal that it raises."""

    async def answered(request: Request) -> Response:
        try:
            return await answer(request)
        except Refused as refusal:
            return JSONResponse(refusal.body, status_code=refusal.status)

    return answered


class Control:
    def __init__(self, world: World, gateways: Mapping[str, Gateway]) -> None:
        self._world = world
        self._gateways = gateways

    def routes(self) -> list[BaseRoute]:
        table = (
            ("/faults", {"GET": self.list_faults, "POST": self.arm, "DELETE": self.disarm}),
            ("/ledger", {"GET": self.ledger}),
            ("/merchants", {"GET": self.list_merchants, "POST": self.save_merchant}),
            ("/orders/{reference}", {"POST": self.settle}),
            ("/webhooks", {"GET": self.list_webhooks}),
            ("/webhooks/resend", {"POST": self.resend}),
            ("/calls", {"GET": self.calls, "DELETE": self.forget_calls}),
            ("/clock", {"GET": self.read_clock, "POST": self.advance, "DELETE": self.reset_clock}),
        )
        return [
            Route("/control" + path, refusing(answer), methods=[method])
            for path, answers in table
            for method, answer in answers.items()
        ]

    async def list_faults(self, request: Request) -> Response:
        """All names with their sentences, and what is armed."""
        armed = [asdict(fault) for fault in self._world.faults.armed]
        return JSONResponse({"faults": self._world.faults.known, "armed": armed})

    async def arm(self, request: Request) -> Response:
        """Let a gateway misbehave on its next occasions."""
        body = await read(request)
        gateway, name = self._gateway(body).name, body.get("fault")
        times, only = body.get("times", 1), body.get("only")
        extra = {field: value for field, value in body.items() if field not in OWN_WORDS}
        if isinstance(times, bool) or not isinstance(times, int) or times < 1:
            raise Refused(400, "times must be a whole number of at least 1")
        if not isinstance(only, str | None) or not all(
            isinstance(v, str | int | float) for v in extra.values()
        ):
            raise Refused(400, "only must be a text, and everything else a number or a text")
        fault = Armed(gateway, str(name), times, only, extra)
        try:
            self._world.faults.arm(fault)
        except UnknownFault as error:
            raise Refused(400, str(error), faults=self._world.faults.known[gateway]) from None
        return JSONResponse(asdict(fault), status_code=201)

    async def disarm(self, request: Request) -> Response:
        self._world.faults.clear()
        return Response(status_code=204)

    async def ledger(self, request: Request) -> Response:
        """What a gateway believes of every payment."""
        return JSONResponse([asdict(entry) for entry in self._gateway(request.query_params).ledger()])

    async def list_merchants(self, request: Request) -> Response:
        return JSONResponse([self._shown(merchant) for merchant in self._world.merchants.all()])

    async def save_merchant(self, request: Request) -> Response:
        """Add a merchant, or change the one of that name: what is not said stays as it was."""
        body = await read(request)
        gateway = self._gateway(body)
        name = body.get(gateway.merchant_name)
        if not isinstance(name, str) or not name:
            raise Refused(400, f"{gateway.merchant_name} must be a text")
        known = self._world.merchants.find(gateway.name, name)
        before = known.details if known else {}
        details: dict[str, str] = {}
        for field, default in gateway.merchant_fields.items():
            value = body.get(field)
            value = before.get(field, default) if value is None else value
            if not isinstance(value, str | int) or isinstance(value, bool):
                raise Refused(400, f"{field} must be a text")
            details[field] = str(value)
        merchant = Merchant(gateway.name, name, details)
        self._world.merchants.save(merchant)
        return JSONResponse(self._shown(merchant), status_code=201)

    async def settle(self, request: Request) -> Response:
        """Do what a customer would do on the hosted page."""
        body = await read(request)
        reference, outcome = request.path_params["reference"], body.get("outcome")
        if outcome not in OUTCOMES:
            raise Refused(400, f"outcome must be one of {', '.join(OUTCOMES)}")
        for gateway in self._asked(body):
            try:
                return JSONResponse({"reference": reference, "state": gateway.settle(reference, outcome)})
            except UnknownReference:
                continue
            except Closed:
                raise Refused(409, f"{reference} can no longer be paid") from None
        raise Refused(404, f"no gateway knows {reference}")

    async def list_webhooks(self, request: Request) -> Response:
        """What was sent, where to, and what was answered; of one reference if asked."""
        wanted = request.query_params.get("reference")
        sent = self._world.courier.deliveries
        return JSONResponse([one.as_json() for one in sent if wanted in (None, one.webhook.reference)])

    async def resend(self, request: Request) -> Response:
        """Send the last webhook about a reference again, byte for byte; or the first, if there was none."""
        body = await read(request)
        reference, times = str(body.get("reference")), body.get("times", 1)
        if isinstance(times, bool) or not isinstance(times, int) or times < 1:
            raise Refused(400, "times must be a whole number of at least 1")
        for gateway in self._asked(body):
            try:
                sent = self._world.courier.about(gateway.name, reference)
                webhook = sent[-1].webhook if sent else gateway.webhook_about(reference)
            except UnknownReference:
                continue
            deliveries = self._world.courier.post(webhook, copies=times, note="resent")
            await self._world.courier.tried(deliveries)
            return JSONResponse([delivery.as_json() for delivery in deliveries])
        raise Refused(404, f"no gateway knows {reference}")

    async def calls(self, request: Request) -> Response:
        """How often each call of each gateway's API was made."""
        return JSONResponse({name: dict(self._world.calls[name]) for name in self._gateways})

    async def forget_calls(self, request: Request) -> Response:
        self._world.calls.clear()
        return Response(status_code=204)

    async def read_clock(self, request: Request) -> Response:
        return JSONResponse({"now": self._world.clock.now()})

    async def advance(self, request: Request) -> Response:
        """Push the gateways' clock ahead; what falls due has happened when the answer comes."""
        seconds = (await read(request)).get("advance_seconds")
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds < 10**9:
            raise Refused(400, "advance_seconds must be a number of at least 0")
        self._world.clock.advance(seconds)
        for gateway in self._gateways.values():
            gateway.tick()
        return await self.read_clock(request)

    async def reset_clock(self, request: Request) -> Response:
        self._world.clock.reset()
        return await self.read_clock(request)

    def _asked(self, body: Json) -> list[Gateway]:
        return [self._gateway(body)] if "gateway" in body else list(self._gateways.values())

    def _gateway(self, said: Mapping[str, Any]) -> Gateway:
        gateway = self._gateways.get(str(said.get("gateway")))
        if gateway is None:
            raise Refused(400, f"gateway must be one of {', '.join(self._gateways)}")
        return gateway

    def _shown(self, merchant: Merchant) -> Json:
        gateway = self._gateways[merchant.gateway]
        open_details = {n: v for n, v in merchant.details.items() if n not in gateway.merchant_secrets}
        return {"gateway": merchant.gateway, gateway.merchant_name: merchant.name, **open_details}


async def read(request: Request) -> Json:
    """The request's JSON object."""
    try:
        body = json.loads(await request.body())
    except (ValueError, RecursionError):
        raise Refused(400, "the body must be a JSON object") from None
    if not isinstance(body, dict):
        raise Refused(400, "the body must be a JSON object")
    return body

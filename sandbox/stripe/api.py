"""What all calls of Stripe's API have in common: reading them, and answering with the usual headers."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from sandbox.calls import Call
from sandbox.stripe.ask import ASKING, Ask, Json, params_of, read
from sandbox.stripe.bodies import Bodies, check_expand
from sandbox.stripe.books import Books, Intent, Session
from sandbox.stripe.errors import StripeError, no_such
from sandbox.stripe.keys import Given, Keys
from sandbox.stripe.stories import Stories

Answer = Callable[[Ask], Awaitable[Json]]


class Api:
    """The calls are in ``sessions.py``, ``intents.py`` and ``records.py``; this is what they share."""

    def __init__(self, stories: Stories, bodies: Bodies) -> None:
        self.stories = stories
        self.bodies = bodies
        self.world = stories.world
        self.books: Books = stories.books
        self._keys = Keys(self.world, self.books, gateway=stories.gateway)

    def call(
        self, name: str, method: str, path: str, answer: Answer, *, kind: str, many: bool = False
    ) -> Call:
        """A call that answers an object of this kind, or a list of many."""

        async def checked(ask: Ask) -> Json:
            check_expand(ask.expand, kind=kind, many=many)
            return self.bodies.expanded(await answer(ask), ask.expand)

        async def endpoint(request: Request) -> Response:
            return await self._answered(request, name, checked)

        return Call(name, method, path, endpoint, self._about)

    async def _answered(self, request: Request, name: str, answer: Answer) -> Response:
        """Answer a call in Stripe's words, refusals too."""
        about = await self._about(request)
        gateway = self.stories.gateway
        try:
            ask = await read(request, self.world, gateway=gateway, call=name, reference=about)
        except StripeError as error:
            return error.response()
        given = await self._given(ask, answer, is_post=request.method == "POST")
        return Response(
            given.body,
            status_code=given.status,
            media_type="application/json",
            headers=_headers(ask, given),
        )

    async def _given(self, ask: Ask, answer: Answer, *, is_post: bool) -> Given:
        token = ASKING.set(ask if is_post else None)
        try:
            if is_post:
                return await self._keys.once(ask, lambda: answer(ask))
            return Given(200, json.dumps(await answer(ask)))
        except StripeError as error:
            return Given(error.status, json.dumps(error.body))
        finally:
            ASKING.reset(token)

    async def _about(self, request: Request) -> str | None:
        """The merchant's reference for what a call is about: what a fault may be limited to."""
        try:
            params = await params_of(request)
        except StripeError:
            return None
        if "client_reference_id" in params:
            return str(params["client_reference_id"])
        named = request.path_params.get("id") or params.get("payment_intent") or params.get("charge")
        record = self.books.find(str(named))
        return self.books.session_of(record).reference if record else None

    # -- finding what a call is about ---------------------------------------------------------------------

    def session(self, ask: Ask) -> Session:
        """The session of the path, as time has left it. Raises StripeError."""
        found = self.books.sessions.one("id = ? AND client_id = ?", ask.object_id, ask.merchant.name)
        if found is None:
            raise no_such("checkout.session", ask.object_id, param="session")
        return self.stories.aged(found)

    def intent(self, ask: Ask) -> Intent:
        """The payment intent of the path, as time has left it. Raises StripeError."""
        found = self.books.intents.one("id = ? AND client_id = ?", ask.object_id, ask.merchant.name)
        if found is None:
            raise no_such("payment_intent", ask.object_id, param="intent")
        return self.stories.aged_intent(found)


async def unrecognized(request: Request) -> Response:
    """What is said of an address that is none of the calls."""
    asked = f"({request.method}: {request.url.path})"
    return StripeError(404, f"Unrecognized request URL {asked}.").response()


def _headers(ask: Ask, given: Given) -> dict[str, str]:
    headers = {"Request-Id": ask.id, "Stripe-Version": ask.version}
    headers |= {"Idempotency-Key": ask.key} if ask.key else {}
    if given.first:
        headers |= {"Idempotent-Replayed": "true", "Original-Request": given.first}
    # To repeat a call with its key is of no use when its failure is what the key answers.
    headers |= {"Stripe-Should-Retry": "false"} if ask.key and given.status == 500 else {}
    return headers

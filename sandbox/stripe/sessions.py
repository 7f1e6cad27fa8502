"""The calls about Checkout Sessions."""

from __future__ import annotations

from sandbox.calls import Call
from sandbox.stripe.api import Api
from sandbox.stripe.ask import Ask, Json
from sandbox.stripe.books import COMPLETE, EXPIRED, OPEN, Session
from sandbox.stripe.checks import allow, check_session
from sandbox.stripe.errors import impossible
from sandbox.stripe.ids import new_id
from sandbox.stripe.lists import Filters, check_list, page_of, status_filter
from sandbox.stripe.page import PAGE
from sandbox.stripe.twists import TWISTS, fitting

SESSIONS = "/v1/checkout/sessions"

SESSION_FAULTS = {
    "webhook_before_start_answer": "The customer pays, and the webhooks are there, before the session's"
    " creation is answered.",
    "expire_races_payment": "The customer pays just before the session is expired, which is refused then.",
}


class Sessions:
    def __init__(self, api: Api) -> None:
        self._api = api
        self._stories = api.stories
        self._books = api.books
        self._world = api.world

    def calls(self) -> list[Call]:
        call, one, kind = self._api.call, f"{SESSIONS}/{{id}}", "checkout.session"
        return [
            call("create_session", "POST", SESSIONS, self.create, kind=kind),
            call("list_sessions", "GET", SESSIONS, self.list_all, kind=kind, many=True),
            call("retrieve_session", "GET", one, self.retrieve, kind=kind),
            call("expire_session", "POST", f"{one}/expire", self.expire, kind=kind),
        ]

    async def create(self, ask: Ask) -> Json:
        """Open a session, and say where its page is."""
        now = self._world.clock.now()
        wanted = check_session(ask.params, version=ask.version, now=now // 1000)
        live = ask.merchant["secret_key"].startswith("sk_live_")
        id = new_id("cs_live_" if live else "cs_test_")
        session = self._books.sessions.save(
            Session(
                id=id,
                client_id=ask.merchant.name,
                reference=wanted.reference,
                amount=wanted.amount,
                currency=wanted.currency,
                capture_method=wanted.capture_method,
                status=OPEN,
                created=now,
                expires_at=(now // 1000 + wanted.expires_in) * 1000,
                url=ask.base_url + PAGE.format(id=id),
                success_url=wanted.success_url,
                cancel_url=wanted.cancel_url,
                email=wanted.email,
                adaptive=wanted.adaptive,
                ui_mode=wanted.ui_mode,
                line_items=wanted.line_items,
                metadata=wanted.metadata,
                intent_metadata=wanted.intent_metadata,
            )
        )
        body = self._api.bodies.session(session)
        if self._stories.take("webhook_before_start_answer", session):
            self._stories.settle(session, "pay")
            courier = self._world.courier
            await courier.tried(courier.about(self._stories.gateway, session.reference))
        return body

    async def retrieve(self, ask: Ask) -> Json:
        """How a session stands."""
        allow(ask.params, ("expand",))
        session = self._api.session(ask)
        if session.intent_id:
            self._stories.read(self._books.intents.get(session.intent_id))
        body = self._api.bodies.session(self._books.sessions.get(session.id))
        fault = self._stories.take(fitting(is_begun=session.intent_id is not None), session)
        if fault is None:
            return body
        return TWISTS[fault.fault].change(self._api.bodies.expanded(body, ask.expand), fault)

    async def list_all(self, ask: Ask) -> Json:
        """Sessions, newest first."""
        check_list(ask.params, "status", "payment_intent")
        self._stories.tick()
        filters = Filters(ask.merchant.name)
        filters.equal(ask.params, {"payment_intent": "intent_id"})
        status_filter(ask.params, filters, OPEN, COMPLETE, EXPIRED)
        table, bodies = self._books.sessions, self._api.bodies
        return page_of(table, bodies, ask.params, filters, url=SESSIONS, kind="checkout.session")

    async def expire(self, ask: Ask) -> Json:
        """End a session that nobody has paid."""
        allow(ask.params, ("expand",))
        session = self._api.session(ask)
        if session.status == OPEN and self._stories.take("expire_races_payment", session):
            session = self._stories.pay(session)
        if session.status != OPEN:
            raise impossible(
                None,
                'Only Checkout Sessions with a status in ["open"] can be expired.'
                f" This Checkout Session has a status of {session.status}.",
            )
        return self._api.bodies.session(self._stories.expire(session))

"""Stripe: Checkout Sessions with manual capture, payment intents, refunds, disputes, events and webhooks."""

from __future__ import annotations

from starlette.routing import BaseRoute, Route

from sandbox.calls import Desk
from sandbox.courier import Webhook
from sandbox.errors import UnknownReference
from sandbox.gateway import Gateway, LedgerEntry
from sandbox.merchants import Merchant
from sandbox.stripe.api import Api, unrecognized
from sandbox.stripe.bank import Bank
from sandbox.stripe.bodies import Bodies
from sandbox.stripe.books import OPEN, Books, Session
from sandbox.stripe.errors import refuse
from sandbox.stripe.faults import FAULTS
from sandbox.stripe.intents import Intents
from sandbox.stripe.money_back import MoneyBack
from sandbox.stripe.notices import Notices
from sandbox.stripe.outside import Outside
from sandbox.stripe.page import PAGE, Page
from sandbox.stripe.records import Records
from sandbox.stripe.sessions import Sessions
from sandbox.stripe.stories import Stories
from sandbox.world import World

BASE = "/stripe"
VERSION = "2026-10-28.endive"


class Stripe(Gateway):
    name = "stripe"
    faults = FAULTS
    merchant_name = "client_id"
    merchant_fields = {
        "secret_key": None,
        "webhook_url": "",
        "webhook_secret": None,
        "enabled_events": "*",  # or names, with commas between them
        "api_version": VERSION,
        "capture_window": "604800",  # seconds from an authorization until it lapses
    }
    merchant_secrets = frozenset({"secret_key", "webhook_secret"})

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._books = Books(world.database)
        self._bodies = Bodies(world, self._books, gateway=self.name)
        self._notices = Notices(world, self._books, self._bodies, gateway=self.name)
        bank = Bank(world, self._books, self._bodies, self._notices, gateway=self.name)
        self._money_back = MoneyBack(bank)
        self._stories = Stories(bank, Outside(bank, self._money_back))
        self._desk = Desk(world, self.name, refuse)

    def default_merchant(self, *, webhook_url: str) -> Merchant:
        details = {
            "secret_key": "sk_test_holdfast_demo",
            "webhook_url": webhook_url,
            "webhook_secret": "whsec_holdfast_demo",
            "enabled_events": "*",
            "api_version": VERSION,
            "capture_window": "604800",
        }
        return Merchant(self.name, "HOLDFAST_DEMO", details)

    def routes(self) -> list[BaseRoute]:
        api, page = Api(self._stories, self._bodies), Page(self._stories)
        calls = [
            *Sessions(api).calls(),
            *Intents(api).calls(),
            *Records(api, self._money_back).calls(),
        ]
        return [
            *(self._desk.route(call, base=BASE) for call in calls),
            Route(PAGE, page.show, methods=["GET"]),
            Route(PAGE, page.choose, methods=["POST"]),
            Route(f"{BASE}/v1/{{rest:path}}", unrecognized, methods=["GET", "POST", "DELETE"]),
        ]

    def ledger(self) -> list[LedgerEntry]:
        return [self._entry(session) for session in self._books.sessions.all("TRUE")]

    def settle(self, reference: str, outcome: str) -> str:
        return self._entry(self._stories.settle(self._session(reference), outcome)).state

    def webhook_about(self, reference: str) -> Webhook:
        webhook = self._notices.about(self._session(reference))
        if webhook is None:  # of a session Stripe says nothing until its customer has done something
            raise UnknownReference(reference)
        return webhook

    def tick(self) -> None:
        self._stories.tick()

    def _entry(self, session: Session) -> LedgerEntry:
        """A session and its payment intent, which is what has the last word once there is one."""
        intent = self._books.intents.get(session.intent_id) if session.intent_id else None
        if intent is None:
            return LedgerEntry(session.reference, session.amount, session.currency.upper(), session.status, 0)
        return LedgerEntry(
            reference=session.reference,
            amount=intent.amount_received or intent.amount,
            currency=intent.currency.upper(),
            state=intent.status,
            refunded=self._books.given_back(intent),
            disputed=self._books.withdrawn(intent),
        )

    def _session(self, reference: str) -> Session:
        """The session of that reference: the one that is open, otherwise the latest."""
        found = self._books.sessions.all("reference = ?", reference)
        if not found:
            raise UnknownReference(reference)
        return next((one for one in found if one.status == OPEN), found[-1])

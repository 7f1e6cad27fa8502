"""The calls about refunds, charges, disputes and events, and about the merchant."""

from __future__ import annotations

import zlib

from sandbox.calls import Call
from sandbox.stripe.api import Api
from sandbox.stripe.ask import Ask, Json
from sandbox.stripe.books import PAID, Charge, Intent, R, Table
from sandbox.stripe.checks import allow, metadata, one_of, text, whole
from sandbox.stripe.errors import StripeError, bad_parameter, impossible, no_such
from sandbox.stripe.forms import listed
from sandbox.stripe.lists import Filters, check_list, page_of
from sandbox.stripe.money_back import MoneyBack

REASONS = ("", "duplicate", "fraudulent", "requested_by_customer")
OF_A_PAYMENT = {"payment_intent": "intent_id", "charge": "charge_id"}
EVENTS_KEPT_FOR = 30 * 24 * 3600 * 1000  # ms


class Records:
    def __init__(self, api: Api, money_back: MoneyBack) -> None:
        self._api = api
        self._books = api.books
        self._money_back = money_back

    def calls(self) -> list[Call]:
        call = self._api.call
        return [
            call("refund", "POST", "/v1/refunds", self.refund, kind="refund"),
            call("list_refunds", "GET", "/v1/refunds", self.list_refunds, kind="refund", many=True),
            call("retrieve_refund", "GET", "/v1/refunds/{id}", self.retrieve_refund, kind="refund"),
            call("retrieve_charge", "GET", "/v1/charges/{id}", self.retrieve_charge, kind="charge"),
            call("list_disputes", "GET", "/v1/disputes", self.list_disputes, kind="dispute", many=True),
            call("retrieve_dispute", "GET", "/v1/disputes/{id}", self.retrieve_dispute, kind="dispute"),
            call("list_events", "GET", "/v1/events", self.list_events, kind="event", many=True),
            call("retrieve_event", "GET", "/v1/events/{id}", self.retrieve_event, kind="event"),
            call("balance", "GET", "/v1/balance", self.balance, kind="balance"),
            call("account", "GET", "/v1/account", self.account, kind="account"),
        ]

    async def refund(self, ask: Ask) -> Json:
        """Give money back."""
        allow(ask.params, ("payment_intent", "charge", "amount", "reason", "metadata", "expand"))
        reason, said = one_of(ask.params, "reason", REASONS) or None, metadata(ask.params)
        asked = whole(ask.params, "amount", 0)
        if asked == 0 and "amount" in ask.params:
            invalid = "This value must be greater than or equal to 1."
            raise bad_parameter("amount", invalid, code="parameter_invalid_integer")
        charge = self._charge(ask)
        amount = asked or self._money_back.refundable(charge)
        return self._api.bodies.refund(self._money_back.refund(charge, amount, reason=reason, metadata=said))

    async def list_refunds(self, ask: Ask) -> Json:
        return self._list(self._books.refunds, ask, kind="refund", by=OF_A_PAYMENT)

    async def retrieve_refund(self, ask: Ask) -> Json:
        self._api.stories.tick()
        return self._one(self._books.refunds, ask, kind="refund")

    async def retrieve_charge(self, ask: Ask) -> Json:
        return self._one(self._books.charges, ask, kind="charge")

    async def list_disputes(self, ask: Ask) -> Json:
        return self._list(self._books.disputes, ask, kind="dispute", by=OF_A_PAYMENT)

    async def retrieve_dispute(self, ask: Ask) -> Json:
        return self._one(self._books.disputes, ask, kind="dispute")

    async def list_events(self, ask: Ask) -> Json:
        """What has happened in the last thirty days, newest first."""
        check_list(ask.params, "type", "types")
        self._api.stories.tick()
        filters = Filters(ask.merchant.name)
        filters.add("created > ?", self._api.world.clock.now() - EVENTS_KEPT_FOR)
        types = [str(one) for one in listed(ask.params, "types")]
        if "type" in ask.params:
            types.append(text(ask.params, "type"))
        if types:
            either = " OR ".join("type GLOB ?" for _ in types)
            filters.add(f"({either})", *types)
        events, bodies = self._books.events, self._api.bodies
        return page_of(events, bodies, ask.params, filters, url="/v1/events", kind="event")

    async def retrieve_event(self, ask: Ask) -> Json:
        return self._one(self._books.events, ask, kind="event")

    async def balance(self, ask: Ask) -> Json:
        """Nothing is ever paid out here; a call to see whether a key is good, and of which mode."""
        live = self._api.bodies.is_live(ask.merchant.name)
        return {"object": "balance", "available": [], "pending": [], "livemode": live}

    async def account(self, ask: Ask) -> Json:
        name = ask.merchant.name
        return {
            "id": f"acct_{zlib.crc32(name.encode()):016x}",
            "object": "account",
            "business_profile": {"name": name},
            "charges_enabled": True,
            "country": "US",
            "default_currency": "usd",
            "details_submitted": True,
            "payouts_enabled": True,
        }

    def _one(self, table: Table[R], ask: Ask, *, kind: str) -> Json:
        allow(ask.params, ("expand",))
        found = table.one("id = ? AND client_id = ?", ask.object_id, ask.merchant.name)
        if found is None:
            raise no_such(kind, ask.object_id)
        return self._api.bodies.of(found)

    def _list(self, table: Table[R], ask: Ask, *, kind: str, by: dict[str, str]) -> Json:
        check_list(ask.params, *by)
        self._api.stories.tick()
        filters = Filters(ask.merchant.name)
        filters.equal(ask.params, by)
        return page_of(table, self._api.bodies, ask.params, filters, url=f"/v1/{kind}s", kind=kind)

    def _charge(self, ask: Ask) -> Charge:
        """The charge that a refund is asked for. Raises StripeError."""
        owner = ask.merchant.name
        if "charge" in ask.params:
            wanted = text(ask.params, "charge")
            charge = self._books.charges.one("id = ? AND client_id = ?", wanted, owner)
            if charge is None:
                raise no_such("charge", wanted, param="charge", status=400)
            return self._captured(self._books.intents.get(charge.intent_id))
        wanted = text(ask.params, "payment_intent")
        intent = self._books.intents.one("id = ? AND client_id = ?", wanted, owner)
        if intent is None:
            raise no_such("payment_intent", wanted, param="payment_intent", status=400)
        return self._captured(intent)

    def _captured(self, intent: Intent) -> Charge:
        if intent.status != PAID or intent.charge_id is None:
            raise _nothing_to_refund(intent)
        return self._books.charges.get(intent.charge_id)


def _nothing_to_refund(intent: Intent) -> StripeError:
    text = f"This PaymentIntent ({intent.id}) does not have a successful charge to refund."
    return impossible("charge_not_refundable", text)

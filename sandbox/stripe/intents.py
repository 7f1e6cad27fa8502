"""The calls about PaymentIntents: look, capture, cancel."""

from __future__ import annotations

from dataclasses import replace

from sandbox.calls import Call
from sandbox.stripe.api import Api
from sandbox.stripe.ask import Ask, Json
from sandbox.stripe.books import CANCELED, PAID, RESERVED, Intent
from sandbox.stripe.checks import allow, metadata, one_of, whole
from sandbox.stripe.errors import StripeError, bad_parameter, impossible
from sandbox.stripe.lists import Filters, check_list, page_of
from sandbox.stripe.twists import TWISTS

INTENTS = "/v1/payment_intents"
REASONS = ("", "abandoned", "duplicate", "fraudulent", "requested_by_customer")
LAPSED = ("expired", "automatic")

CAPTURE_FAULTS = {
    "capture_declined": "The bank declines a capture: 402. The authorization stands, unless `then` says"
    " lapsed.",
    "capture_unauthorized": "A capture is refused: capture_unauthorized_payment.",
    "capture_in_other_words": "A capture that comes too late is refused as payment_intent_unexpected_state.",
}


class Intents:
    def __init__(self, api: Api) -> None:
        self._api = api
        self._stories = api.stories
        self._bank = api.stories.bank

    def calls(self) -> list[Call]:
        call, one, kind = self._api.call, f"{INTENTS}/{{id}}", "payment_intent"
        return [
            call("list_intents", "GET", INTENTS, self.list_all, kind=kind, many=True),
            call("retrieve_intent", "GET", one, self.retrieve, kind=kind),
            call("capture", "POST", f"{one}/capture", self.capture, kind=kind),
            call("cancel", "POST", f"{one}/cancel", self.cancel, kind=kind),
        ]

    async def retrieve(self, ask: Ask) -> Json:
        """How a payment stands."""
        allow(ask.params, ("expand", "client_secret"))
        intent = self._stories.read(self._api.intent(ask))
        body = self._api.bodies.intent(intent)
        fault = self._stories.take(TWISTS, self._api.books.session_of(intent))
        if fault is None:
            return body
        return TWISTS[fault.fault].change(self._api.bodies.expanded(body, ask.expand), fault)

    async def list_all(self, ask: Ask) -> Json:
        """Payments, newest first."""
        check_list(ask.params, "customer")
        self._stories.tick()
        filters, table = Filters(ask.merchant.name), self._api.books.intents
        return page_of(table, self._api.bodies, ask.params, filters, url=INTENTS, kind="payment_intent")

    async def capture(self, ask: Ask) -> Json:
        """Take the money that is reserved, or a part of it."""
        allow(ask.params, ("amount_to_capture", "final_capture", "metadata", "expand"))
        intent = self._api.intent(ask)
        amount = whole(ask.params, "amount_to_capture", intent.amount_capturable)
        said = metadata(ask.params)
        if amount == 0 and "amount_to_capture" in ask.params:
            invalid = "This value must be greater than or equal to 1."
            raise bad_parameter("amount_to_capture", invalid, code="parameter_invalid_integer")
        if intent.status != RESERVED:
            raise self._not_captured(intent)
        if amount > intent.amount_capturable:
            too_much = f"The amount to capture is greater than {intent.amount_capturable}."
            raise impossible("amount_too_large", too_much, param="amount_to_capture")
        self._let_the_bank_decide(intent)
        intent = replace(intent, metadata=intent.metadata | said)
        return self._api.bodies.intent(self._bank.capture(intent, amount))

    async def cancel(self, ask: Ask) -> Json:
        """Let go what is reserved."""
        allow(ask.params, ("cancellation_reason", "expand"))
        reason = one_of(ask.params, "cancellation_reason", REASONS)
        intent = self._api.intent(ask)
        if intent.status != RESERVED:
            raise impossible("payment_intent_unexpected_state", _not_canceled(intent), **self._shown(intent))
        return self._api.bodies.intent(self._bank.cancel(intent, reason=reason or None))

    def _let_the_bank_decide(self, intent: Intent) -> None:
        fault = self._stories.take(
            ("capture_declined", "capture_unauthorized"), self._api.books.session_of(intent)
        )
        if fault is None:
            return
        if fault.fault == "capture_unauthorized":
            raise impossible("capture_unauthorized_payment", "This payment was not authorized.")
        if fault.text("then", "") == "lapsed":
            intent = self._bank.lapse(intent)
        declined = "Your card was declined."
        raise StripeError(
            402,
            declined,
            code="card_declined",
            kept=True,
            decline_code="generic_decline",
            **self._shown(intent),
        )

    def _not_captured(self, intent: Intent) -> StripeError:
        """Why a payment in this state cannot be captured."""
        text = (
            f"This PaymentIntent could not be captured because it has a status of {intent.status}."
            " Only a PaymentIntent with one of the following statuses may be captured: requires_capture."
        )
        code = "payment_intent_unexpected_state"
        if intent.status == PAID:
            code, other = "charge_already_captured", "It has already been captured."
        elif intent.status == CANCELED and intent.cancellation_reason in LAPSED:
            code, other = "capture_charge_authorization_expired", "The authorization has expired."
        else:
            other = text
        session = self._api.books.session_of(intent)
        if other != text and self._stories.take("capture_in_other_words", session):
            code, other = "payment_intent_unexpected_state", text
        return impossible(code, other, **self._shown(intent))

    def _shown(self, intent: Intent) -> Json:
        return {"payment_intent": self._api.bodies.intent(intent)}


def _not_canceled(intent: Intent) -> str:
    if intent.status in (PAID, CANCELED):
        return f"You cannot cancel this PaymentIntent because it has a status of {intent.status}."
    return (
        "You cannot cancel this PaymentIntent because it was created by a Checkout Session."
        " Expire the Checkout Session instead."
    )

"""What people and banks do without the merchant's systems: in the dashboard, and in disputes."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.faults import Armed
from sandbox.stripe.bank import Bank
from sandbox.stripe.books import LOST, PAID, RESERVED, WON, Intent
from sandbox.stripe.money_back import MoneyBack

OUTSIDE = {
    "captured_outside": "A payment that is reserved, or read so, is captured in the dashboard; one that is"
    " named by `only`, at once.",
    "voided_outside": "As captured_outside, but it is canceled.",
    "refunded_outside": "As captured_outside, but a captured payment is refunded: `amount` of it (all).",
    "dispute_opened": "As refunded_outside, but the customer disputes it: `amount` is withdrawn.",
    "dispute_won": "As dispute_opened; and the dispute, or the one that is open, is won: the money is back.",
    "dispute_lost": "As dispute_opened; and the dispute, or the one that is open, is lost.",
}
FITTING = {
    RESERVED: ("captured_outside", "voided_outside"),
    PAID: ("refunded_outside", "dispute_opened", "dispute_won", "dispute_lost"),
}


class Outside:
    def __init__(self, bank: Bank, money_back: MoneyBack) -> None:
        self.bank = bank
        self.money_back = money_back
        self._world = bank.world
        self._books = bank.books

    def meddle(self, intent: Intent) -> Intent:
        """Do to a payment what is armed for it, if anything is."""
        reference = self._books.session_of(intent).reference
        fault = self._world.faults.take(self.bank.gateway, FITTING.get(intent.status, ()), reference)
        if fault is None:
            return intent
        DEEDS[fault.fault](self, intent, fault)
        return self._books.intents.get(intent.id)

    def tick(self) -> None:
        """Do what is armed for payments by name, and let refunds come to what they were to become."""
        self.money_back.tick()
        armed = [one for one in self._world.faults.armed if one.gateway == self.bank.gateway]
        for reference in [one.only for one in armed if one.fault in OUTSIDE and one.only is not None]:
            for session in self._books.sessions.all("reference = ? AND intent_id IS NOT NULL", reference):
                self.meddle(self._books.intents.get(session.intent_id or ""))


DEEDS: dict[str, Callable[[Outside, Intent, Armed], object]] = {
    "captured_outside": lambda outside, intent, fault: outside.bank.capture(intent, intent.amount_capturable),
    "voided_outside": lambda outside, intent, fault: outside.bank.cancel(
        intent, reason="requested_by_customer"
    ),
    "refunded_outside": lambda outside, intent, fault: outside.money_back.refund_outside(
        outside.bank.charge_of(intent), fault.whole("amount", 0)
    ),
    "dispute_opened": lambda outside, intent, fault: outside.money_back.dispute(
        outside.bank.charge_of(intent), fault.whole("amount", 0)
    ),
    "dispute_won": lambda outside, intent, fault: outside.money_back.decide(
        outside.bank.charge_of(intent), WON, fault.whole("amount", 0)
    ),
    "dispute_lost": lambda outside, intent, fault: outside.money_back.decide(
        outside.bank.charge_of(intent), LOST, fault.whole("amount", 0)
    ),
}

"""What Stripe and the card's bank do with money: decline it, reserve it, take it, let it go."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sandbox.faults import Armed
from sandbox.stripe.bodies import DECLINED, Bodies, reads_as_refund
from sandbox.stripe.books import (
    CANCELED,
    FAILED,
    PAID,
    PROCESSING,
    SUCCEEDED,
    UNPAID,
    Books,
    Charge,
    Intent,
    Refund,
)
from sandbox.stripe.ids import new_id
from sandbox.stripe.notices import Notices
from sandbox.world import World

Json = dict[str, Any]

AUTHORIZATION_FAULTS = {
    "authorization_short": "An authorization is for `seconds` (60) only, and says so.",
    "authorization_lapses_early": "An authorization lapses after `seconds` (0), whatever it says.",
}


class Bank:
    def __init__(self, world: World, books: Books, bodies: Bodies, notices: Notices, *, gateway: str) -> None:
        self.world = world
        self.books = books
        self.bodies = bodies
        self.notices = notices
        self.gateway = gateway

    def decline(self, intent: Intent) -> Intent:
        """The card is no good. What of a payment is left waits for another one."""
        charge = self.books.charges.save(self._new_charge(intent, FAILED))
        error = DECLINED | {"charge": charge.id}
        intent = self._moved(intent, UNPAID, charge_id=charge.id, last_payment_error=error)
        self.notices.tell("charge.failed", charge)
        self.notices.tell("payment_intent.payment_failed", intent)
        return intent

    def arrive(self, intent: Intent, status: str) -> Intent:
        """The card is good: money is reserved, or taken."""
        is_paid = status == PAID
        charge = self._new_charge(intent, SUCCEEDED)
        if is_paid:
            charge = replace(charge, captured=True, amount_captured=intent.amount)
        else:
            charge, intent = self._reserved(charge, intent)
        self.books.charges.save(charge)
        intent = self._moved(
            intent,
            status,
            charge_id=charge.id,
            amount_received=intent.amount if is_paid else 0,
            amount_capturable=0 if is_paid else intent.amount,
            last_payment_error={},
        )
        self.notices.tell("charge.succeeded", charge)
        event = "payment_intent.succeeded" if is_paid else "payment_intent.amount_capturable_updated"
        self.notices.tell(event, intent)
        return intent

    def wait(self, intent: Intent, *, becomes: str, fault: Armed) -> None:
        """Let a bank take its time: so many reads, or so many seconds."""
        timed = "seconds" in fault.extra
        at = self.world.clock.now() + fault.whole("seconds", 0) * 1000
        intent = replace(
            intent,
            status=PROCESSING,
            becomes=becomes,
            moves_at=at if timed else None,
            moves_after_reads=None if timed else fault.whole("reads", 3),
        )
        self.notices.tell("payment_intent.processing", self.books.intents.save(intent))

    def capture(self, intent: Intent, amount: int) -> Intent:
        """Take ``amount`` of what is reserved, and let the rest go. The caller has checked that it can be."""
        charge = self.charge_of(intent)
        was = self.bodies.charge(charge)
        charge = self.books.charges.save(replace(charge, captured=True, amount_captured=amount))
        rest = intent.amount_capturable - amount
        intent = self.books.intents.save(
            replace(intent, status=PAID, amount_received=amount, amount_capturable=0, lapses_at=None)
        )
        self.notices.tell("charge.captured", charge, was=was)
        self.release(charge, rest)
        self.notices.tell("payment_intent.succeeded", intent)
        self.notices.tell("charge.updated", charge, was=was)
        return intent

    def cancel(self, intent: Intent, *, reason: str | None) -> Intent:
        """A payment comes to an end without money, or lets go what it had reserved."""
        rest = intent.amount_capturable
        intent = self.books.intents.save(
            replace(
                intent,
                status=CANCELED,
                canceled_at=self.world.clock.now(),
                cancellation_reason=reason,
                amount_capturable=0,
                lapses_at=None,
            )
        )
        if rest:
            self.release(self.charge_of(intent), rest)
        self.notices.tell("payment_intent.canceled", intent)
        return intent

    def release(self, charge: Charge, amount: int) -> None:
        """Let reserved money go, which Stripe's older versions show as a refund."""
        merchant = self.world.merchants.get(self.gateway, charge.client_id)
        if amount <= 0 or not reads_as_refund(merchant["api_version"]):
            return
        was = self.bodies.charge(charge)
        refund = new_refund(charge, amount=amount, now=self.world.clock.now())
        self.books.refunds.save(replace(refund, is_release=True))
        self.notices.tell("charge.refunded", charge, was=was)

    def lapse(self, intent: Intent) -> Intent:
        """Nobody has captured an authorization in time."""
        merchant = self.world.merchants.get(self.gateway, intent.client_id)
        reason = "automatic" if reads_as_refund(merchant["api_version"]) else "expired"
        self.notices.tell("charge.expired", self.charge_of(intent))
        return self.cancel(intent, reason=reason)

    def charge_of(self, intent: Intent) -> Charge:
        return self.books.charges.get(intent.charge_id or "")

    # -- details ------------------------------------------------------------------------------------------

    def _reserved(self, charge: Charge, intent: Intent) -> tuple[Charge, Intent]:
        """For how long money is reserved, as the charge says and in truth."""
        reference = self.books.session_of(intent).reference
        fault = self.world.faults.take(self.gateway, AUTHORIZATION_FAULTS, reference)
        merchant = self.world.merchants.get(self.gateway, intent.client_id)
        now, window = charge.created, int(merchant["capture_window"])
        short = fault is not None and fault.fault == "authorization_short"
        said = now + (fault.whole("seconds", 60) if fault and short else window) * 1000
        true = said if fault is None or short else now + fault.whole("seconds", 0) * 1000
        return replace(charge, capture_before=said), replace(intent, lapses_at=true)

    def _moved(self, intent: Intent, status: str, **changes: Any) -> Intent:
        """The intent in its new status, waiting for nobody."""
        waits_for_nobody: Json = {"becomes": None, "moves_at": None, "moves_after_reads": None}
        return self.books.intents.save(replace(intent, status=status, **waits_for_nobody, **changes))

    def _new_charge(self, intent: Intent, status: str) -> Charge:
        return Charge(
            id=new_id("ch_"),
            client_id=intent.client_id,
            intent_id=intent.id,
            amount=intent.amount,
            currency=intent.currency,
            status=status,
            created=self.world.clock.now(),
            metadata=intent.metadata,
            failure_code="card_declined" if status == FAILED else None,
            presented=intent.presented,
        )


def new_refund(charge: Charge, *, amount: int, now: int) -> Refund:
    return Refund(
        id=new_id("re_"),
        client_id=charge.client_id,
        intent_id=charge.intent_id,
        charge_id=charge.id,
        amount=amount,
        currency=charge.currency,
        status=SUCCEEDED,
        created=now,
    )

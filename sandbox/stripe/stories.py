"""What becomes of a session and its payment once its customer, its bank or its merchant has acted."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from sandbox.errors import Closed
from sandbox.faults import Armed
from sandbox.stripe.bank import Bank
from sandbox.stripe.books import COMPLETE, EXPIRED, OPEN, PAID, RESERVED, UNPAID, Intent, Session
from sandbox.stripe.ids import new_id
from sandbox.stripe.outside import Outside

Json = dict[str, Any]

PAY_FAULTS = {
    "amount_higher": "The customer pays `amount` (100) more than was asked, in minor units.",
    "amount_lower": "The customer pays `amount` (100) less than was asked, in minor units.",
    "paid_in_another_currency": "The customer pays as many of another currency: `word` (eur).",
    "presented_in_another_currency": "The customer saw `amount` (100) of another currency, `word` (eur), and"
    " presentment_details say so; what was asked stays as it is.",
    "pay_pending": "A payment stays processing for `reads` (3) reads, or `seconds` instead; then it is as it"
    " should be, or what `ends` says: requires_payment_method, when the bank has declined it.",
}
LATE_SUCCESS = {
    "late_success": "A customer can still pay a session that has expired.",
}


class Stories:
    def __init__(self, bank: Bank, outside: Outside) -> None:
        self.bank = bank
        self._outside = outside
        self.world = bank.world
        self.books = bank.books
        self.notices = bank.notices
        self.gateway = bank.gateway

    # -- the customer -------------------------------------------------------------------------------------

    def settle(self, session: Session, outcome: str) -> Session:
        """Do what the customer chose. Paying twice changes nothing; Closed if it is too late to pay."""
        session = self.aged(session)
        if session.status == OPEN:
            return CHOICES[outcome](self, session)
        if outcome != "pay" or session.status == COMPLETE:
            return session
        if not self.take(LATE_SUCCESS, session):
            raise Closed(session.reference)
        return self.pay(session)

    def can_be_paid(self, session: Session) -> bool:
        late = self.world.faults.peek(self.gateway, LATE_SUCCESS, session.reference) is not None
        return session.status == OPEN or (late and session.status == EXPIRED)

    def pay(self, session: Session) -> Session:
        """The card is good: money is reserved, or taken at once."""
        fault = self.take(PAY_FAULTS, session)
        session = replace(session, **_paid(session, fault))
        session, intent = self._with_intent(session)
        intent = replace(
            intent, amount=session.amount, currency=session.currency, presented=session.presented
        )
        becomes = RESERVED if session.capture_method == "manual" else PAID
        session = self.books.sessions.save(replace(session, status=COMPLETE))
        if fault is not None and fault.fault == "pay_pending":
            self.bank.wait(intent, becomes=fault.text("ends", becomes), fault=fault)
        else:
            self.bank.arrive(intent, becomes)
        self.notices.tell("checkout.session.completed", session)
        self._outside.meddle(self.books.intents.get(intent.id))
        return session

    def decline(self, session: Session) -> Session:
        """The bank declines the card. The session stays open for another one."""
        session, intent = self._with_intent(session)
        self.bank.decline(intent)
        return session

    # -- the bank -----------------------------------------------------------------------------------------

    def arrive(self, intent: Intent) -> Intent:
        """The bank has answered for a payment that was processing."""
        session = self.books.sessions.get(intent.session_id)
        if intent.becomes == UNPAID:
            intent = self.bank.decline(intent)
            self.notices.tell("checkout.session.async_payment_failed", session)
            return intent
        intent = self.bank.arrive(intent, intent.becomes or intent.status)
        self.notices.tell("checkout.session.async_payment_succeeded", session)
        return self._outside.meddle(intent)

    # -- time, and those who ask --------------------------------------------------------------------------

    def aged(self, session: Session) -> Session:
        """The session as time has left it."""
        if session.status == OPEN and session.expires_at <= self.world.clock.now():
            return self.expire(session)
        return session

    def expire(self, session: Session) -> Session:
        """A session comes to its end, and what its customer had begun to pay with it."""
        session = self.books.sessions.save(replace(session, status=EXPIRED))
        if session.intent_id:
            self.bank.cancel(self.books.intents.get(session.intent_id), reason="automatic")
        self.notices.tell("checkout.session.expired", session)
        return session

    def aged_intent(self, intent: Intent) -> Intent:
        """The payment as time has left it."""
        now = self.world.clock.now()
        if intent.moves_at is not None and intent.moves_at <= now:
            return self.arrive(intent)
        if intent.lapses_at is not None and intent.lapses_at <= now:
            return self.bank.lapse(intent)
        return intent

    def read(self, intent: Intent) -> Intent:
        """The payment as a read finds it; for some, being read is what they wait for."""
        intent = self.aged_intent(intent)
        if intent.moves_after_reads == 0:
            return self.arrive(intent)
        if intent.moves_after_reads is not None:
            return self.books.intents.save(replace(intent, moves_after_reads=intent.moves_after_reads - 1))
        return self._outside.meddle(intent)

    def tick(self) -> None:
        """Let happen what is due: what expires and lapses, what banks answer, what is done elsewhere."""
        now = self.world.clock.now()
        for session in self.books.sessions.all("status = ? AND expires_at <= ?", OPEN, now):
            self.aged(session)
        for intent in self.books.intents.all("lapses_at <= ? OR moves_at <= ?", now, now):
            self.aged_intent(intent)
        self._outside.tick()

    # -- details ------------------------------------------------------------------------------------------

    def take(self, names: str | Iterable[str], session: Session, *about: str) -> Armed | None:
        """The fault of these names that is armed for this session, used up by one."""
        return self.world.faults.take(self.gateway, names, session.reference, *about)

    def _with_intent(self, session: Session) -> tuple[Session, Intent]:
        """There is no intent until the customer presses the button, and a new one after a canceled one."""
        known = self.books.intents.get(session.intent_id) if session.intent_id else None
        if known is not None and known.status == UNPAID:
            return session, known
        intent = Intent(
            id=new_id("pi_"),
            client_id=session.client_id,
            session_id=session.id,
            amount=session.amount,
            currency=session.currency,
            capture_method=session.capture_method,
            status=UNPAID,
            created=self.world.clock.now(),
            metadata=session.intent_metadata,
        )
        session = self.books.sessions.save(replace(session, intent_id=intent.id))
        self.notices.tell("payment_intent.created", self.books.intents.save(intent))
        return session, intent


def _paid(session: Session, fault: Armed | None) -> Json:
    """What is other than was asked."""
    if fault is None or fault.fault == "pay_pending":
        return {}
    amount, word = fault.whole("amount", 100), fault.text("word", "eur")
    presented = {"presentment_amount": amount, "presentment_currency": word}
    others: dict[str, Json] = {
        "amount_higher": {"amount": session.amount + amount},
        "amount_lower": {"amount": max(session.amount - amount, 1)},
        "paid_in_another_currency": {"currency": word},
        "presented_in_another_currency": {"presented": presented},
    }
    return others[fault.fault]


CHOICES: dict[str, Callable[[Stories, Session], Session]] = {
    "pay": Stories.pay,
    "fail": Stories.decline,
    "cancel": lambda stories, session: session,  # going back is all there is to it
}

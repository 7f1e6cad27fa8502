"""What becomes of a payment once its customer, its merchant or its bank has acted, or time has passed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from sandbox.errors import Closed
from sandbox.faults import Armed
from sandbox.toy.books import (
    AUTHORIZED,
    CANCELED,
    CAPTURED,
    CAPTURING,
    DECLINED,
    EXPIRED,
    FAILED,
    LAPSED,
    OPEN,
    PENDING,
    PROCESSING,
    SUCCEEDED,
    VOIDED,
    Books,
    Payment,
    Refund,
)
from sandbox.toy.errors import ToyError
from sandbox.toy.ids import new_id
from sandbox.toy.notices import Notices
from sandbox.world import World

PAY_FAULTS = {
    "amount_higher": "The customer pays `amount` (100) more than was asked, in minor units.",
    "amount_lower": "The customer pays `amount` (100) less than was asked, in minor units.",
    "pay_pending": "A payment stays processing for `reads` (3) reads, or `seconds` instead; then it is as it"
    " should be.",
}
LATE_SUCCESS = {
    "late_success": "A customer can still pay a payment that was declined, canceled or has expired.",
}
AUTHORIZATION_FAULTS = {
    "authorization_short": "An authorization is for `seconds` (60) only, and says so.",
    "authorization_lapses_early": "An authorization lapses after `seconds` (0), whatever it says.",
}
CAPTURE_FAULTS = {
    "capture_declined": "The bank declines a capture: 402. The authorization stands, unless `then` says"
    " lapsed.",
    "capture_pending": "A capture stays capturing for `reads` (3) reads, or `seconds` instead; then it is"
    " captured, or what `ends` says: authorized, when the bank has declined it after all.",
}
OUTSIDE = {
    "captured_outside": "A payment that is authorized, or read so, is captured in the dashboard; one that is"
    " named by `only`, at once.",
    "voided_outside": "As captured_outside, but it is voided.",
    "refunded_outside": "As captured_outside, but a captured payment is refunded: `amount` of it (all).",
}
REFUND_FAULTS = {
    "refund_refused": "A refund is refused with `word` (charge_disputed), 409.",
    "refund_pending": "A refund is pending for `seconds` (three days), then succeeds.",
    "refund_fails": "A refund is pending for `seconds` (3), then fails.",
    "refund_fails_after_success": "A refund succeeds, and fails `seconds` (3) later.",
}
UNDER_WAY = f"state IN ('{OPEN}', '{PROCESSING}', '{AUTHORIZED}', '{CAPTURING}')"
# Why a payment in this state cannot be captured, or voided; any other was never authorized.
NOT_CAPTURED = {
    CAPTURING: "already_captured",
    CAPTURED: "already_captured",
    VOIDED: "already_voided",
    LAPSED: "authorization_expired",
}
NOT_VOIDED = {CAPTURING: "already_captured", CAPTURED: "already_captured"}


class Stories:
    def __init__(self, world: World, books: Books, notices: Notices, *, gateway: str) -> None:
        self.world = world
        self.books = books
        self.notices = notices
        self.gateway = gateway

    # -- the customer -------------------------------------------------------------------------------------

    def settle(self, payment: Payment, outcome: str) -> Payment:
        """Do what the customer chose. Choosing twice changes nothing; Closed if it is too late to pay."""
        payment = self.aged(payment)
        if payment.state == OPEN:
            return CHOICES[outcome](self, payment)
        if outcome != "pay" or payment.state not in (DECLINED, CANCELED, EXPIRED):
            return payment
        if self.take(LATE_SUCCESS, payment):
            return self.pay(payment)
        raise Closed(payment.reference)

    def can_be_paid(self, payment: Payment) -> bool:
        late = self.world.faults.peek(self.gateway, LATE_SUCCESS, payment.reference) is not None
        return payment.state == OPEN or (late and payment.state in (DECLINED, CANCELED, EXPIRED))

    def pay(self, payment: Payment) -> Payment:
        fault = self.take(PAY_FAULTS, payment)
        payment = replace(payment, paid=_paid(payment, fault))
        becomes = AUTHORIZED if payment.manual else CAPTURED
        if fault is not None and fault.fault == "pay_pending":
            return self.wait(payment, PROCESSING, becomes=becomes, taking=payment.paid, fault=fault)
        return self.arrive(payment, becomes, taking=payment.paid)

    def end(self, payment: Payment, state: str) -> Payment:
        """A payment comes to an end without money, or gives back what it had reserved."""
        payment = self.save(payment, state=state, paid=0, lapses_at=None)
        self.notices.tell(payment)
        return payment

    # -- the merchant -------------------------------------------------------------------------------------

    def capture(self, payment: Payment, amount: int) -> Payment:
        """Take ``amount`` of what is reserved, and set the rest free. Raises ToyError."""
        payment = self.aged(payment)
        if payment.state != AUTHORIZED:
            raise ToyError(409, NOT_CAPTURED.get(payment.state, "not_authorized"))
        if amount > payment.paid:
            raise ToyError(422, "amount_too_large")
        fault = self.take(CAPTURE_FAULTS, payment)
        if fault is None:
            return self.arrive(payment, CAPTURED, taking=amount)
        if fault.fault == "capture_pending":
            ends = fault.text("ends", CAPTURED)
            return self.wait(payment, CAPTURING, becomes=ends, taking=amount, fault=fault)
        if fault.text("then", AUTHORIZED) == LAPSED:
            self.end(payment, LAPSED)
        raise ToyError(402, "capture_declined")

    def void(self, payment: Payment) -> Payment:
        """Set reserved money free. What is free already stays so. Raises ToyError."""
        payment = self.aged(payment)
        if payment.state in (VOIDED, LAPSED):
            return payment
        if payment.state != AUTHORIZED:
            raise ToyError(409, NOT_VOIDED.get(payment.state, "not_authorized"))
        return self.end(payment, VOIDED)

    def refund(self, payment: Payment, *, reference: str, amount: int) -> Refund:
        """Give ``amount`` of a payment back. The caller has checked that there is as much left."""
        fault = self.take(REFUND_FAULTS, payment, reference)
        if fault is not None and fault.fault == "refund_refused":
            raise ToyError(409, fault.text("word", "charge_disputed"))
        refund = Refund(new_id("ref"), payment.client_id, reference, payment.id, amount, SUCCEEDED)
        if fault is not None:
            state, becomes, after = REFUNDS[fault.fault]
            moves_at = self.world.clock.now() + fault.whole("seconds", after) * 1000
            refund = replace(refund, state=state, becomes=becomes, moves_at=moves_at)
        return self._written(refund)

    # -- time, the bank, and those who ask ----------------------------------------------------------------

    def tick(self) -> None:
        """Let expire and lapse what is over, answer for the banks, and do what is done in the dashboard."""
        for payment in self.books.payments(UNDER_WAY):
            self.aged(payment)
        for reference in self._named_from_outside():
            for payment in self.books.payments("reference = ?", reference):
                self.outside(payment)
        for refund in self.books.refunds("moves_at <= ?", self.world.clock.now()):
            self.advance(refund)

    def aged(self, payment: Payment) -> Payment:
        """The payment as time has left it."""
        now = self.world.clock.now()
        if payment.moves_at is not None and payment.moves_at <= now:
            return self.arrive(payment, payment.becomes or payment.state, taking=payment.taking)
        if payment.state == OPEN and payment.expires_at <= now:
            return self.end(payment, EXPIRED)
        if payment.state == AUTHORIZED and payment.lapses_at is not None and payment.lapses_at <= now:
            return self.end(payment, LAPSED)
        return payment

    def read(self, payment: Payment) -> Payment:
        """The payment as a read finds it; for some, being read is what they wait for."""
        payment = self.aged(payment)
        if payment.moves_after_reads == 0:
            return self.arrive(payment, payment.becomes or payment.state, taking=payment.taking)
        if payment.moves_after_reads is not None:
            return self.save(payment, moves_after_reads=payment.moves_after_reads - 1)
        return self.outside(payment)

    def advance(self, refund: Refund) -> Refund:
        """A refund comes to what it was to become."""
        state = refund.becomes or refund.state
        return self._written(replace(refund, state=state, becomes=None, moves_at=None))

    def outside(self, payment: Payment) -> Payment:
        """If that is armed: what somebody does in the dashboard, and the merchant's systems do not know."""
        fault = self.take(FITTING.get(payment.state, ()), payment)
        return DASHBOARD[fault.fault](self, payment, fault) if fault else payment

    # -- details ------------------------------------------------------------------------------------------

    def arrive(self, payment: Payment, state: str, *, taking: int) -> Payment:
        """The bank has answered: money is reserved, or taken."""
        is_taken = state == CAPTURED
        payment = replace(
            payment,
            state=state,
            captured=taking if is_taken else 0,
            becomes=None,
            moves_at=None,
            moves_after_reads=None,
        )
        if state == AUTHORIZED and payment.capture_before is None:
            payment = self._reserved(payment)
        payment = self.books.save(payment)
        self.notices.tell(payment)
        return self.outside(payment)

    def refund_outside(self, payment: Payment, amount: int) -> Payment:
        """Give ``amount`` back (all that is left, if 0) under a reference that is not the merchant's."""
        left = self.books.refundable(payment)
        if left > 0:
            key, back = new_id("dashboard"), min(amount or left, left)
            self._written(Refund(new_id("ref"), payment.client_id, key, payment.id, back, SUCCEEDED))
        return payment

    def _named_from_outside(self) -> list[str]:
        """The references that somebody in the dashboard has in mind."""
        armed = [one for one in self.world.faults.armed if one.gateway == self.gateway]
        return [one.only for one in armed if one.fault in OUTSIDE and one.only is not None]

    def _written(self, refund: Refund) -> Refund:
        self.notices.tell_refund(self.books.save_refund(refund))
        return refund

    def _reserved(self, payment: Payment) -> Payment:
        """For how long it is, as it says and in truth."""
        fault = self.take(AUTHORIZATION_FAULTS, payment)
        merchant = self.world.merchants.get(self.gateway, payment.client_id)
        now, window = self.world.clock.now(), int(merchant["capture_window"])
        short = fault is not None and fault.fault == "authorization_short"
        said = now + (fault.whole("seconds", 60) if fault and short else window) * 1000
        true = said if fault is None or short else now + fault.whole("seconds", 0) * 1000
        return replace(payment, capture_before=said, lapses_at=true)

    def wait(self, payment: Payment, state: str, *, becomes: str, taking: int, fault: Armed) -> Payment:
        """Let a bank take its time: so many reads, or so many seconds."""
        timed = "seconds" in fault.extra
        at = self.world.clock.now() + fault.whole("seconds", 0) * 1000
        return self.save(
            payment,
            state=state,
            becomes=becomes,
            taking=taking,
            moves_at=at if timed else None,
            moves_after_reads=None if timed else fault.whole("reads", 3),
        )

    def take(self, names: str | Iterable[str], payment: Payment, *about: str) -> Armed | None:
        """The fault of these names that is armed for this payment, used up by one."""
        return self.world.faults.take(self.gateway, names, payment.reference, *about)

    def save(self, payment: Payment, **changes: object) -> Payment:
        return self.books.save(replace(payment, **changes))  # type: ignore[arg-type]  # names of fields


def _paid(payment: Payment, fault: Armed | None) -> int:
    sign = {"amount_higher": 1, "amount_lower": -1}.get(fault.fault, 0) if fault else 0
    return max(payment.amount + sign * (fault.whole("amount", 100) if fault else 0), 1)


# A refund's state, what it becomes, and after how many seconds.
REFUNDS: dict[str, tuple[str, str, int]] = {
    "refund_pending": (PENDING, SUCCEEDED, 3 * 86_400),
    "refund_fails": (PENDING, FAILED, 3),
    "refund_fails_after_success": (SUCCEEDED, FAILED, 3),
}
CHOICES: dict[str, Callable[[Stories, Payment], Payment]] = {
    "pay": Stories.pay,
    "fail": lambda stories, payment: stories.end(payment, DECLINED),
    "cancel": lambda stories, payment: stories.end(payment, CANCELED),
}
FITTING = {AUTHORIZED: ("captured_outside", "voided_outside"), CAPTURED: ("refunded_outside",)}
DASHBOARD: dict[str, Callable[[Stories, Payment, Armed], Payment]] = {
    "captured_outside": lambda stories, payment, fault: stories.arrive(
        payment, CAPTURED, taking=payment.paid
    ),
    "voided_outside": lambda stories, payment, fault: stories.end(payment, VOIDED),
    "refunded_outside": lambda stories, payment, fault: stories.refund_outside(
        payment, fault.whole("amount", 0)
    ),
}

"""Money that goes back: refunds, and what the card's bank takes back when its customer disputes a charge."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sandbox.faults import Armed
from sandbox.stripe.bank import Bank, new_refund
from sandbox.stripe.books import (
    FAILED,
    LOST,
    NEEDS_RESPONSE,
    PENDING,
    SUCCEEDED,
    WON,
    Charge,
    Dispute,
    Refund,
)
from sandbox.stripe.errors import impossible
from sandbox.stripe.ids import new_id
from sandbox.stripe.money import written

Json = dict[str, Any]

REFUND_FAULTS = {
    "refund_refused": "A refund is refused with `word` (charge_disputed).",
    "refund_pending": "A refund is pending for `seconds` (three days), then succeeds.",
    "refund_fails": "A refund is pending for `seconds` (3), then fails.",
    "refund_fails_after_success": "A refund succeeds, and fails `seconds` (3) later.",
}
# A refund's status, what it becomes, and after how many seconds.
REFUNDS = {
    "refund_pending": (PENDING, SUCCEEDED, 3 * 86_400),
    "refund_fails": (PENDING, FAILED, 3),
    "refund_fails_after_success": (SUCCEEDED, FAILED, 3),
}


class MoneyBack:
    def __init__(self, bank: Bank) -> None:
        self._bank = bank
        self._world = bank.world
        self._books = bank.books
        self._bodies = bank.bodies
        self._notices = bank.notices

    def refund(self, charge: Charge, amount: int, **said: Any) -> Refund:
        """Give ``amount`` of a charge back. Raises StripeError."""
        reference = self._books.session_of(charge).reference
        fault = self._world.faults.take(self._bank.gateway, REFUND_FAULTS, reference)
        self._check(charge, amount, fault)
        refund = replace(new_refund(charge, amount=amount, now=self._world.clock.now()), **said)
        if fault is not None:
            status, becomes, after = REFUNDS[fault.fault]
            moves_at = self._world.clock.now() + fault.whole("seconds", after) * 1000
            refund = replace(refund, status=status, becomes=becomes, moves_at=moves_at)
        was = self._bodies.charge(charge)
        refund = self._books.refunds.save(refund)
        self._notices.tell("refund.created", refund)
        self._notices.tell("charge.refunded", charge, was=was)
        return refund

    def refund_outside(self, charge: Charge, amount: int) -> None:
        """Give ``amount`` back (all that is left, if 0), as somebody does in the dashboard."""
        left = self.refundable(charge)
        if left > 0 and not self._is_disputed(charge):
            self.refund(charge, min(amount or left, left), reason="requested_by_customer")

    def refundable(self, charge: Charge) -> int:
        """What is left, counting refunds that are still under way as gone."""
        return charge.amount_captured - sum(
            one.amount
            for one in self._books.refunds.all("charge_id = ? AND status <> ?", charge.id, FAILED)
            if not one.is_release
        )

    def tick(self) -> None:
        """Let refunds come to what they were to become."""
        for refund in self._books.refunds.all("moves_at <= ?", self._world.clock.now()):
            self._advance(refund)

    # -- disputes -----------------------------------------------------------------------------------------

    def dispute(self, charge: Charge, amount: int) -> Dispute:
        """The customer disputes a charge: ``amount`` (all that is left, if 0) is withdrawn at once.

        One of which nothing is left is disputed whole: its customer may not have seen the refund yet.
        """
        left = self.refundable(charge) or charge.amount_captured
        dispute = self._books.disputes.save(
            Dispute(
                id=new_id("dp_"),
                client_id=charge.client_id,
                intent_id=charge.intent_id,
                charge_id=charge.id,
                amount=min(amount or left, left),
                currency=charge.currency,
                status=NEEDS_RESPONSE,
                created=self._world.clock.now(),
            )
        )
        self._notices.tell("charge.dispute.created", dispute)
        self._notices.tell("charge.dispute.funds_withdrawn", dispute)
        return dispute

    def decide(self, charge: Charge, status: str, amount: int) -> Dispute:
        """The dispute that is open about a charge is WON or LOST; one is opened first, if there is none."""
        dispute = self._open_dispute(charge) or self.dispute(charge, amount)
        was = self._bodies.dispute(dispute)
        dispute = self._books.disputes.save(replace(dispute, status=status))
        self._notices.tell("charge.dispute.closed", dispute, was=was)
        if status == WON:
            self._notices.tell("charge.dispute.funds_reinstated", dispute)
        return dispute

    # -- details ------------------------------------------------------------------------------------------

    def _check(self, charge: Charge, amount: int, fault: Armed | None) -> None:
        if fault is not None and fault.fault == "refund_refused":
            raise impossible(fault.text("word", "charge_disputed"), "This charge cannot be refunded.")
        if self._is_disputed(charge):
            raise impossible("charge_disputed", f"Charge {charge.id} has been charged back; cannot refund.")
        left = self.refundable(charge)
        if left <= 0:
            raise impossible("charge_already_refunded", f"Charge {charge.id} has already been refunded.")
        if amount > left:
            sums = written(amount, charge.currency), written(left, charge.currency)
            text = "Refund amount ({}) is greater than unrefunded amount on charge ({})".format(*sums)
            raise impossible(None, text, param="amount")

    def _is_disputed(self, charge: Charge) -> bool:
        return bool(self._books.disputes.all("charge_id = ? AND status IN (?, ?)", charge.id, *STANDING))

    def _open_dispute(self, charge: Charge) -> Dispute | None:
        return self._books.disputes.one("charge_id = ? AND status = ?", charge.id, NEEDS_RESPONSE)

    def _advance(self, refund: Refund) -> None:
        charge = self._books.charges.get(refund.charge_id)
        was, charge_was = self._bodies.refund(refund), self._bodies.charge(charge)
        status = refund.becomes or refund.status
        failure = "expired_or_canceled_card" if status == FAILED else None
        refund = replace(refund, status=status, failure_reason=failure, becomes=None, moves_at=None)
        refund = self._books.refunds.save(refund)
        self._notices.tell("refund.updated", refund, was=was)
        self._notices.tell("charge.refund.updated", refund, was=was)
        if status == FAILED:
            self._notices.tell("refund.failed", refund, was=was)
            self._notices.tell("charge.updated", charge, was=charge_was)


# A dispute that is open or lost stands in the way of a refund.
STANDING = (NEEDS_RESPONSE, LOST)

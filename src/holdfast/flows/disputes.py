"""Disputes: a card's bank withdraws money while it looks at what its customer says, and may give it back.

Each is a movement of its own, open while it is ``pending``. A person answers it at the gateway; here it is
written down, told, and looked at daily until the bank has decided.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import structlog

from holdfast.payments.actions import record_dispute, record_dispute_won
from holdfast.payments.gateways.base import Dispute, DisputeBecame
from holdfast.payments.models import Payment, Transaction
from holdfast.platform.db import transaction_required
from holdfast.platform.outbox import post

from .decisions import GOES_ON
from .entering import bookings_of
from .story import Story

log = structlog.get_logger(__name__)

DISPUTE, WON = Transaction.Kind.DISPUTE, Transaction.Kind.DISPUTE_WON
# Bookings that their money still pays for.
PAID_FOR = ("pending_approval", "confirmed", "in_progress", "completed", "no_show")


@dataclass(frozen=True)
class Known:
    """A dispute as our rows have it. ``amount`` is what the bank has of it now."""

    reference: str
    became: DisputeBecame
    amount: int
    row: Transaction


def disputes_of(payment: Payment) -> tuple[Known, ...]:
    """Every dispute about a payment that was written down."""
    rows = payment.transactions.filter(kind__in=(DISPUTE, WON)).order_by("pk")
    won = {row.gateway_reference for row in rows if row.kind == WON}
    return tuple(_known(row, is_won=row.gateway_reference in won) for row in rows if row.kind == DISPUTE)


def gone_without_disputes(payment: Payment, disputes: Iterable[Known]) -> int:
    """What we know to have gone of a payment otherwise: sent by us, or at the gateway by somebody else."""
    return payment.refunding + payment.refunded + payment.reversed - sum(one.amount for one in disputes)


@transaction_required
def follow_disputes(story: Story, known: Iterable[Known]) -> None:
    """Write down what the gateway tells of disputes beyond what is ``known``, and have somebody told.

    One in another currency than its payment's says nothing that could be written beside it.
    """
    rows = {one.reference: one for one in known}
    currency = story.payment.currency
    for dispute in [one for one in story.outcome.disputes if one.amount.currency == currency]:
        before = rows.get(dispute.reference)
        if dispute.became in GOES_ON[before.became if before else None]:
            _follow(story, dispute, before)
            log.error("disputed", reference=story.payment.reference, by=dispute.reference, word=dispute.word)


def _known(row: Transaction, *, is_won: bool) -> Known:
    decided = DisputeBecame.WON if is_won else DisputeBecame.LOST
    became = DisputeBecame.OPEN if row.state == "pending" else decided
    return Known(row.gateway_reference, became, 0 if is_won else row.amount, row)


def _follow(story: Story, dispute: Dispute, before: Known | None) -> None:
    payment, is_open = story.payment, dispute.became is DisputeBecame.OPEN
    if before is None:
        record_dispute(
            payment,
            dispute.amount,
            key=f"dispute-{dispute.reference}"[:59],
            word=dispute.word,
            gateway_reference=dispute.reference,
            is_open=is_open,
            by=story.by,
            now=story.now,
        )
    elif before.row.state == "pending":
        before.row.move("succeed", by=story.by, at=story.now, why=dispute.word, word=dispute.word[:60])
    if before is not None and dispute.became is DisputeBecame.WON:
        record_dispute_won(before.row, word=dispute.word, now=story.now)
        _pay_again(story)
    step = f"{dispute.reference}-{dispute.became}"
    post("email", name="disputed", payment=payment.pk, step=step, how=dispute.became)


def _pay_again(story: Story) -> None:
    """What has come back pays its due again; or a person says what it is for, if nothing asks for it now."""
    payment = Payment.objects.select_related("due").get(pk=story.payment.pk)
    if payment.wins or payment.quarantined or not payment.left:
        return
    is_asked_for = payment.has_won and not story.another_wins and payment.due.withdrawn_at is None
    stands = any(booking.state in PAID_FOR for booking in bookings_of(story.order))
    again = Payment.objects.filter(pk=payment.pk)
    if is_asked_for and stands:
        again.update(wins=True)
    else:
        again.update(quarantined=True, reason="dispute won")

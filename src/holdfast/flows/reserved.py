"""What became of reserved money: taken, set free, or lost, with or without our asking."""

from __future__ import annotations

from datetime import timedelta

import structlog

from holdfast.availability.actions import hold
from holdfast.orders.dues import COMES_LATER
from holdfast.orders.models import Due
from holdfast.payments.actions import record
from holdfast.payments.models import Transaction
from holdfast.payments.queries import asked_by
from holdfast.platform.db import transaction_required
from holdfast.platform.outbox import post

from .decisions import Decision
from .entering import bookings_of, tell
from .movements import give_back
from .moving import carry_out_move, still_waits
from .story import Story, late_look, reserved_look, sweep_look

log = structlog.get_logger(__name__)

# How long after each void that was refused another is tried. Then the authorization lapses by itself.
TRY_ANEW_AFTER = (timedelta(hours=1), timedelta(hours=12))


@transaction_required
def captured(story: Story, decision: Decision) -> None:
    """The gateway has taken it as we asked: what waited for that is confirmed."""
    accepted_by = _conclude(story, "succeed")
    _now_taken(story, decision)
    if story.payment.due.kind in COMES_LATER:
        paid_later(story)
        return
    bookings = [one for one in bookings_of(story.order) if one.lifecycle.allows(one.state, "approve")]
    for booking in bookings:
        booking.move("approve", by=accepted_by, at=story.now, answer_by=None)
    tell(bookings, "confirmed")


@transaction_required
def paid_later(story: Story) -> None:
    """A balance has been taken, or the difference for a move; where that waits no longer, it goes back."""
    payment = story.payment
    if payment.due.kind == Due.Kind.DIFFERENCE:
        if not still_waits(payment.due_id):
            give_back(payment, payment.kept, reason="slot_lost", by=story.by, now=story.now)
            post("email", name="refunded", payment=payment.pk)
            return
        carry_out_move(payment.due_id, by=story.by, now=story.now)
    post("email", name="paid", payment=payment.pk)


@transaction_required
def captured_outside(story: Story, decision: Decision) -> None:
    """It was taken, and not by us. Whoever is to answer still decides; what pays nothing goes back."""
    _write_capture(story)
    _now_taken(story, decision)
    payment = story.payment
    log.warning("captured_outside", reference=payment.reference)
    if not payment.wins and not payment.quarantined:
        give_back(payment, story.said, reason=payment.reason or "canceled", by=story.by, now=story.now)


@transaction_required
def captured_instead(story: Story, decision: Decision) -> None:
    """It was to be set free, and somebody was quicker: what was taken goes back."""
    _conclude(story, "fail")
    _write_capture(story)
    _now_taken(story, decision)
    give_back(story.payment, story.said, reason=decision.reason, by=story.by, now=story.now)


@transaction_required
def back_to_payment(story: Story, decision: Decision) -> None:
    """It cannot be had: nothing is confirmed without money, and the customer is asked to pay anew.

    A balance or a difference is asked for as before: what was paid earlier stands, and the booking with it.
    """
    payment, now = story.payment, story.now
    pays_for_all = payment.wins and payment.due.kind not in COMES_LATER
    if story.under_way is not None:
        _conclude(story, "fail")
    if decision.event:
        payment.move(
            decision.event,
            by=story.by,
            at=now,
            why=story.outcome.word,
            wins=False,
            reason=decision.reason,
            next_look_at=late_look(payment, now=now),
        )
    else:
        give_back(payment, payment.kept, reason=decision.reason, by=story.by, now=now)
    if pays_for_all:
        _ask_to_pay_again(story, decision.reason)


@transaction_required
def voided(story: Story, decision: Decision) -> None:
    """It is free again, as we asked."""
    _conclude(story, "succeed")
    story.payment.move(decision.event, by=story.by, at=story.now, why=story.outcome.word, next_look_at=None)


@transaction_required
def void_refused(story: Story, decision: Decision) -> None:
    """The gateway will not set it free now. After a few tries it is left to lapse by itself."""
    payment = story.payment
    assert story.under_way is not None  # what the decision rests on
    reason = story.under_way.reason
    _conclude(story, "fail")
    tried = payment.transactions.filter(kind=Transaction.Kind.VOID, state="failed").count()
    if tried <= len(TRY_ANEW_AFTER):
        after = TRY_ANEW_AFTER[tried - 1]
        give_back(payment, payment.kept, reason=reason, by=story.by, now=story.now, after=after)
    else:
        log.error("authorization_left_to_lapse", reference=payment.reference, tried=tried)
        when = reserved_look(payment.capture_before, now=story.now)
        type(payment).objects.filter(pk=payment.pk).update(next_look_at=when)


def _ask_to_pay_again(story: Story, reason: str) -> None:
    """The time is held a while longer, and no longer than until it begins."""
    order, now = story.order, story.now
    first = min(line.period.start for line in story.lines)
    until = min(now + timedelta(seconds=order.terms.pay_again_within), max(first, now))
    order.move("lose_money", by=story.by, at=now, why=reason, expires_at=until)
    hold(*story.owners, until=until)
    bookings = [one for one in bookings_of(order) if one.lifecycle.allows(one.state, "lose_money")]
    for booking in bookings:
        booking.move("lose_money", by=story.by, at=now, why=reason, answer_by=None)
    tell(bookings, "payment_failed", until=until.isoformat())


def _conclude(story: Story, event: str) -> str:
    """The end of what was under way. Answers who had asked for it."""
    movement = story.under_way
    assert movement is not None  # what the decision rests on
    movement.move(
        event,
        by=story.by,
        at=story.now,
        why=story.outcome.word,
        word=story.outcome.word[:60],
        gateway_reference=story.outcome.transaction_reference or "",
        in_hand_until=None,
    )
    return asked_by(movement)


def _write_capture(story: Story) -> None:
    payment = story.payment
    record(
        payment,
        Transaction.Kind.CAPTURE,
        story.said,
        key=f"capture-{payment.pk}",
        word=story.outcome.word,
        gateway_reference=story.outcome.transaction_reference or "",
        now=story.now,
    )


def _now_taken(story: Story, decision: Decision) -> None:
    payment = story.payment
    payment.move(
        decision.event,
        by=story.by,
        at=story.now,
        why=decision.reason,
        captured=story.said.amount,
        next_look_at=sweep_look(payment, now=story.now) if payment.wins else None,
    )

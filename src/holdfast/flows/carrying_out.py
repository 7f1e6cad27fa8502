"""Carrying out what was decided about a payment: one function for each decision, all of them in one table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import structlog

from holdfast.availability.actions import claim_again, take
from holdfast.kernel.money import Money
from holdfast.orders.models import Order
from holdfast.orders.promos import give_back_redemption, redeem_again
from holdfast.payments.actions import record, record_reversal
from holdfast.payments.models import Payment, Transaction
from holdfast.platform.outbox import post

from .decisions import Decision, Do, says_nothing
from .disputes import disputes_of, follow_disputes, gone_without_disputes
from .ending import free
from .entering import enter
from .movements import OPEN, give_back, take_reserved
from .reserved import (
    back_to_payment,
    captured,
    captured_instead,
    captured_outside,
    paid_later,
    void_refused,
    voided,
)
from .story import ENDED_WITHOUT_MONEY, Story, late_look, next_look, reserved_look, sweep_look

log = structlog.get_logger(__name__)


def _nothing(story: Story, decision: Decision) -> None:
    """Settled already. What may still change without us is looked at again, now and then."""
    payment, now = story.payment, story.now
    if payment.state in ENDED_WITHOUT_MONEY:
        when = late_look(payment, now=now)
    elif payment.is_reserved:
        when = reserved_look(payment.capture_before, now=now)
    elif payment.transactions.filter(kind=Transaction.Kind.REFUND, state__in=OPEN, by_hand=False).exists():
        return  # it has its own next look
    else:
        when = sweep_look(payment, now=now) if payment.captured else None
    Payment.objects.filter(pk=payment.pk).update(next_look_at=when)


def _look_again(story: Story, decision: Decision) -> None:
    payment, outcome = story.payment, story.outcome
    about_nothing = says_nothing(
        outcome, reference=payment.reference, gateway_reference=payment.gateway_reference
    )
    if about_nothing:
        log.error("answer_says_nothing", reference=payment.reference, word=outcome.word, why=about_nothing)
    elif payment.state == "created" and outcome.gateway_reference:
        # The answer to our start was lost, and now we know that it was heard.
        payment.move(
            "start", by=story.by, at=story.now, why=outcome.word, gateway_reference=outcome.gateway_reference
        )
    _look_later(story)


def _free(story: Story, decision: Decision) -> None:
    free(story.order, event="expire", reason=decision.reason, by=story.by, now=story.now)
    _look_later(story)


def _fail(story: Story, decision: Decision) -> None:
    """The attempt is over. Where the time is kept for another, its customer is told where to make it."""
    _end(story, decision)
    if story.order.state == "placed":
        post("email", name="not_paid", payment=story.payment.pk)


def _end(story: Story, decision: Decision) -> None:
    story.payment.move(
        decision.event,
        by=story.by,
        at=story.now,
        why=story.outcome.word,
        reason=decision.reason,
        next_look_at=late_look(story.payment, now=story.now),
    )


def _fail_and_free(story: Story, decision: Decision) -> None:
    _end(story, decision)
    free(story.order, event="expire", reason=decision.reason, by=story.by, now=story.now)


def _complete(story: Story, decision: Decision) -> None:
    take(*story.owners)
    _win(story, decision)


def _complete_if_free(story: Story, decision: Decision) -> None:
    """Late money: the time and the promo code can both be had again, or the money goes back."""
    had = redeem_again(story.order, now=story.now)
    if not had or not claim_again(*story.owners, now=story.now):
        give_back_redemption(story.order, now=story.now)
        _give_back(story, decision)
        return
    if story.order.state != "placed":
        story.order.move("revive", by=story.by, at=story.now, why="late money", reason="")
    _win(story, replace(decision, reason=""))


def _win(story: Story, decision: Decision) -> None:
    """Money and time agree: the payment wins its due, the order is complete, the bookings exist."""
    _take_in(story, decision, wins=True)
    enter(story.order, story.lines, story.payment, by=story.by, now=story.now)


def _pay(story: Story, decision: Decision) -> None:
    """A balance is paid, or the difference that a move waits for; money that is reserved is taken first."""
    _take_in(story, decision, wins=True)
    if story.payment.is_reserved:
        take_reserved(story.payment, by=story.by, now=story.now)
    else:
        paid_later(story)


def _give_back(story: Story, decision: Decision) -> None:
    """Money with nothing to pay: written down as the gateway says, and sent back or set free."""
    _take_in(story, decision, wins=False)
    lost = decision.reason == "slot_lost"
    if story.order.state == "placed" and lost:
        free(story.order, event="expire", reason="slot_lost", by=story.by, now=story.now)
    elif story.order.state == "expired" and lost:
        Order.objects.filter(pk=story.order.pk).update(reason=Order.Reason.SLOT_LOST)
    give_back(story.payment, story.said, reason=decision.reason, by=story.by, now=story.now)
    post("email", name="refunded", payment=story.payment.pk)


def _quarantine(story: Story, decision: Decision) -> None:
    """Money that does not match what was asked for: it pays nothing until a person has looked."""
    _take_in(story, decision, wins=False, quarantined=True)
    post("email", name="quarantined", payment=story.payment.pk)
    log.error("quarantined", reference=story.payment.reference, why=decision.reason)


def _reversed(story: Story, decision: Decision) -> None:
    """More has gone back than we have sent, at the gateway or by a bank; or a bank has given it back."""
    known = disputes_of(story.payment)
    _gone_back(story, gone_without_disputes(story.payment, known))
    follow_disputes(story, known)
    story.payment.refresh_from_db(fields=["reversed"])  # when it is looked at next depends on it
    _nothing(story, decision)


def _gone_back(story: Story, known: int) -> None:
    """Somebody has given back at the gateway what is more than we know of."""
    payment, gone = story.payment, story.outcome.refunded
    if gone is None or gone.amount <= known:
        return
    left = Money(gone.amount - known, payment.currency)
    # Not by the amount: what has gone may sink, when a refund fails, and then rise to the same again.
    number = payment.transactions.filter(kind=Transaction.Kind.REVERSAL).count() + 1
    key = f"{payment.reference}-gone-{number}"
    record_reversal(payment, left, key=key, word=story.outcome.word, gateway_reference="", now=story.now)
    post("email", name="reversed", payment=payment.pk, step=payment.transactions.count())
    log.error("money_left_without_us", reference=payment.reference, amount=str(left))


def _take_in(story: Story, decision: Decision, *, wins: bool, quarantined: bool = False) -> None:
    """The payment as the gateway tells it, with a transaction for what it took or reserved."""
    payment, said, outcome = story.payment, story.said, story.outcome
    was_reserved, reserves = payment.is_reserved, decision.event == "authorize"
    taken = Transaction.Kind.CAPTURE if was_reserved else Transaction.Kind.PURCHASE
    kind = Transaction.Kind.AUTHORIZE if reserves else taken
    key = _key_of(payment, kind)
    payment.move(
        decision.event,
        by=story.by,
        at=story.now,
        why=decision.reason,
        wins=wins,
        won_at=story.now if wins else payment.won_at,
        quarantined=quarantined,
        reason=decision.reason,
        gateway_reference=payment.gateway_reference or outcome.gateway_reference or "",
        capture_before=outcome.capture_before if reserves else payment.capture_before,
        **({"authorized": said.amount} if reserves else {"captured": said.amount}),
        next_look_at=_look_at_money(story, reserves=reserves, wins=wins),
    )
    if story.under_way is not None:
        story.under_way.move("fail", by=story.by, at=story.now, why=decision.reason)
    record(
        payment,
        kind,
        said,
        key=key,
        word=outcome.word,
        gateway_reference=outcome.transaction_reference or "",
        now=story.now,
    )


def _key_of(payment: Payment, kind: Transaction.Kind) -> str:
    """Money is taken once. It may be reserved anew, at the same gateway, when it was lost before."""
    before = payment.transactions.filter(kind=kind).count() if payment.authorized else 0
    return f"{kind.value}-{payment.pk}" + (f"-{before + 1}" if before else "")


def _look_at_money(story: Story, *, reserves: bool, wins: bool) -> datetime | None:
    if reserves:
        return reserved_look(story.outcome.capture_before, now=story.now)
    return sweep_look(story.payment, now=story.now) if wins else None


def _look_later(story: Story) -> None:
    Payment.objects.filter(pk=story.payment.pk).update(next_look_at=next_look(story.payment, now=story.now))


CARRY_OUT: dict[Do, Callable[[Story, Decision], None]] = {
    Do.NOTHING: _nothing,
    Do.LOOK_AGAIN: _look_again,
    Do.FREE: _free,
    Do.FAIL: _fail,
    Do.FAIL_AND_FREE: _fail_and_free,
    Do.COMPLETE: _complete,
    Do.COMPLETE_IF_FREE: _complete_if_free,
    Do.PAY: _pay,
    Do.GIVE_BACK: _give_back,
    Do.QUARANTINE: _quarantine,
    Do.CAPTURED: captured,
    Do.CAPTURED_OUTSIDE: captured_outside,
    Do.CAPTURED_INSTEAD: captured_instead,
    Do.BACK_TO_PAYMENT: back_to_payment,
    Do.VOIDED: voided,
    Do.VOID_REFUSED: void_refused,
    Do.REVERSED: _reversed,
}

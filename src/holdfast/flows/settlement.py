"""Settlement: ask the gateway for the truth about one payment, decide, carry out.

The return page, the worker after a webhook, and the reconciler all call ``settle``. Applying it twice
changes nothing: everything is decided under the order's lock, from what is known there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from holdfast.availability.actions import claim_again, take
from holdfast.availability.queries import holds_all
from holdfast.booking.actions import confirm
from holdfast.kernel.money import Money
from holdfast.orders.actions import lock
from holdfast.orders.models import Line, Order
from holdfast.payments.actions import record_purchase
from holdfast.payments.gateways.base import Outcome, Unknown
from holdfast.payments.models import Payment
from holdfast.platform import metrics
from holdfast.platform.db import retried_once, transaction
from holdfast.platform.outbox import post

from .actors import gateway_actor
from .decisions import Decision, Do, Known, decide_settlement, says_nothing
from .ending import free
from .gateways import gateway_class, gateway_for
from .refunds import give_back

log = structlog.get_logger(__name__)

ENDED_WITHOUT_MONEY = ("failed", "canceled", "expired")
LATE_MONEY_COMES_WITHIN = timedelta(days=2)
LATE_LOOKS = timedelta(minutes=5)


@dataclass
class Story:
    """What one settlement works on: the order locked, its one line, the payment, and the gateway's word."""

    order: Order
    line: Line
    payment: Payment
    another_wins: bool
    outcome: Outcome
    by: str
    now: datetime


def settle(payment_id: int, *, now: datetime) -> Payment:
    """Bring one payment, its order and its booking to agree with the gateway. Raises Unknown."""
    payment = Payment.objects.select_related("account").get(pk=payment_id)
    return apply(payment, ask(payment, now=now), now=now)


def ask(payment: Payment, *, now: datetime) -> Outcome:
    """The gateway's own word on one payment. Raises Unknown."""
    try:
        return gateway_for(payment.account).look_up(payment.reference, now=now)
    except Unknown:
        metrics.gateway_unknowns.labels(payment.account.gateway).inc()
        raise


@retried_once
def apply(payment: Payment, outcome: Outcome, *, now: datetime) -> Payment:
    """Decide and carry out what the gateway's word means, in one transaction under the order's lock."""
    with transaction():
        story = _read(payment, outcome, now=now)
        decision = decide_settlement(_known(story))
        CARRY_OUT[decision.do](story, decision)
    metrics.settlements.labels(payment.account.gateway, decision.do.value).inc()
    log.info(
        "settled", order=story.order.pk, reference=payment.reference, word=outcome.word, did=decision.do.value
    )
    return story.payment


def _read(payment: Payment, outcome: Outcome, *, now: datetime) -> Story:
    order = lock(payment.order_id)
    line = Line.objects.select_related("offering__business").get(order_id=order.pk)
    payments = Payment.objects.select_related("account").select_for_update(of=("self",)).order_by("pk")
    attempts = {attempt.pk: attempt for attempt in payments.filter(order_id=order.pk)}
    current = attempts.pop(payment.pk)
    another_wins = any(other.wins and other.due_id == current.due_id for other in attempts.values())
    return Story(order, line, current, another_wins, outcome, gateway_actor(current.account.gateway), now)


def _known(story: Story) -> Known:
    order, payment = story.order, story.payment
    return Known(
        outcome=story.outcome,
        order_state=order.state,
        payment_state=payment.state,
        expected=payment.money,
        reference=payment.reference,
        gateway_reference=payment.gateway_reference,
        can_be_paid=bool(payment.payment_url),
        another_wins=story.another_wins,
        still_holds=order.state == "placed" and holds_all(story.line.owner),
        failed_payment_frees=order.terms.failed_payment_frees,
        created_at=payment.created_at,
        starts_at=story.line.starts_at,
        now=story.now,
    )


def _nothing(story: Story, decision: Decision) -> None:
    """Settled already. An attempt that ended without money is asked about a while longer.

    Nobody need look at one that has its money, but for the refund that may be under way.
    """
    ended_without = story.payment.state in ENDED_WITHOUT_MONEY
    if ended_without or not story.payment.refunding:
        when = _late_look(story) if ended_without else None
        Payment.objects.filter(pk=story.payment.pk).update(next_look_at=when)


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
    story.payment.move(
        decision.event,
        by=story.by,
        at=story.now,
        why=story.outcome.word,
        reason=decision.reason,
        next_look_at=_late_look(story),
    )


def _fail_and_free(story: Story, decision: Decision) -> None:
    _fail(story, decision)
    free(story.order, event="expire", reason=decision.reason, by=story.by, now=story.now)


def _complete(story: Story, decision: Decision) -> None:
    take(story.line.owner)
    _win(story, decision)


def _complete_if_free(story: Story, decision: Decision) -> None:
    if not claim_again(story.line.owner, now=story.now):
        _give_back(story, decision)
        return
    if story.order.state == "expired":
        story.order.move("revive", by=story.by, at=story.now, why="late money", reason="")
    _win(story, replace(decision, reason=""))


def _win(story: Story, decision: Decision) -> None:
    """Money and time agree: the payment wins its due, the order is complete, the booking exists."""
    _take_in(story, decision, wins=True)
    story.order.move("complete", by=story.by, at=story.now, expires_at=None)
    booking = confirm(story.order, story.line, by=story.by, now=story.now)
    post("email", name="confirmed", booking=booking.pk)


def _give_back(story: Story, decision: Decision) -> None:
    """Money with nothing to pay: written down as the gateway says, and sent back."""
    took = _take_in(story, decision, wins=False)
    if story.order.state == "placed" and decision.reason == "slot_lost":
        free(story.order, event="expire", reason="slot_lost", by=story.by, now=story.now)
    elif story.order.state == "expired":
        Order.objects.filter(pk=story.order.pk).update(reason=Order.Reason.SLOT_LOST)
    give_back(story.payment, took, reason=decision.reason, by=story.by, now=story.now)
    post("email", name="refunded", payment=story.payment.pk)


def _quarantine(story: Story, decision: Decision) -> None:
    """Money that does not match what was asked for: it pays nothing until a person has looked."""
    _take_in(story, decision, wins=False, quarantined=True)
    post("email", name="quarantined", payment=story.payment.pk)
    log.error("quarantined", reference=story.payment.reference, why=decision.reason)


def _take_in(story: Story, decision: Decision, *, wins: bool, quarantined: bool = False) -> Money:
    """The payment as the gateway tells it, with a transaction for what it took."""
    took = story.outcome.amount or Money(0, story.payment.currency)
    story.payment.move(
        decision.event,
        by=story.by,
        at=story.now,
        why=decision.reason,
        captured=took.amount,
        wins=wins,
        quarantined=quarantined,
        reason=decision.reason,
        gateway_reference=story.payment.gateway_reference or story.outcome.gateway_reference or "",
        next_look_at=None,
    )
    record_purchase(
        story.payment,
        took,
        word=story.outcome.word,
        gateway_reference=story.outcome.transaction_reference or "",
        now=story.now,
    )
    return took


CARRY_OUT = {
    Do.NOTHING: _nothing,
    Do.LOOK_AGAIN: _look_again,
    Do.FREE: _free,
    Do.FAIL: _fail,
    Do.FAIL_AND_FREE: _fail_and_free,
    Do.COMPLETE: _complete,
    Do.COMPLETE_IF_FREE: _complete_if_free,
    Do.GIVE_BACK: _give_back,
    Do.QUARANTINE: _quarantine,
}


def _look_later(story: Story) -> None:
    age = story.now - story.payment.created_at
    when = story.now + gateway_class(story.payment.account).next_look(age=age)
    Payment.objects.filter(pk=story.payment.pk).update(next_look_at=when)


def _late_look(story: Story) -> datetime | None:
    """Gateways do take money after they said no: a bank answered late. Ask on, slowly, for two days."""
    age = story.now - story.payment.created_at
    if age > LATE_MONEY_COMES_WITHIN:
        return None
    return story.now + max(LATE_LOOKS, gateway_class(story.payment.account).next_look(age=age))

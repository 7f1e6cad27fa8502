"""Settlement: ask the gateway for the truth about one payment, decide, carry out.

The return page, the worker after a webhook, and the reconciler all call ``settle``. Applying it twice
changes nothing: everything is decided under the order's lock, from what is known there.
"""

from __future__ import annotations

from datetime import datetime

import structlog

from holdfast.availability.queries import holds_all
from holdfast.orders.actions import lock
from holdfast.orders.dues import COMES_LATER
from holdfast.orders.models import Due, Line
from holdfast.payments.gateways.base import Outcome, Unknown
from holdfast.payments.models import Payment
from holdfast.platform import metrics
from holdfast.platform.db import retried_once, transaction, transaction_required
from holdfast.platform.prepared import Prepared
from holdfast.platform.writes import gathered

from .actors import gateway_actor
from .carrying_out import CARRY_OUT
from .decisions import Known, decide_settlement
from .disputes import disputes_of, gone_without_disputes
from .gateways import about, gateway_for
from .movements import under_way
from .moving import still_waits
from .story import Story

log = structlog.get_logger(__name__)

PAYMENT = Prepared(lambda payment_id: Payment.objects.select_related("account").filter(pk=payment_id))
PAYMENTS = Prepared(
    lambda order: (
        Payment.objects.select_related("account", "due")
        .select_for_update(of=("self",))
        .filter(order=order)
        .order_by("pk")
    )
)
SERVICES = Prepared(
    lambda order: (
        Line.objects.filter(order=order, kind=Line.Kind.SERVICE.value, withdrawn_at=None)
        .select_related("offering__business")
        .order_by("pk")
    )
)


def settle(payment_id: int, *, now: datetime) -> Payment:
    """Bring one payment, its order and its bookings to agree with the gateway. Raises Unknown."""
    payment = _payment(payment_id)
    return apply(payment, ask(payment, now=now), now=now)


def _payment(payment_id: int) -> Payment:
    found = PAYMENT.first(payment_id=payment_id)
    if found is None:
        raise Payment.DoesNotExist
    return found


def ask(payment: Payment, *, now: datetime) -> Outcome:
    """The gateway's own word on one payment. Raises Unknown."""
    try:
        return gateway_for(payment.account).look_up(about(payment), now=now)
    except Unknown:
        metrics.gateway_unknowns.labels(payment.account.gateway).inc()
        raise


@retried_once
def apply(payment: Payment, outcome: Outcome, *, now: datetime, refused: int | None = None) -> Payment:
    """Decide and carry out what the gateway's word means, in one transaction under the order's lock.

    ``refused`` is the capture or the void that the gateway has just refused, if it has.
    """
    with transaction():
        return carry_out(
            payment, outcome, refused=refused, by=gateway_actor(payment.account.gateway), now=now
        )


@transaction_required
def carry_out(
    payment: Payment, outcome: Outcome, *, by: str, now: datetime, refused: int | None = None
) -> Payment:
    """The same in the caller's transaction; ``by`` is whose word it is.

    ``payment`` is as it was before its gateway was asked: that tells an answer that has been overtaken.
    """
    story = _read(payment, outcome, refused=refused, by=by, now=now)
    decision = decide_settlement(_known(story, overtaken=story.payment.seq != payment.seq))
    with gathered():
        CARRY_OUT[decision.do](story, decision)
    did = decision.do.value
    metrics.settlements.labels(payment.account.gateway, did).inc()
    log.info("settled", order=story.order.pk, reference=payment.reference, word=outcome.word, did=did)
    return story.payment


def _read(payment: Payment, outcome: Outcome, *, refused: int | None, by: str, now: datetime) -> Story:
    order = lock(payment.order_id)
    attempts = {attempt.pk: attempt for attempt in PAYMENTS(order=order.pk)}
    current = attempts.pop(payment.pk)
    movement = under_way(current) if current.is_reserved else None
    return Story(
        order=order,
        lines=tuple(SERVICES(order=order.pk)),
        payment=current,
        another_wins=any(other.has_paid and other.due_id == current.due_id for other in attempts.values()),
        under_way=movement,
        outcome=outcome,
        refused=movement is not None and movement.pk == refused,
        by=by,
        now=now,
    )


def _known(story: Story, *, overtaken: bool) -> Known:
    order, payment = story.order, story.payment
    disputes = disputes_of(payment) if payment.reversed or story.outcome.disputes else ()
    return Known(
        outcome=story.outcome,
        order_state=order.state,
        payment_state=payment.state,
        expected=payment.money,
        reference=payment.reference,
        gateway_reference=payment.gateway_reference,
        can_be_paid=bool(payment.payment_url),
        another_wins=story.another_wins,
        still_holds=_still_holds(story),
        failed_payment_frees=order.terms.failed_payment_frees,
        created_at=payment.created_at,
        starts_at=min((line.period.start for line in story.lines), default=story.now),
        now=story.now,
        comes_later=payment.due.kind in COMES_LATER,
        withdrawn=payment.due.withdrawn_at is not None,
        under_way=story.under_way.kind if story.under_way else "",
        refused=story.refused,
        gone=gone_without_disputes(payment, disputes),
        disputes={known.reference: known.became for known in disputes},
        overtaken=overtaken,
    )


def _still_holds(story: Story) -> bool:
    """Whether what the payment is for is kept for it: the order's time, its bookings, a move's new time."""
    due = story.payment.due
    if due.kind == Due.Kind.DIFFERENCE:
        return still_waits(due.pk)
    if due.kind == Due.Kind.BALANCE:
        return story.order.state == "completed"
    return story.order.state == "placed" and holds_all(*story.owners)

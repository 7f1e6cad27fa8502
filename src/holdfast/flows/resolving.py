"""Resolving reserved money: the gateway is asked to take it or to set it free, until it has done so."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import structlog

from holdfast.payments.gateways.base import About, Became, Outcome, Refused, Unknown
from holdfast.payments.gateways.breaker import Guarded
from holdfast.payments.models import Payment, Transaction
from holdfast.platform import metrics
from holdfast.platform.db import transaction

from .actors import gateway_actor
from .gateways import about, gateway_for
from .in_hand import InHand, taken_in_hand
from .movements import ASK_AGAIN, OPEN
from .settlement import apply
from .story import next_look

log = structlog.get_logger(__name__)


def resolve(movement_id: int, *, now: datetime) -> bool:
    """Find out what became of reserved money, and ask for the capture or void if nothing has.

    Answers whether the gateway gave a clear answer; without one it is asked again later.

    Status first, always: an earlier call may have been heard though its answer was lost. One worker at a
    time, and each asking under the movement's own key, so that money is taken once. A bank that takes its
    time has been heard, and not said yes: what is seen of it then is unknown.
    """
    movement = Transaction.objects.select_related("payment__account").get(pk=movement_id)
    if movement.state not in OPEN or (hand := taken_in_hand(movement, now=now)) is None:
        return True
    payment = movement.payment
    gateway = gateway_for(payment.account)
    try:
        with hand.call():
            outcome, refused = gateway.look_up(about(payment), now=now), False
        if outcome.became is Became.AUTHORIZED:
            reserved = replace(about(payment), transaction_reference=outcome.transaction_reference)
            outcome, refused = _ask(gateway, movement, reserved, hand, now=now)
    except Unknown as unknown:
        metrics.gateway_unknowns.labels(payment.account.gateway).inc()
        log.warning("resolve_unknown", movement=movement.key, why=str(unknown))
        _lose_sight(movement, hand, why="no clear answer", now=now)
        return False
    if outcome.became is Became.PENDING:
        _lose_sight(movement, hand, why=outcome.word, now=now)
        return False
    apply(payment, outcome, refused=movement.pk if refused else None, now=now)
    hand.put_down()
    return True


def _ask(
    gateway: Guarded, movement: Transaction, payment: About, hand: InHand, *, now: datetime
) -> tuple[Outcome, bool]:
    """The gateway's word after it was asked, and whether it refused. Raises Unknown.

    Under the same key a gateway says again what it said the first time. If that was "pending", and the money
    is still only reserved when it is looked at once more, then its bank has declined in the meantime.
    """
    try:
        with hand.call():
            said = _send(gateway, movement, payment, now=now)
    except Refused as no:
        log.warning("resolve_refused", movement=movement.key, why=str(no))
        with hand.call():
            return gateway.look_up(payment, now=now), True
    if said.became is Became.PENDING and movement.state == "unknown":
        with hand.call():
            return gateway.look_up(payment, now=now), True
    return said, False


def _send(gateway: Guarded, movement: Transaction, payment: About, *, now: datetime) -> Outcome:
    if movement.kind == Transaction.Kind.CAPTURE:
        return gateway.capture(payment, movement.money, key=movement.key, now=now)
    return gateway.void(payment, key=movement.key, now=now)


def _lose_sight(seen: Transaction, hand: InHand, *, why: str, now: datetime) -> None:
    with transaction():
        payment = (
            Payment.objects.select_related("account").select_for_update(of=("self",)).get(pk=seen.payment_id)
        )
        if not hand.put_down():
            return  # who has taken it over finds out for themselves
        movement = Transaction.objects.get(pk=seen.pk)
        if movement.state == "pending":
            movement.move("lose_sight", by=gateway_actor(payment.account.gateway), at=now, why=why)
        soon = max(next_look(payment, now=now), now + ASK_AGAIN)
        Payment.objects.filter(pk=payment.pk, state="authorized").update(next_look_at=soon)

"""The reconciler: asks about every payment that is undecided, on its gateway's ladder, until it is not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import structlog

from holdfast.payments.gateways.base import BadCredentials, Unknown
from holdfast.payments.models import Payment, Transaction
from holdfast.payments.queries import due_for_a_look

from .gateways import gateway_class
from .movements import OPEN
from .outside import look_at_refunds
from .refunds import pursue
from .resolving import resolve
from .settlement import settle
from .sweeping import sweep

log = structlog.get_logger(__name__)

LEASE = timedelta(minutes=1)
# Who finds out what became of a movement that we have asked for.
PURSUE: dict[str, Callable[..., bool]] = {
    Transaction.Kind.REFUND: pursue,
    Transaction.Kind.CAPTURE: resolve,
    Transaction.Kind.VOID: resolve,
}


def reconcile(*, now: datetime, limit: int = 50) -> int:
    """Look at the payments whose time has come. Answers how many were looked at."""
    due = due_for_a_look(now=now, limit=limit, lease=LEASE)
    return sweep(due, partial(look_at, now=now), what="payment")


def look_at(payment_id: int, *, now: datetime) -> bool:
    """Settle one payment, or find out about what is under way with it: a refund, a capture, a void.

    False: no clear answer; it is asked again later.
    """
    movements = Transaction.objects.filter(payment_id=payment_id, state__in=OPEN, by_hand=False)
    if (movement := movements.order_by("pk").first()) is not None:
        return PURSUE[movement.kind](movement.pk, now=now)
    try:
        settled = settle(payment_id, now=now)
        if settled.refunded:
            look_at_refunds(payment_id, now=now)
    except Unknown as unknown:
        _ask_later(payment_id, unknown, now=now)
        return False
    return True


def _ask_later(payment_id: int, unknown: Unknown, *, now: datetime) -> None:
    payment = Payment.objects.select_related("account").get(pk=payment_id)
    level = log.error if isinstance(unknown, BadCredentials) else log.warning
    level("look_up_unknown", reference=payment.reference, why=str(unknown))
    wait = gateway_class(payment.account).next_look(age=now - payment.created_at)
    wait = max(wait, unknown.retry_after or timedelta(0))
    Payment.objects.filter(pk=payment_id).update(next_look_at=now + wait)

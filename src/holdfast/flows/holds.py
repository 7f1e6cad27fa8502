"""What customers hold and have not paid for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.conf import settings
from django.db import connection

from holdfast.availability.actions import hold_until
from holdfast.availability.queries import holds_all
from holdfast.booking.models import Rescheduling
from holdfast.kernel.errors import AlreadyHeld, TooMany
from holdfast.orders.actions import lock
from holdfast.orders.models import Due, Line, Order
from holdfast.orders.queries import owners_of
from holdfast.payments.models import Payment
from holdfast.platform.db import transaction_required
from holdfast.platform.models import Customer


@dataclass(frozen=True)
class UnpaidHold:
    """An order that keeps a slot from others until ``expires_at``, with the latest payment of it."""

    order_id: int
    is_own: bool
    times: frozenset[tuple[int, datetime]]  # offerings and starts
    expires_at: datetime
    reference: str
    payment_url: str


def refuse_squatting(
    customer: Customer, *, address: str | None, times: Sequence[tuple[int, datetime]], now: datetime
) -> None:
    """One's own held slot is paid for or released; and nobody holds more than a few unpaid.

    ``times`` are the offerings and starts that are wanted now. Raises AlreadyHeld, or TooMany. Runs under the
    customer's lock, so the customer's limit is exact; that of the address only slows a crowd down.
    """
    holds = unpaid_holds(customer, address=address, now=now)
    own = [hold for hold in holds if hold.is_own]
    for hold in own:
        if not hold.times.isdisjoint(times):
            raise AlreadyHeld(order_id=hold.order_id, reference=hold.reference, payment_url=hold.payment_url)
    limits = ((own, settings.HOLDFAST_HOLDS_A_CUSTOMER), (holds, settings.HOLDFAST_HOLDS_AN_ADDRESS))
    for counted, limit in limits:
        if limit and len(counted) >= limit:
            first_end = min(hold.expires_at for hold in counted)
            raise TooMany(
                retry_after=max(1, int((first_end - now).total_seconds())),
                message="You are holding as many unpaid times as one may. Pay for one, or release it.",
            )


def unpaid_holds(customer: Customer, *, address: str | None, now: datetime) -> Sequence[UnpaidHold]:
    """What this customer holds, and what others hold from the same network address: one query."""
    same_address = address if settings.HOLDFAST_HOLDS_AN_ADDRESS else None
    with connection.cursor() as cursor:
        cursor.execute(UNPAID, [now, customer.pk, same_address])
        rows = cursor.fetchall()
    return [_hold_of(list(services), customer) for _, services in groupby(rows, key=itemgetter(0))]


# A row for each service of an order that is held; a booking that is to be paid yet has no payment.
UNPAID = f"""
    SELECT o.id, o.customer_id, o.expires_at, l.offering_id, l.starts_at,
        COALESCE(p.reference, ''), COALESCE(p.payment_url, '')
    FROM "{Order._meta.db_table}" o
    JOIN "{Line._meta.db_table}" l ON l.order_id = o.id AND l.kind = 'service' AND l.withdrawn_at IS NULL
    LEFT JOIN LATERAL (
        SELECT reference, payment_url FROM "{Payment._meta.db_table}"
        WHERE order_id = o.id ORDER BY id DESC LIMIT 1
    ) p ON true
    WHERE o.state = 'placed' AND o.expires_at > %s AND (o.customer_id = %s OR o.address = %s::inet)
    ORDER BY o.id, l.id
"""


def _hold_of(services: Sequence[tuple[Any, ...]], customer: Customer) -> UnpaidHold:
    order_id, owner, expires_at, _, _, reference, payment_url = services[0]
    times = frozenset((offering, starts_at) for _, _, _, offering, starts_at, _, _ in services)
    return UnpaidHold(order_id, owner == customer.pk, times, expires_at, reference, payment_url)


@transaction_required
def hold_longer(order: Order, due: Due, *, until: datetime) -> None:
    """Keep what a payment of this due is for until ``until``, if that is later than now agreed.

    An order whose time a rival has had meanwhile is left to its end: it holds nothing to pay for.
    """
    if due.kind == Due.Kind.DIFFERENCE:
        _hold_a_move_longer(order, due, until=until)
    if order.expires_at is None or order.expires_at >= until:
        return
    lock(order.pk)
    owners = owners_of(order)
    if not holds_all(*owners):
        return
    Order.objects.filter(pk=order.pk, state="placed", expires_at__lt=until).update(expires_at=until)
    hold_until(*owners, until=until)


def _hold_a_move_longer(order: Order, due: Due, *, until: datetime) -> None:
    lock(order.pk)
    waiting = Rescheduling.objects.filter(due=due, state="waiting", expires_at__lt=until).first()
    if waiting is not None and holds_all(waiting.owner):
        Rescheduling.objects.filter(pk=waiting.pk).update(expires_at=until)
        hold_until(waiting.owner, until=until)

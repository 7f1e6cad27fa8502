"""What customers hold and have not paid for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from django.conf import settings
from django.db.models import OuterRef, Q, Subquery

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
            raise AlreadyHeld(reference=hold.reference, payment_url=hold.payment_url)
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
    whose = Q(order__customer=customer)
    if address is not None and settings.HOLDFAST_HOLDS_AN_ADDRESS:
        whose |= Q(order__address=address)
    latest = Payment.objects.filter(order=OuterRef("order")).order_by("-pk")
    services = (
        Line.objects.filter(whose, kind=Line.Kind.SERVICE, order__state="placed", order__expires_at__gt=now)
        .select_related("order")
        .annotate(
            reference=Subquery(latest.values("reference")[:1]),
            payment_url=Subquery(latest.values("payment_url")[:1]),
        )
        .order_by("order_id", "pk")
    )
    return [_hold_of(list(lines), customer) for _, lines in groupby(services, key=lambda line: line.order_id)]


def _hold_of(services: Sequence[Any], customer: Customer) -> UnpaidHold:
    first = services[0]
    return UnpaidHold(
        is_own=first.order.customer_id == customer.pk,
        times=frozenset((line.offering_id, line.starts_at) for line in services),
        expires_at=first.order.expires_at,
        reference=first.reference or "",  # a booking that is to be paid yet has no payment
        payment_url=first.payment_url or "",
    )


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

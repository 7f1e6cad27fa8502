"""What customers hold and have not paid for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Q

from holdfast.availability.actions import hold_until
from holdfast.availability.queries import holds_all
from holdfast.catalog.models import Offering
from holdfast.kernel.errors import AlreadyHeld, TooMany
from holdfast.kernel.period import Period
from holdfast.orders.actions import lock
from holdfast.orders.models import Line, Order
from holdfast.payments.models import Payment
from holdfast.platform.db import transaction_required
from holdfast.platform.models import Customer


@dataclass(frozen=True)
class UnpaidHold:
    """An order that keeps a slot from others until ``expires_at``, with the latest payment of it."""

    is_own: bool
    offering_id: int
    starts_at: datetime
    expires_at: datetime
    reference: str
    payment_url: str


def refuse_squatting(
    customer: Customer, *, address: str | None, offering: Offering, period: Period, now: datetime
) -> None:
    """One's own held slot is paid for or released; and nobody holds more than a few unpaid.

    Raises AlreadyHeld, or TooMany. Runs under the customer's lock, so the customer's limit is exact; that
    of the address only slows a crowd down.
    """
    holds = unpaid_holds(customer, address=address, now=now)
    own = [hold for hold in holds if hold.is_own]
    for hold in own:
        if hold.offering_id == offering.pk and hold.starts_at == period.start:
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
    """What this customer holds, and what others hold from the same network address."""
    whose = Q(order__customer=customer)
    if address is not None and settings.HOLDFAST_HOLDS_AN_ADDRESS:
        whose |= Q(order__address=address)
    rows = (
        Payment.objects.filter(whose, order__state="placed", order__expires_at__gt=now)
        .order_by("order_id", "-id")
        .distinct("order_id")
        .values_list(
            "order__customer_id",
            "order__lines__offering_id",
            "order__lines__starts_at",
            "order__expires_at",
            "reference",
            "payment_url",
        )
    )
    return [
        UnpaidHold(owner == customer.pk, offering, starts_at, expires_at, reference, payment_url)
        for owner, offering, starts_at, expires_at, reference, payment_url in rows
        if expires_at is not None
    ]


@transaction_required
def hold_longer(order: Order, lines: Sequence[Line], *, until: datetime) -> None:
    """Keep an order and its allocations until ``until``, if that is later than now agreed.

    An order whose time a rival has had meanwhile is left to its end: it holds nothing to pay for.
    """
    if order.expires_at is None or order.expires_at >= until:
        return
    lock(order.pk)
    if not all(holds_all(line.owner) for line in lines):
        return
    Order.objects.filter(pk=order.pk, state="placed", expires_at__lt=until).update(expires_at=until)
    for line in lines:
        hold_until(line.owner, until)

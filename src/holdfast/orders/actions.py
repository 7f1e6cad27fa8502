"""Placing and ending orders."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from holdfast.catalog.models import Offering, Provider
from holdfast.catalog.terms import Terms
from holdfast.kernel.period import Period
from holdfast.platform.db import transaction_required
from holdfast.platform.models import Customer

from .models import Due, Line, Order


@dataclass(frozen=True)
class Placed:
    """A new order with its one line and its one due."""

    order: Order
    line: Line
    due: Due


@transaction_required
def place(
    offering: Offering,
    period: Period,
    *,
    customer: Customer,
    provider: Provider | None,
    terms: Terms,
    details: dict[str, Any],
    return_base: str,
    address: str | None,
    now: datetime,
) -> Placed:
    """Write down what is bought, at today's price and terms, with the full amount due now."""
    order = Order.objects.create(
        business=offering.business,
        customer=customer,
        trade=offering.trade,
        terms_placed=terms.as_json(),
        currency=offering.business.currency,
        total=offering.price,
        return_base=return_base,
        address=address,
        state="placed",
        expires_at=now + terms.hold_for,
        created_at=now,
    )
    line = Line.objects.create(
        order=order,
        offering=offering,
        provider=provider,
        title=offering.title,
        price=offering.price,
        starts_at=period.start,
        ends_at=period.end,
        details=details,
    )
    due = Due.objects.create(order=order, amount=order.total, due_at=now)
    return Placed(order, line, due)


@transaction_required
def lock(order_id: int) -> Order:
    """Take the order's row lock: the first lock of every story about an order."""
    return Order.objects.select_for_update().get(pk=order_id)

from __future__ import annotations

from datetime import datetime

import pgtrigger
from django.db import models
from django.db.models import F, Q

from holdfast.catalog.models import Offering, Package, Provider
from holdfast.kernel.period import Period
from holdfast.platform.triggers import frozen, never_leaves

from ..pricing import Kind as LineKind
from .order import Order


def belongs_to_a_service_of_its_order() -> pgtrigger.Trigger:
    """No CHECK can look at another row, so a trigger does when a part of a price is written."""
    return pgtrigger.Trigger(
        name="belongs_to_a_service",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        condition=pgtrigger.Q(new__of__isnull=False),
        func="""
            IF NOT EXISTS (
                SELECT FROM holdfast_orders_line AS service
                WHERE service.id = NEW.of_id AND service.order_id = NEW.order_id AND service.kind = 'service'
            ) THEN
                RAISE EXCEPTION USING ERRCODE = 'check_violation',
                    MESSAGE = 'A fee, tax or discount belongs to a service of its own order.';
            END IF;
            RETURN NEW;
        """,
    )


class Line(models.Model):
    """One thing on an order: a service, or a fee, tax or discount ``of`` a service.

    A service costs its own price and the prices of the lines that are of it; a discount's is negative.
    ``tax`` is how much tax a tax line says: one whose price is 0 says how much of the price is tax, one that
    adds to the price has that price. ``tax_rate`` is in basis points.

    What is said of money never changes: a correction is another line. Time, person, title and details may;
    details are personal data, and erasable. Lines that are withdrawn say what a cart was once placed with,
    before it was changed or placed anew; whatever is asked of an order is asked of those that stand.
    """

    Kind = LineKind

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="lines")
    kind = models.CharField(
        max_length=10,
        choices=[(kind.value, kind.name.capitalize()) for kind in LineKind],
        default=LineKind.SERVICE.value,
    )
    of = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="parts")
    # Whoever asks a line for these asks a service, and a_service_has_its_time: so their types know no None.
    offering: models.ForeignKey[Offering | None, Offering] = models.ForeignKey(  # type: ignore[misc]  # see above
        Offering, null=True, on_delete=models.PROTECT, related_name="+"
    )
    starts_at: models.DateTimeField[datetime | None, datetime] = models.DateTimeField(null=True)  # type: ignore[misc]  # see above
    ends_at: models.DateTimeField[datetime | None, datetime] = models.DateTimeField(null=True)  # type: ignore[misc]  # see above
    provider = models.ForeignKey(Provider, null=True, on_delete=models.PROTECT, related_name="+")
    package = models.ForeignKey(Package, null=True, on_delete=models.PROTECT, related_name="+")
    title = models.CharField(max_length=240)
    price = models.BigIntegerField()
    # What the time that it has been moved to costs by itself, whatever was paid or forfeited for the move.
    moved_price = models.PositiveBigIntegerField(null=True)
    tax_rate = models.PositiveIntegerField(default=0)
    tax = models.BigIntegerField(default=0)
    details = models.JSONField(default=dict)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="a_line_ends_after_it_starts"
            ),
            models.CheckConstraint(
                condition=Q(kind=LineKind.SERVICE.value, of=None, tax=0, price__gte=0)
                | Q(kind=LineKind.FEE.value, of__isnull=False, tax=0, price__gte=0)
                | Q(kind=LineKind.DISCOUNT.value, of__isnull=False, tax=0, price__lt=0)
                | Q(Q(price=0) | Q(price=F("tax")), kind=LineKind.TAX.value, of__isnull=False),
                name="a_line_costs_what_its_kind_may",
            ),
            models.CheckConstraint(
                condition=Q(
                    kind=LineKind.SERVICE.value,
                    offering__isnull=False,
                    starts_at__isnull=False,
                    ends_at__isnull=False,
                )
                | Q(
                    ~Q(kind=LineKind.SERVICE.value),
                    offering=None,
                    provider=None,
                    starts_at=None,
                    ends_at=None,
                ),
                name="a_service_has_its_time",
            ),
        ]
        triggers = [
            frozen("order_id", "kind", "of_id", "price", "tax_rate", "tax"),
            belongs_to_a_service_of_its_order(),
            *never_leaves(),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def sold(self) -> Offering:
        """The offering as it was sold: with its package, or for the nights of a stay."""
        if not self.offering.by_night:
            return self.offering.sold_as(self.package)
        guests = self.details.get("guests", 1)
        return self.offering.for_nights_of(self.period, guests=guests, price=self.costs_now)

    @property
    def owner(self) -> str:
        """The name under which this line's allocations are kept."""
        return owner_of(self.pk)

    @property
    def costs_now(self) -> int:
        """What its present time costs by itself: what the next move is dearer or cheaper than."""
        return self.price if self.moved_price is None else self.moved_price

    @property
    def period(self) -> Period:
        """When the service takes place."""
        return Period(self.starts_at, self.ends_at)


def owner_of(line_id: int) -> str:
    return f"line:{line_id}"

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from holdfast.catalog.models import Business, Offering, Provider
from holdfast.catalog.terms import Terms
from holdfast.kernel.money import Money
from holdfast.kernel.period import Period
from holdfast.platform.models import Customer
from holdfast.platform.moves import Lived, one_of
from holdfast.platform.triggers import lifecycle_triggers, never_leaves

from .lifecycle import ORDER


class Order(Lived):
    """What a customer wants to buy, of one business and one way to sell, under the terms of that moment."""

    class Reason(models.TextChoices):
        """Why an order ended without a booking, in the words of the failed page."""

        DECLINED = "declined"
        CANCELED = "canceled"
        EXPIRED = "expired"
        SLOT_LOST = "slot_lost"
        ERROR = "error"

    lifecycle = ORDER

    business = models.ForeignKey(Business, on_delete=models.PROTECT, related_name="orders")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="orders")
    trade = models.CharField(max_length=20)
    terms_placed = models.JSONField()
    currency = models.CharField(max_length=3)
    total = models.PositiveBigIntegerField()
    return_base = models.CharField(max_length=200)
    address = models.GenericIPAddressField(null=True)
    expires_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=10, choices=Reason, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [one_of(ORDER)]
        indexes = [
            models.Index(fields=["customer", "-id"]),
            models.Index(fields=["expires_at"], name="placed_orders", condition=Q(state="placed")),
            models.Index(fields=["address"], name="placed_by_address", condition=Q(state="placed")),
        ]
        triggers = [*lifecycle_triggers(ORDER), *never_leaves()]

    def __str__(self) -> str:
        return f"order {self.pk}"

    @property
    def terms(self) -> Terms:
        return Terms.from_json(self.terms_placed)


class Line(models.Model):
    """One thing on an order. Price and details are snapshots; details are personal data, and erasable."""

    class Kind(models.TextChoices):
        SERVICE = "service"

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="lines")
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.SERVICE)
    offering = models.ForeignKey(Offering, on_delete=models.PROTECT, related_name="+")
    provider = models.ForeignKey(Provider, null=True, on_delete=models.PROTECT, related_name="+")
    title = models.CharField(max_length=160)
    price = models.PositiveBigIntegerField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    details = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="a_line_ends_after_it_starts"
            )
        ]
        triggers = never_leaves()

    def __str__(self) -> str:
        return self.title

    @property
    def owner(self) -> str:
        """The name under which this line's allocations are kept."""
        return owner_of(self.pk)

    @property
    def period(self) -> Period:
        return Period(self.starts_at, self.ends_at)


class Due(models.Model):
    """An amount that an order asks for, with a date."""

    class Kind(models.TextChoices):
        FULL = "full"

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="dues")
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.FULL)
    amount = models.PositiveBigIntegerField()
    due_at = models.DateTimeField()

    class Meta:
        triggers = never_leaves()

    def __str__(self) -> str:
        return f"{self.kind} due of order {self.order_id}"

    @property
    def money(self) -> Money:
        return Money(self.amount, self.order.currency)


def owner_of(line_id: int) -> str:
    return f"line:{line_id}"

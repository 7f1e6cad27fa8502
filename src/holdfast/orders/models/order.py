from __future__ import annotations

from functools import cached_property

from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import Q

from holdfast.catalog.models import Business
from holdfast.catalog.terms import Terms
from holdfast.kernel.money import Money
from holdfast.platform.models import Customer
from holdfast.platform.moves import Lived, one_of
from holdfast.platform.triggers import frozen, lifecycle_triggers, never_leaves

from ..dues import Kind as DueKind
from ..lifecycle import ORDER


class Order(Lived):
    """What a customer wants to buy, of one business and one way to sell, under the terms of that moment.

    ``total`` is what its lines' prices add up to. A cart is an order that is open before it is placed:
    ``updated_at`` is when its customer last changed it, and None for what never was a cart; ``promo_code`` is
    what was typed into it. Until it is placed it has items and no lines. A draft, which has a
    ``booking_reference``, is a cart of one stay, and its booking will have that.
    """

    class Reason(models.TextChoices):
        """Why an order ended without a booking, in the words of the failed page."""

        DECLINED = "declined"
        CANCELED = "canceled"
        EXPIRED = "expired"
        SLOT_LOST = "slot_lost"
        ERROR = "error"

    lifecycle = ORDER

    # The database makes it, for those who do not know of it as well; read it from there.
    uuid = models.UUIDField(unique=True, editable=False, db_default=RandomUUID())
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
    promo_code = models.CharField(max_length=40, blank=True, default="", db_default="")
    booking_reference = models.CharField(max_length=63, blank=True, default="", db_default="")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            one_of(ORDER),
            models.UniqueConstraint(
                fields=["booking_reference"],
                condition=~Q(booking_reference=""),
                name="one_draft_a_booking_reference",
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "-id"]),
            models.Index(fields=["expires_at"], name="placed_orders", condition=Q(state="placed")),
            models.Index(fields=["address"], name="placed_by_address", condition=Q(state="placed")),
            models.Index(fields=["updated_at"], name="open_carts", condition=Q(state="open")),
        ]
        triggers = [*lifecycle_triggers(ORDER), *never_leaves()]

    def __str__(self) -> str:
        return f"order {self.pk}"

    @property
    def is_cart(self) -> bool:
        """Whether it was put together before it was placed, and may be again."""
        return self.updated_at is not None

    @cached_property
    def terms(self) -> Terms:
        """As the order was placed: they never change."""
        return Terms.from_json(self.terms_placed)


class Due(models.Model):
    """An amount that an order asks for, with a date. One that is withdrawn asks for nothing any more.

    What stands asks either for everything at once, or for a deposit and later for the balance; a difference
    may come on top of either.
    """

    Kind = DueKind

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="dues")
    kind = models.CharField(
        max_length=10,
        choices=[(kind.value, kind.name.capitalize()) for kind in DueKind],
        default=DueKind.FULL.value,
    )
    amount = models.PositiveBigIntegerField()
    due_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=[kind.value for kind in DueKind]), name="due_kind_is_known"
            ),
            models.UniqueConstraint(
                fields=["order"],
                condition=Q(kind__in=[DueKind.FULL.value, DueKind.DEPOSIT.value], withdrawn_at=None),
                name="one_first_due_an_order",
            ),
            models.UniqueConstraint(
                fields=["order"],
                condition=Q(kind=DueKind.BALANCE.value, withdrawn_at=None),
                name="one_balance_an_order",
            ),
        ]
        triggers = [frozen("order_id", "kind", "amount"), *never_leaves()]

    def __str__(self) -> str:
        return f"{self.kind} due of order {self.order_id}"

    @property
    def money(self) -> Money:
        return Money(self.amount, self.order.currency)


class GuestKey(models.Model):
    """What lets a guest without an account change an order, kept as a digest; told once, by mail."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="guest_keys")
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()

    class Meta:
        triggers = [frozen("order_id", "digest"), *never_leaves()]

    def __str__(self) -> str:
        return f"key to {self.order}"

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper

from holdfast.catalog.models import Business, Offering
from holdfast.platform.models import Customer
from holdfast.platform.triggers import frozen, never_leaves

from .order import Order


class PromoCode(models.Model):
    """A word that makes an order cheaper, by a percentage or by an amount, as often as its limits allow.

    An empty limit or moment means that there is none. The window is half-open. Without offerings it is for
    all of the business's. Capitals and small letters are the same.
    """

    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="promo_codes")
    code = models.CharField(max_length=40, help_text="letters, digits, hyphens and underscores")
    percent = models.PositiveSmallIntegerField(null=True, blank=True, help_text="1 to 100")
    amount = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="in minor units of the business's currency"
    )
    valid_from = models.DateTimeField(null=True, blank=True)
    valid_until = models.DateTimeField(null=True, blank=True)
    total_limit = models.PositiveIntegerField(null=True, blank=True, help_text="how often in all")
    per_customer_limit = models.PositiveIntegerField(
        null=True, blank=True, help_text="how often by one customer"
    )
    minimum_total = models.PositiveBigIntegerField(
        default=0, help_text="of the order before the discount, in minor units"
    )
    offerings = models.ManyToManyField(
        Offering, blank=True, related_name="promo_codes", help_text="none: it is for all"
    )
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                "business",
                Upper("code"),
                name="a_business_has_a_code_once",
                violation_error_message="This business has this code already.",
            ),
            models.CheckConstraint(
                condition=Q(code__regex=r"^[A-Za-z0-9_-]+$"),
                name="a_code_is_easily_typed",
                violation_error_message="A code is of letters, digits, hyphens and underscores.",
            ),
            models.CheckConstraint(
                condition=Q(percent__isnull=False, percent__range=(1, 100), amount=None)
                | Q(percent=None, amount__isnull=False, amount__gte=1),
                name="a_code_is_worth_a_percentage_or_an_amount",
                violation_error_message="Give a percentage from 1 to 100, or else an amount.",
            ),
            models.CheckConstraint(
                condition=Q(valid_from=None) | Q(valid_until=None) | Q(valid_until__gt=F("valid_from")),
                name="a_code_ends_after_it_starts",
                violation_error_message="It must end after it starts.",
            ),
            models.CheckConstraint(
                condition=(Q(total_limit=None) | Q(total_limit__gte=1))
                & (Q(per_customer_limit=None) | Q(per_customer_limit__gte=1)),
                name="a_code_may_be_used_once",
                violation_error_message="A limit is 1 at least. To stop a code, make it inactive.",
            ),
        ]

    def __str__(self) -> str:
        return self.code


class Redemption(models.Model):
    """One numbered use of a promo code: the ``n``-th of all, and this customer's ``m``-th.

    What makes too many uses impossible is that two which stand cannot have the same number, and that none
    has a number above the limit. Given back, a number is free for somebody else; the row stays.
    """

    promo = models.ForeignKey(PromoCode, on_delete=models.PROTECT, related_name="redemptions")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="redemptions")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="redemptions")
    n = models.PositiveIntegerField()
    m = models.PositiveIntegerField()
    redeemed_at = models.DateTimeField()
    given_back_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["promo", "n"], condition=Q(given_back_at=None), name="one_use_a_number"
            ),
            models.UniqueConstraint(
                fields=["promo", "customer", "m"],
                condition=Q(given_back_at=None),
                name="one_use_a_number_of_a_customer",
            ),
            models.UniqueConstraint(
                fields=["order"], condition=Q(given_back_at=None), name="one_redemption_an_order"
            ),
            models.CheckConstraint(condition=Q(n__gte=1, m__gte=1), name="uses_count_from_one"),
        ]
        triggers = [
            frozen("promo_id", "order_id", "customer_id", "n", "m", "redeemed_at"),
            *never_leaves(),
        ]

    def __str__(self) -> str:
        return f"use {self.n} of {self.promo}"

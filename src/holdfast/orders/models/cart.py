from __future__ import annotations

from django.db import models

from holdfast.catalog.models import Offering, Package

from .order import Order


class CartItem(models.Model):
    """One thing in a cart, and when it is wanted: a wish, which holds no time and has no price of its own.

    Details are personal data, and erasable.
    """

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="items")
    offering = models.ForeignKey(Offering, on_delete=models.PROTECT, related_name="+")
    package = models.ForeignKey(Package, null=True, on_delete=models.PROTECT, related_name="+")
    starts_at = models.DateTimeField()
    details = models.JSONField(default=dict)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.offering} in {self.order}"

    @property
    def sold(self) -> Offering:
        """The offering as it is wanted, with its package."""
        return self.offering.sold_as(self.package)

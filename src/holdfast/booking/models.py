from __future__ import annotations

from django.db import models

from holdfast.catalog.models import Business, Provider
from holdfast.kernel.period import Period
from holdfast.orders.models import Line
from holdfast.platform.models import Customer
from holdfast.platform.moves import Lived, one_of
from holdfast.platform.triggers import lifecycle_triggers, never_leaves

from .lifecycle import BOOKING


class Booking(Lived):
    """One appointment, made from one service line and sharing its id."""

    lifecycle = BOOKING

    line = models.OneToOneField(Line, primary_key=True, on_delete=models.PROTECT, related_name="booking")
    business = models.ForeignKey(Business, on_delete=models.PROTECT, related_name="bookings")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="bookings")
    provider = models.ForeignKey(Provider, null=True, on_delete=models.PROTECT, related_name="bookings")
    trade = models.CharField(max_length=20)
    reference = models.CharField(max_length=63, unique=True)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [one_of(BOOKING)]
        indexes = [
            models.Index(fields=["customer", "-line"]),
            models.Index(fields=["business", "starts_at"]),
        ]
        triggers = [*lifecycle_triggers(BOOKING), *never_leaves()]

    def __str__(self) -> str:
        return self.reference

    @property
    def period(self) -> Period:
        return Period(self.starts_at, self.ends_at)

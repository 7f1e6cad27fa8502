from __future__ import annotations

import copy
from datetime import timedelta

from django.db import models
from django.db.models import F, Q

from holdfast.kernel.period import Period

from ..stay_rules import StayAsked
from .business import Business, Resource


class Offering(models.Model):
    """What can be booked, with a price and a duration.

    ``package`` is what it is sold as, ``stay`` the nights of a room type: see ``sold_as`` and ``for_nights``.
    """

    package: Package | None = None
    stay: StayAsked | None = None

    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="offerings")
    trade = models.CharField(max_length=20)
    title = models.CharField(max_length=160)
    category = models.CharField(max_length=60, blank=True, default="", db_default="")
    description = models.TextField(blank=True)
    image = models.CharField(max_length=200, blank=True)
    place = models.CharField(
        max_length=200,
        blank=True,
        default="",
        db_default="",
        help_text="an address, or the link to a meeting; told to those who have booked",
    )
    price = models.PositiveBigIntegerField(help_text="in minor units of the business's currency")
    tax_rate = models.PositiveIntegerField(default=0, help_text="in basis points: 1800 is 18 %")
    duration = models.DurationField()
    buffer_before = models.DurationField(default=timedelta(0))
    buffer_after = models.DurationField(default=timedelta(0))
    slot_step = models.DurationField(default=timedelta(minutes=30))
    minimum_notice = models.DurationField(default=timedelta(0))
    horizon = models.DurationField(default=timedelta(days=90))
    languages = models.JSONField(default=list, blank=True)
    # What this offering's terms set differently from its trade's; see catalog.terms.Terms.
    terms = models.JSONField(default=dict, blank=True)
    active = models.BooleanField(default=True)
    # Every one of them is needed at once: the person and the room.
    resources = models.ManyToManyField(Resource, related_name="offerings")
    by_night = models.BooleanField(
        default=False,
        db_default=False,
        help_text="a room type: sold by the night, at the price of a night, of its one pool of rooms",
    )

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(duration__gt=timedelta(0)), name="an_offering_takes_time"),
            models.CheckConstraint(
                condition=Q(tax_rate__lte=10_000), name="a_tax_is_not_dearer_than_its_price"
            ),
            models.CheckConstraint(condition=Q(slot_step__gt=timedelta(0)), name="a_slot_step_moves_on"),
            models.CheckConstraint(
                condition=Q(buffer_before__gte=timedelta(0)) & Q(buffer_after__gte=timedelta(0)),
                name="buffers_are_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(minimum_notice__gte=timedelta(0)) & Q(horizon__gt=F("minimum_notice")),
                name="the_horizon_is_beyond_the_notice",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def sold_as(self, package: Package | None) -> Offering:
        """This offering at a package's price, duration and name: a copy with the same id, never saved."""
        sold = copy.copy(self)
        sold.package = package
        if package is not None:
            assert package.offering_id == self.pk
            sold.price = package.price
            sold.duration = package.duration or self.duration
            sold.title = f"{self.title} ({package.name})"
        return sold

    def for_nights_of(self, period: Period, *, guests: int, price: int) -> Offering:
        """The same for the nights of a period, whatever they cost."""
        check_in, check_out = (
            one.astimezone(self.business.zone).date() for one in (period.start, period.end)
        )
        return self.for_nights(StayAsked(check_in, check_out, guests, price))

    def for_nights(self, stay: StayAsked) -> Offering:
        """This room type as one stay of it, at the price of its nights: a copy, never saved."""
        assert self.by_night
        sold = copy.copy(self)
        sold.stay, sold.price, sold.duration = stay, stay.price, timedelta(days=stay.count)
        nights = "night" if stay.count == 1 else "nights"
        sold.title = f"{self.title}, {stay.count} {nights}"
        return sold


class Package(models.Model):
    """An offering as it is sold at another price, and perhaps elsewhere, in another language, for longer."""

    offering = models.ForeignKey(Offering, on_delete=models.CASCADE, related_name="packages")
    name = models.CharField(max_length=60)
    price = models.PositiveBigIntegerField(help_text="in minor units of the business's currency")
    location = models.CharField(max_length=120, blank=True)
    language = models.CharField(max_length=40, blank=True)
    duration = models.DurationField(null=True, blank=True, help_text="empty: as long as the offering")
    description = models.TextField(blank=True)
    position = models.PositiveIntegerField(default=0)
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(duration=None) | Q(duration__gt=timedelta(0)), name="a_package_takes_time"
            ),
        ]

    def __str__(self) -> str:
        return self.name

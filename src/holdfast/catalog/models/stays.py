"""What a hotel's catalogue adds: the rules of its room types, their seasons, its fees and its rooms."""

from __future__ import annotations

from datetime import time

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value

from ..stay_rules import Per, Rules, SeasonRate
from .business import Business, Resource
from .offering import Offering


class StayRules(models.Model):
    """What a room type asks of a stay. Stays are counted in nights, the times are on the business's wall."""

    offering = models.OneToOneField(
        Offering, primary_key=True, on_delete=models.CASCADE, related_name="stay_rules"
    )
    occupancy = models.PositiveSmallIntegerField(default=2, help_text="how many guests a room takes")
    minimum_stay = models.PositiveSmallIntegerField(default=1, help_text="in nights")
    maximum_stay = models.PositiveSmallIntegerField(default=30, help_text="in nights")
    check_in_from = models.TimeField(default=time(15))
    check_out_until = models.TimeField(default=time(11))

    class Meta:
        verbose_name_plural = "stay rules"
        constraints = [
            models.CheckConstraint(condition=Q(occupancy__gte=1), name="a_room_takes_a_guest"),
            models.CheckConstraint(
                condition=Q(minimum_stay__gte=1, maximum_stay__gte=F("minimum_stay")),
                name="a_stay_may_be_as_long_as_it_must",
            ),
        ]

    def __str__(self) -> str:
        return f"rules of {self.offering}"

    @property
    def plain(self) -> Rules:
        """The same, with what the offering says of notice and horizon, as ``stay_rules`` computes with it."""
        return Rules(
            self.occupancy,
            self.minimum_stay,
            self.maximum_stay,
            self.offering.minimum_notice,
            self.offering.horizon,
        )


class Season(models.Model):
    """What a night of a room type costs from one date to another, both included; no two of them overlap."""

    offering = models.ForeignKey(Offering, on_delete=models.CASCADE, related_name="seasons")
    name = models.CharField(max_length=60, blank=True)
    first_night = models.DateField()
    last_night = models.DateField(help_text="the date on which the last night begins")
    price = models.PositiveBigIntegerField(help_text="of a night, in minor units of the business's currency")
    minimum_stay = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="in nights, for whoever arrives in it; empty: as the room type says"
    )

    class Meta:
        ordering = ["first_night"]
        constraints = [
            models.CheckConstraint(
                condition=Q(last_night__gte=F("first_night")),
                name="a_season_has_a_night",
                violation_error_message="The last night cannot be before the first.",
            ),
            models.CheckConstraint(
                condition=Q(minimum_stay=None) | Q(minimum_stay__gte=1), name="a_season_asks_for_a_night"
            ),
            ExclusionConstraint(
                name="a_night_has_one_season",
                index_type="GIST",
                expressions=[
                    (
                        Func(
                            "first_night",
                            "last_night",
                            Value("[]"),
                            function="daterange",
                            output_field=DateRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                    ("offering", RangeOperators.EQUAL),
                ],
                violation_error_message="Another season of this room type has some of these nights.",
            ),
        ]

    def __str__(self) -> str:
        return self.name or f"{self.first_night} to {self.last_night}"

    @property
    def plain(self) -> SeasonRate:
        return SeasonRate(self.first_night, self.last_night, self.price, self.minimum_stay)


class StayFee(models.Model):
    """What a hotel charges beside the nights: cleaning, a city tax for each guest and night."""

    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="stay_fees")
    offering = models.ForeignKey(
        Offering,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="stay_fees",
        help_text="empty: of all room types",
    )
    title = models.CharField(max_length=120)
    price = models.PositiveBigIntegerField(help_text="each time, in minor units of the business's currency")
    per = models.CharField(
        max_length=12, choices=[(per.value, per.value.replace("_", ", each ")) for per in Per]
    )
    tax_rate = models.PositiveIntegerField(default=0, help_text="in basis points: 1800 is 18 %")
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(per__in=[per.value for per in Per]), name="a_fee_has_its_measure"
            ),
            models.CheckConstraint(condition=Q(tax_rate__lte=10_000), name="a_fee_is_dearer_than_its_tax"),
        ]

    def __str__(self) -> str:
        return self.title


class Room(models.Model):
    """One real room of a pool. Which one a stay has is decided when its guests check in."""

    pool = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="rooms")
    name = models.CharField(max_length=40, help_text="as it is on the door: 204")
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["name", "id"]
        constraints = [models.UniqueConstraint(fields=["pool", "name"], name="a_pool_has_a_room_once")]

    def __str__(self) -> str:
        return self.name

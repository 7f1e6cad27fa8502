from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import Q

from holdfast.catalog.models import Resource
from holdfast.platform.moves import one_of
from holdfast.platform.triggers import frozen, lifecycle_triggers, never_leaves

from .lifecycle import ALLOCATION, KEEPS_TIME


class Weekday(models.IntegerChoices):
    MONDAY = 0
    TUESDAY = 1
    WEDNESDAY = 2
    THURSDAY = 3
    FRIDAY = 4
    SATURDAY = 5
    SUNDAY = 6


class WeeklyHours(models.Model):
    """Open every week, by the clock on the business's wall. Closing at or before opening means next day."""

    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="weekly_hours")
    weekday = models.SmallIntegerField(choices=Weekday)
    opens = models.TimeField()
    closes = models.TimeField()

    class Meta:
        verbose_name_plural = "weekly hours"
        constraints = [
            models.CheckConstraint(condition=Q(weekday__range=(0, 6)), name="a_week_has_seven_days")
        ]

    def __str__(self) -> str:
        return f"{Weekday(self.weekday).label} {self.opens:%H:%M}-{self.closes:%H:%M}"


class DateOverride(models.Model):
    """Other hours on one date: these rows replace the weekly hours. A row without times means closed."""

    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="date_overrides")
    day = models.DateField()
    opens = models.TimeField(null=True, blank=True)
    closes = models.TimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(opens=None, closes=None) | Q(opens__isnull=False, closes__isnull=False),
                name="an_override_has_both_times_or_none",
            )
        ]
        indexes = [models.Index(fields=["resource", "day"])]

    def __str__(self) -> str:
        return f"{self.day}: {f'{self.opens:%H:%M}-{self.closes:%H:%M}' if self.opens else 'closed'}"


class Allocation(models.Model):
    """One resource seat kept for one period: the row that makes double booking impossible.

    ``period`` includes the buffers. ``owner`` is what it is kept for (``line:12``, ``block:3``);
    ``shared_by`` equals it, but for those who may share the resource: the pupils of one class, and buffers
    where a business lets them overlap. Made only by ``actions.claim``.
    """

    lifecycle = ALLOCATION

    resource = models.ForeignKey(
        Resource, on_delete=models.PROTECT, related_name="allocations", db_index=False
    )
    seat = models.PositiveIntegerField(default=1)
    period = DateTimeRangeField()
    owner = models.CharField(max_length=60)
    shared_by = models.CharField(max_length=60)
    state = models.CharField(max_length=10)
    held_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="no_seat_twice",
                index_type="GIST",
                expressions=[
                    ("resource", RangeOperators.EQUAL),
                    ("seat", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                    ("shared_by", RangeOperators.NOT_EQUAL),
                ],
                condition=Q(state__in=KEEPS_TIME),
            ),
            one_of(ALLOCATION),
            models.CheckConstraint(
                condition=Q(state="held", held_until__isnull=False) | ~Q(state="held"),
                name="every_hold_has_an_end",
            ),
            models.CheckConstraint(condition=Q(seat__gte=1), name="seats_count_from_one"),
        ]
        indexes = [models.Index(fields=["owner"], name="allocations_of_an_owner")]
        triggers = [*lifecycle_triggers(ALLOCATION), *never_leaves()]

    def __str__(self) -> str:
        return f"{self.resource_id} seat {self.seat}: {self.state} by {self.owner}"


class Block(models.Model):
    """Time off, or a resource taken out of use. Its allocations keep the time; lifting it gives it back."""

    resource = models.ForeignKey(Resource, on_delete=models.PROTECT, related_name="blocks")
    period = DateTimeRangeField()
    seats = models.PositiveIntegerField(default=1, help_text="how many seats of a pool")
    why = models.CharField(max_length=200, blank=True)
    created_by = models.CharField(max_length=80)
    created_at = models.DateTimeField()
    lifted_by = models.CharField(max_length=80, blank=True)
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(seats__gte=1), name="a_block_takes_a_seat"),
            models.CheckConstraint(
                condition=Q(lifted_at=None, lifted_by="") | (Q(lifted_at__isnull=False) & ~Q(lifted_by="")),
                name="a_block_is_lifted_by_somebody",
            ),
        ]
        indexes = [models.Index(fields=["resource", "-id"], name="blocks_of_a_resource")]
        triggers = [frozen("resource_id", "period", "seats", "created_by", "created_at"), *never_leaves()]

    def __str__(self) -> str:
        return f"{self.resource}: {self.why or 'blocked'}"

    @property
    def owner(self) -> str:
        """The name under which this block's allocations are kept."""
        return f"block:{self.pk}"

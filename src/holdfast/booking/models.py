from __future__ import annotations

from django.db import models
from django.db.models import Q

from holdfast.catalog.models import Business, Offering, Provider, Room
from holdfast.kernel.period import Period
from holdfast.orders.models import Due, Line
from holdfast.platform.models import Customer
from holdfast.platform.moves import Lived, one_of
from holdfast.platform.triggers import frozen, lifecycle_triggers, never_leaves

from .lifecycle import BOOKING, RESCHEDULING


class Booking(Lived):
    """One appointment, made from one service line and sharing its id.

    While it waits for approval it is declined at ``answer_by`` unless somebody has answered; ``warned``
    counts how often the business has been told that this is near.
    """

    lifecycle = BOOKING

    line = models.OneToOneField(Line, primary_key=True, on_delete=models.PROTECT, related_name="booking")
    business = models.ForeignKey(Business, on_delete=models.PROTECT, related_name="bookings")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="bookings")
    provider = models.ForeignKey(Provider, null=True, on_delete=models.PROTECT, related_name="bookings")
    trade = models.CharField(max_length=20)
    reference = models.CharField(max_length=63, unique=True)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    answer_by = models.DateTimeField(null=True)
    warned = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            one_of(BOOKING),
            models.CheckConstraint(
                condition=~Q(state="pending_approval") | Q(answer_by__isnull=False),
                name="who_waits_for_an_answer_waits_until_some_time",
            ),
        ]
        indexes = [
            models.Index(
                fields=["answer_by"], name="bookings_to_answer", condition=Q(state="pending_approval")
            ),
            models.Index(fields=["starts_at"], name="bookings_to_remind_of", condition=Q(state="confirmed")),
            models.Index(fields=["customer", "-line"]),
            models.Index(fields=["business", "starts_at"]),
        ]
        triggers = [*lifecycle_triggers(BOOKING), *never_leaves()]

    def __str__(self) -> str:
        return self.reference

    @property
    def period(self) -> Period:
        return Period(self.starts_at, self.ends_at)


class Rescheduling(Lived):
    """A move to a dearer time, which is held until the difference has been paid.

    It waits until ``expires_at``; then the new time is free again, and the booking stands as it was.
    """

    lifecycle = RESCHEDULING

    booking = models.ForeignKey(Booking, on_delete=models.PROTECT, related_name="reschedulings")
    due = models.OneToOneField(Due, on_delete=models.PROTECT, related_name="+")
    offering = models.ForeignKey(Offering, on_delete=models.PROTECT, related_name="+")
    provider = models.ForeignKey(Provider, null=True, on_delete=models.PROTECT, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    dearer_by = models.PositiveBigIntegerField(help_text="in minor units, before tax where that is added")
    by = models.CharField(max_length=60)
    expires_at = models.DateTimeField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            one_of(RESCHEDULING),
            models.UniqueConstraint(
                fields=["booking"], condition=Q(state="waiting"), name="one_move_waits_a_booking"
            ),
        ]
        indexes = [models.Index(fields=["expires_at"], name="moves_that_wait", condition=Q(state="waiting"))]
        triggers = [
            *lifecycle_triggers(RESCHEDULING),
            frozen("booking_id", "due_id", "offering_id", "starts_at", "ends_at", "dearer_by"),
            *never_leaves(),
        ]

    def __str__(self) -> str:
        return f"{self.booking} to {self.starts_at:%Y-%m-%d %H:%M}"

    @property
    def owner(self) -> str:
        """The name under which the new time is held."""
        return f"move:{self.pk}"

    @property
    def period(self) -> Period:
        return Period(self.starts_at, self.ends_at)


class Stay(models.Model):
    """What a hotel keeps of a booking: its guests, and from check-in on their room.

    A room that is out with guests cannot be given again, whatever was booked.
    """

    booking = models.OneToOneField(Booking, primary_key=True, on_delete=models.PROTECT, related_name="stay")
    guests = models.PositiveSmallIntegerField()
    room = models.ForeignKey(Room, null=True, on_delete=models.PROTECT, related_name="stays")
    checked_in_at = models.DateTimeField(null=True)
    checked_out_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(guests__gte=1), name="somebody_stays"),
            models.CheckConstraint(
                condition=Q(room=None, checked_in_at=None)
                | Q(room__isnull=False, checked_in_at__isnull=False),
                name="who_checks_in_has_a_room",
            ),
            models.CheckConstraint(
                condition=Q(checked_out_at=None) | Q(checked_in_at__isnull=False),
                name="who_checks_out_has_checked_in",
            ),
            models.UniqueConstraint(
                fields=["room"],
                condition=Q(room__isnull=False, checked_out_at=None),
                name="one_stay_in_a_room",
            ),
        ]
        triggers = [*never_leaves()]

    def __str__(self) -> str:
        return f"stay {self.booking}"

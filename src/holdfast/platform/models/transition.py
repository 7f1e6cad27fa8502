from __future__ import annotations

from django.db import models
from django.db.models import Func, Q

from ..triggers import append_only


class Xid8Field(models.Field[int, int]):
    """PostgreSQL's 64-bit transaction id, which never wraps."""

    def db_type(self, connection: object) -> str:
        return "xid8"


class Transition(models.Model):
    """A state changed: of what, from where to where, when, by whom and why. Rows are only added.

    ``actor`` is text (``customer:12``, ``staff:4``, ``gateway:phonepe``, ``clock``), so that it outlives
    whoever it names. ``xid`` lets a reader follow commits without missing one that commits late.
    """

    subject = models.CharField(max_length=20)
    subject_id = models.BigIntegerField()
    seq = models.PositiveIntegerField()
    before = models.CharField(max_length=20, blank=True)
    event = models.CharField(max_length=30)
    after = models.CharField(max_length=20)
    actor = models.CharField(max_length=60)
    reason = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()
    xid = Xid8Field(db_default=Func(function="pg_current_xact_id"), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subject", "subject_id", "seq"], name="one_transition_a_step")
        ]
        indexes = [
            models.Index(fields=["xid", "id"], name="bookings_to_follow", condition=Q(subject="booking"))
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.subject} {self.subject_id}: {self.before or 'new'} → {self.after}"

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Finding(models.Model):
    """Something that the audit found wrong, open until an audit no longer finds it."""

    check_name = models.CharField(max_length=40)
    subject = models.CharField(max_length=20)
    subject_id = models.BigIntegerField()
    what = models.CharField(max_length=300)
    found_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["check_name", "subject", "subject_id"],
                condition=Q(closed_at=None),
                name="one_open_finding_of_a_kind",
            )
        ]

    def __str__(self) -> str:
        return f"{self.check_name}: {self.what}"

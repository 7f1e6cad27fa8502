from __future__ import annotations

from django.db import models
from django.db.models import Q

from ..secrets import EncryptedJSONField


class IdempotencyKey(models.Model):
    """One write that came with an Idempotency-Key, and what it was answered.

    In flight until it has a ``status``. Whoever runs it holds it until ``lease_until`` under a number,
    ``attempt``: if that one died, a repeat takes the next number, and only the latest may answer.
    """

    actor = models.CharField(max_length=60)
    route = models.CharField(max_length=200)
    key = models.CharField(max_length=255)
    # Keyed, for a body may hold a password: see web.idempotency.
    fingerprint = models.CharField(max_length=64)
    attempt = models.PositiveIntegerField(default=1)
    lease_until = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True)
    answer = EncryptedJSONField(null=True)
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["actor", "route", "key"], name="one_answer_a_key"),
            models.CheckConstraint(
                condition=Q(status=None, answer=None) | Q(status__isnull=False, answer__isnull=False),
                name="answered_whole_or_not_at_all",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.route} {self.key}"

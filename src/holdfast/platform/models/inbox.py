from __future__ import annotations

from django.db import models
from django.db.models import Q


class GatewayEvent(models.Model):
    """A call from a gateway, stored as it came, but for secrets.

    Only a verified event carries a dedupe key: a forged one must not take the real one's place.
    ``account_id`` is a payments.GatewayAccount, above this layer and so without a foreign key.
    """

    class Result(models.TextChoices):
        WAITING = "waiting"  # stored, not yet handled
        SETTLED = "settled"
        UNANSWERED = "unanswered"  # the gateway did not answer; the reconciler goes on asking
        UNKNOWN = "unknown"  # names a payment that we do not know (yet)
        SET_ASIDE = "set_aside"  # a person has looked: it is none of ours
        UNREADABLE = "unreadable"
        REFUSED = "refused"  # not the gateway's

    gateway = models.CharField(max_length=20)
    account_id = models.BigIntegerField(null=True)
    verified = models.BooleanField()
    dedupe_key = models.CharField(max_length=64, null=True)
    event = models.CharField(max_length=80, blank=True)
    reference = models.CharField(max_length=80, blank=True, db_index=True)
    refund_reference = models.CharField(max_length=80, blank=True)
    headers = models.JSONField(default=dict)
    body = models.TextField(blank=True)
    received_at = models.DateTimeField()
    deliveries = models.PositiveIntegerField(default=1)
    handled_at = models.DateTimeField(null=True)
    result = models.CharField(max_length=12, choices=Result, default=Result.WAITING)

    class Meta:
        indexes = [
            models.Index(fields=["refund_reference"], name="events_of_a_refund"),
            models.Index(
                fields=["account_id"], name="events_of_unknown_payments", condition=Q(result="unknown")
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["gateway", "account_id", "dedupe_key"], name="one_event_once"),
            models.CheckConstraint(
                condition=Q(verified=True) | Q(dedupe_key=None), name="only_verified_events_dedupe"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.gateway} {self.event or 'event'} {self.reference}".strip()

from __future__ import annotations

from django.db import models


class Email(models.Model):
    """An email of one fact. Its Message-ID is the fact's, so a repeat after a crash folds into the first.

    Written before it is sent, so that a database which can keep nothing sends nothing over and over. ``told``
    is the message that it was sent for, so that it can be sent again; mail about accounts has none.
    """

    message_id = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=40)
    subject_kind = models.CharField(max_length=20)
    subject_id = models.BigIntegerField()
    sent_at = models.DateTimeField(null=True, help_text="when the mail server had taken it")
    told = models.JSONField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["subject_kind", "subject_id"])]

    def __str__(self) -> str:
        return self.message_id

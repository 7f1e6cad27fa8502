from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from ..secrets import EncryptedJSONField


class SecondFactor(models.Model):
    """An authenticator app that a user signs in with, beside the password. It counts once it is confirmed."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    secret = EncryptedJSONField()
    # Digests of the codes for whoever has lost the app; each goes when it is used.
    recovery = ArrayField(models.CharField(max_length=64), default=list, blank=True)
    begun_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"second factor of {self.user}"


class Spent(models.Model):
    """Something that works once and has been used: a link, a code. Kept until it would be refused anyway."""

    what = models.CharField(max_length=120)
    until = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["what"], name="spent_once")]

    def __str__(self) -> str:
        return self.what

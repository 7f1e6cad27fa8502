from __future__ import annotations

from django.db import models


class Throttle(models.Model):
    """How often something was asked in one window. Unlogged: a crash forgives, and that is fine."""

    pk = models.CompositePrimaryKey("key", "window")
    key = models.CharField(max_length=120)
    window = models.BigIntegerField()
    count = models.PositiveIntegerField(default=1)

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from ..purposes import Kind
from ..triggers import frozen


class StoredFile(models.Model):
    """A file that we keep. Its row comes after its bytes, and leaves before them: no row points to nothing.

    ``business_id`` is a catalog.Business, above this layer and so without a foreign key. Nothing that the
    sender said of the file is kept: what it is and what it is called follow from its content and purpose.
    """

    key = models.CharField(max_length=32, unique=True)
    purpose = models.CharField(max_length=30)
    kind = models.CharField(max_length=8, choices=Kind)
    size = models.PositiveBigIntegerField(help_text="in bytes, as it is kept")
    sha256 = models.CharField(max_length=64)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    business_id = models.BigIntegerField(null=True, blank=True, db_index=True)
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["owner", "created_at"], name="files_of_an_owner_by_day")]
        constraints = [
            models.CheckConstraint(condition=Q(size__gt=0), name="a_file_is_not_empty"),
            models.CheckConstraint(
                condition=Q(kind__in=["jpeg", "png", "webp", "pdf"]), name="a_files_kind_is_known"
            ),
            models.CheckConstraint(
                condition=Q(key__regex=r"^[0-9a-f]{32}$"), name="a_files_key_is_its_whole_path"
            ),
        ]
        triggers = [frozen("key", "purpose", "kind", "size", "sha256", "created_at")]

    def __str__(self) -> str:
        return f"{self.purpose.replace('_', ' ')} {self.key[:8]}"

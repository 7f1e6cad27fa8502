from __future__ import annotations

import uuid
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models
from django.db.models import Q


class Business(models.Model):
    """Who sells. Everything belongs to one."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=120)
    timezone = models.CharField(max_length=60)
    country = models.CharField(max_length=2, help_text="ISO 3166; phone numbers without a prefix are read so")
    currency = models.CharField(max_length=3)
    # Origins (scheme://host[:port]) to which a browser may be sent after paying.
    return_origins = models.JSONField(default=list, blank=True)
    buffers_may_overlap = models.BooleanField(
        default=False,
        help_text="between two appointments, the longer of their buffers is enough instead of both",
    )
    tax_name = models.CharField(max_length=20, blank=True, help_text="such as GST or VAT")
    prices_include_tax = models.BooleanField(
        default=True, help_text="else the tax is added to what the offerings cost"
    )
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=20, blank=True)

    class Meta:
        verbose_name_plural = "businesses"

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


class Member(models.Model):
    """A user with a role in a business."""

    class Role(models.TextChoices):
        OWNER = "owner"
        MANAGER = "manager"
        STAFF = "staff"
        PROVIDER = "provider"

    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="members")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["business", "user"], name="one_role_a_business")]

    def __str__(self) -> str:
        return f"{self.user} ({self.role})"


class Resource(models.Model):
    """What becomes busy: a person, a room pool, a studio. Seats count from 1 to ``capacity``.

    An offering that needs places is a class: whoever books the same start shares its persons and rooms, and
    has a place of his own.

    The id is a UUID on purpose: PostgreSQL compares a bigint column with a plain integer literal by an
    operator that a GiST index does not serve.
    """

    class Kind(models.TextChoices):
        PERSON = "person", "person"
        PLACE = "place", "room, or pool of like ones"
        PLACES = "places", "places of a class"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="resources")
    kind = models.CharField(max_length=10, choices=Kind)
    name = models.CharField(max_length=120)
    capacity = models.PositiveIntegerField(default=1)
    # Without opening hours of its own, a resource is open whenever the others are.
    keeps_hours = models.BooleanField(default=True, help_text="places of a class never do")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(capacity__gte=1), name="a_resource_has_a_seat")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_pool(self) -> bool:
        """Whether any of several seats will do, so that one is chosen when it is claimed."""
        return self.capacity > 1 or self.kind == self.Kind.PLACES


class Provider(models.Model):
    """The person who gives the service. Never a payment gateway."""

    resource = models.OneToOneField(Resource, on_delete=models.CASCADE, related_name="provider")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    profile = models.TextField(blank=True)

    def __str__(self) -> str:
        return self.resource.name

from __future__ import annotations

import copy
import uuid
from datetime import timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models
from django.db.models import F, Q


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


class Offering(models.Model):
    """What can be booked, with a price and a duration. ``package`` is what it is sold as: see ``sold_as``."""

    package: Package | None = None

    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="offerings")
    trade = models.CharField(max_length=20)
    title = models.CharField(max_length=160)
    category = models.CharField(max_length=60, blank=True, default="", db_default="")
    description = models.TextField(blank=True)
    image = models.CharField(max_length=200, blank=True)
    place = models.CharField(
        max_length=200,
        blank=True,
        default="",
        db_default="",
        help_text="an address, or the link to a meeting; told to those who have booked",
    )
    price = models.PositiveBigIntegerField(help_text="in minor units of the business's currency")
    tax_rate = models.PositiveIntegerField(default=0, help_text="in basis points: 1800 is 18 %")
    duration = models.DurationField()
    buffer_before = models.DurationField(default=timedelta(0))
    buffer_after = models.DurationField(default=timedelta(0))
    slot_step = models.DurationField(default=timedelta(minutes=30))
    minimum_notice = models.DurationField(default=timedelta(0))
    horizon = models.DurationField(default=timedelta(days=90))
    languages = models.JSONField(default=list, blank=True)
    # What this offering's terms set differently from its trade's; see catalog.terms.Terms.
    terms = models.JSONField(default=dict, blank=True)
    active = models.BooleanField(default=True)
    # Every one of them is needed at once: the person and the room.
    resources = models.ManyToManyField(Resource, related_name="offerings")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(duration__gt=timedelta(0)), name="an_offering_takes_time"),
            models.CheckConstraint(
                condition=Q(tax_rate__lte=10_000), name="a_tax_is_not_dearer_than_its_price"
            ),
            models.CheckConstraint(condition=Q(slot_step__gt=timedelta(0)), name="a_slot_step_moves_on"),
            models.CheckConstraint(
                condition=Q(buffer_before__gte=timedelta(0)) & Q(buffer_after__gte=timedelta(0)),
                name="buffers_are_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(minimum_notice__gte=timedelta(0)) & Q(horizon__gt=F("minimum_notice")),
                name="the_horizon_is_beyond_the_notice",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def sold_as(self, package: Package | None) -> Offering:
        """This offering at a package's price, duration and name: a copy with the same id, never saved."""
        sold = copy.copy(self)
        sold.package = package
        if package is not None:
            assert package.offering_id == self.pk
            sold.price = package.price
            sold.duration = package.duration or self.duration
            sold.title = f"{self.title} ({package.name})"
        return sold


class Package(models.Model):
    """An offering as it is sold at another price, and perhaps elsewhere, in another language, for longer."""

    offering = models.ForeignKey(Offering, on_delete=models.CASCADE, related_name="packages")
    name = models.CharField(max_length=60)
    price = models.PositiveBigIntegerField(help_text="in minor units of the business's currency")
    location = models.CharField(max_length=120, blank=True)
    language = models.CharField(max_length=40, blank=True)
    duration = models.DurationField(null=True, blank=True, help_text="empty: as long as the offering")
    description = models.TextField(blank=True)
    position = models.PositiveIntegerField(default=0)
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(duration=None) | Q(duration__gt=timedelta(0)), name="a_package_takes_time"
            ),
        ]

    def __str__(self) -> str:
        return self.name

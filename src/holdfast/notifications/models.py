from __future__ import annotations

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from holdfast.catalog.models import Business
from holdfast.platform.secrets import EncryptedJSONField


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
    starts_at = models.DateTimeField(null=True, help_text="of a reminder: the start that it reminds of")
    told = models.JSONField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["subject_kind", "subject_id"])]

    def __str__(self) -> str:
        return self.message_id


class CalendarFeed(models.Model):
    """A private calendar to subscribe to, at an address that only its user has been told.

    What it shows is decided anew each time it is read: whoever leaves a business reads none of it any more.
    """

    class Scope(models.TextChoices):
        """Whose bookings."""

        CUSTOMER = "customer", "what one has booked"
        PROVIDER = "provider", "what one gives"
        BUSINESS = "business", "all of a business"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    scope = models.CharField(max_length=10, choices=Scope)
    business = models.ForeignKey(Business, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "scope", "business"], name="one_feed_of_a_kind", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=Q(scope="business", business__isnull=False)
                | Q(scope__in=["customer", "provider"], business=None),
                name="a_businesss_feed_names_it",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_scope_display()}, for {self.user}"


class PusherAccount(models.Model):
    """A business's app at Pusher, through which its events are told as well. The secret is encrypted.

    Its channel is private, and who may subscribe is asked of us, unless the business opens it to everybody.
    """

    business = models.OneToOneField(Business, on_delete=models.CASCADE, related_name="pusher_account")
    app_id = models.CharField(max_length=20, validators=[RegexValidator(r"\A[0-9]+\Z", "Digits only.")])
    key = models.CharField(max_length=60)
    secret = EncryptedJSONField()
    cluster = models.CharField(max_length=30, default="mt1", help_text="such as eu, or ap2")
    base_url = models.CharField(
        max_length=200, blank=True, help_text="where it answers, when that is not Pusher's address"
    )
    is_open = models.BooleanField(
        default=False, help_text="whoever knows the channel's name may subscribe, and nobody is asked"
    )
    active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return f"{self.business} at Pusher"

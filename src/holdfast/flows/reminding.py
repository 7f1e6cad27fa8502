"""Reminders: a day and two hours before what is booked begins, each once for every start that it has."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from django.db.models import DateTimeField, Exists, ExpressionWrapper, F, OuterRef, QuerySet, Subquery

from holdfast.booking.models import Booking
from holdfast.notifications.models import Email
from holdfast.notifications.sending import message_id
from holdfast.platform.db import transaction
from holdfast.platform.models import Transition
from holdfast.platform.outbox import post

from .sweeping import sweep

log = structlog.get_logger(__name__)

# The emails, the latest first: after a pause nobody is reminded twice in one breath.
REMINDERS = (("reminder_2h", timedelta(hours=2)), ("reminder_24h", timedelta(hours=24)))


def remind(*, now: datetime, limit: int = 500) -> int:
    """Write the reminders that are due now. Answers how many bookings that were looked at.

    Who has booked, or moved, when it was nearer than that already is not reminded: they have just been told.
    """
    told = 0
    for nearest, (name, before) in enumerate(REMINDERS, start=1):
        as_near = [other for other, _ in REMINDERS[:nearest]]
        due = _due(before, but_not=as_near, now=now).values_list("pk", flat=True)
        told += sweep(list(due[:limit]), partial(_remind, name=name, now=now), what="reminder")
    return told


def _due(before: timedelta, *, but_not: Sequence[str], now: datetime) -> QuerySet[Booking]:
    """Bookings that begin so soon, stand as they are since before that, and have had none of these emails."""
    soon = Booking.objects.filter(state="confirmed", starts_at__gt=now, starts_at__lte=now + before)
    steps = Transition.objects.filter(subject="booking", subject_id=OuterRef("pk")).order_by("-seq")
    had = Email.objects.filter(
        subject_kind="booking", subject_id=OuterRef("pk"), starts_at=OuterRef("starts_at"), kind__in=but_not
    )
    as_it_is = soon.annotate(
        since=Subquery(steps.values("at")[:1]),
        reminded_at=ExpressionWrapper(F("starts_at") - before, output_field=DateTimeField()),
    )
    return as_it_is.filter(~Exists(had), since__lte=F("reminded_at")).order_by("starts_at", "pk")


def _remind(booking_id: int, *, name: str, now: datetime) -> None:
    """One row says that it has been done, whoever else does it at this moment: its email's own."""
    with transaction():
        booking = Booking.objects.get(pk=booking_id)
        step = int(booking.starts_at.timestamp())
        told: dict[str, Any] = {
            "name": name,
            "booking": booking.pk,
            "step": step,
            "starts_at": booking.starts_at.isoformat(),
        }
        about: dict[str, Any] = {"subject_kind": "booking", "subject_id": booking.pk}
        _, is_new = Email.objects.get_or_create(
            message_id=message_id(name, **about, step=step),
            defaults={"kind": name, "starts_at": booking.starts_at, "told": told, **about},
        )
        if is_new:
            post("email", **told)
            log.info("reminded", booking=booking.reference, email=name)

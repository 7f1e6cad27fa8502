"""Private calendars to subscribe to: what one has booked, what one gives, all of one's business.

A calendar's address is a secret of 192 bits, told once to whoever asks for it and kept as a digest. Asking
anew ends the address before. What is shown is decided at each reading, by who one is then.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db.models import QuerySet

from holdfast.booking.models import Booking
from holdfast.catalog.models import Business, Provider
from holdfast.catalog.queries import RUNS_THE_BUSINESS
from holdfast.kernel.errors import NotFound
from holdfast.notifications.appointments import for_customer, for_the_business, with_changes
from holdfast.notifications.ics import feed
from holdfast.notifications.models import CalendarFeed
from holdfast.platform.db import transaction
from holdfast.platform.models import User

log = structlog.get_logger(__name__)

Scope = CalendarFeed.Scope
KEY_BYTES = 24
# What a calendar shows: what stands, from some weeks ago on.
SHOWN = ("pending_approval", "confirmed", "in_progress", "completed", "no_show")
SHOWN_FROM = timedelta(days=60)
SHOWN_AT_MOST = 2000
NAMES = {
    Scope.CUSTOMER: "What you have booked",
    Scope.PROVIDER: "What you give",
    Scope.BUSINESS: "All of {business}",
}


@dataclass(frozen=True)
class Feed:
    """A calendar that somebody may have; it is made if there is a ``made_at``. ``business`` may be empty."""

    scope: str
    business: str
    name: str
    made_at: datetime | None


def feeds_of(user: User) -> list[Feed]:
    """Every calendar that this user may have, with those that there are."""
    made = {
        (one.scope, one.business_id): one.made_at for one in CalendarFeed.objects.filter(user=user).iterator()
    }
    may: list[tuple[Scope, Business | None]] = [(Scope.CUSTOMER, None)]
    if _gives(user).exists():
        may.append((Scope.PROVIDER, None))
    may.extend((Scope.BUSINESS, business) for business in _runs(user).order_by("name"))
    return [
        Feed(
            scope=scope.value,
            business=business.slug if business else "",
            name=_name(scope, business),
            made_at=made.get((scope.value, business.pk if business else None)),
        )
        for scope, business in may
    ]


def make_feed(user: User, scope: str, *, business: str = "", now: datetime) -> str:
    """The calendar's new address, which is told this once; one before is worth nothing any more.

    Raises NotFound for a calendar that this user may not have.
    """
    wanted = next((one for one in feeds_of(user) if (one.scope, one.business) == (scope, business)), None)
    if wanted is None:
        raise NotFound("There is no such calendar.")
    key = secrets.token_urlsafe(KEY_BYTES)
    with transaction():
        CalendarFeed.objects.update_or_create(
            user=user,
            scope=scope,
            business=Business.objects.get(slug=business) if business else None,
            defaults={"digest": _digest(key), "made_at": now},
        )
    log.info("calendar_made", user=user.pk, scope=scope, business=business)
    return f"{settings.HOLDFAST_PUBLIC_URL}/calendar/{key}.ics"


def calendar_under(key: str, *, now: datetime) -> bytes:
    """The calendar at a private address, as a file. Raises NotFound, also for who may not see it any more."""
    found = CalendarFeed.objects.select_related("user", "business").filter(digest=_digest(key)).first()
    if found is None or not found.user.is_active:
        raise NotFound("There is no such calendar.")
    scope = Scope(found.scope)
    seen = _seen(found.user, scope, found.business).filter(state__in=SHOWN, starts_at__gte=now - SHOWN_FROM)
    tells = for_customer if scope is Scope.CUSTOMER else for_the_business
    bookings = with_changes(seen).order_by("starts_at", "pk")[:SHOWN_AT_MOST]
    return feed([tells(booking) for booking in bookings], name=_name(scope, found.business))


def _seen(user: User, scope: Scope, business: Business | None) -> QuerySet[Booking]:
    """What somebody may see now, by what they are now. Raises NotFound for who is nothing there any more."""
    if scope is Scope.CUSTOMER:
        return Booking.objects.filter(customer__user=user)
    if scope is Scope.PROVIDER:
        return Booking.objects.filter(provider__in=_gives(user), business__in=_is_provider_at(user))
    if business is None or not _runs(user).filter(pk=business.pk).exists():
        raise NotFound("There is no such calendar.")
    return Booking.objects.filter(business=business)


def _gives(user: User) -> QuerySet[Provider]:
    return Provider.objects.filter(user=user, resource__business__in=_is_provider_at(user))


def _is_provider_at(user: User) -> QuerySet[Business]:
    return Business.objects.filter(members__user=user)


def _runs(user: User) -> QuerySet[Business]:
    return Business.objects.filter(members__user=user, members__role__in=RUNS_THE_BUSINESS)


def _name(scope: Scope, business: Business | None) -> str:
    return NAMES[scope].format(business=business.name if business else "")


def _digest(key: str) -> str:
    """How a key is kept. It has too many bits to be guessed from a plain digest."""
    return hashlib.sha256(key.encode()).hexdigest()

"""Questions about the catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import QuerySet

from holdfast.kernel.errors import NotFound
from holdfast.platform.prepared import Prepared

from .models import Business, Member, Offering

if TYPE_CHECKING:
    from holdfast.platform.models import User

RUNS_THE_BUSINESS = (Member.Role.OWNER, Member.Role.MANAGER, Member.Role.STAFF)


def offerings(trade: str, *, business: str | None = None) -> QuerySet[Offering]:
    """The active offerings of a trade, with their business; of one business by its slug."""
    found = Offering.objects.filter(trade=trade, active=True).select_related("business")
    return found.filter(business__slug=business) if business else found


def on_offer() -> QuerySet[Offering]:
    """Every active offering of every trade, business by business."""
    active = Offering.objects.filter(active=True).select_related("business")
    return active.order_by("business__name", "business", "price", "pk")


def offering(offering_id: int, *, trade: str) -> Offering:
    """One active offering with its business. Raises NotFound."""
    found = _ONE_OFFERING.first(trade=trade, offering_id=offering_id)
    if found is None:
        raise NotFound
    return found


_ONE_OFFERING = Prepared(
    lambda trade, offering_id: Offering.objects.filter(
        pk=offering_id, trade=trade, active=True
    ).select_related("business")
)


def businesses_run_by(user: User) -> QuerySet[Business]:
    """The businesses whose books this user may see: all of them for a platform admin."""
    if user.is_superuser:
        return Business.objects.all()
    return Business.objects.filter(members__user=user, members__role__in=RUNS_THE_BUSINESS)

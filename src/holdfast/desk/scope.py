"""Who may see what at the desk.

Owners, managers and staff see all of their business; a provider sees the bookings that are theirs to
give; a platform admin sees everything. Whatever a user may not see does not exist for them.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet, Sum
from django.http import Http404

from holdfast.booking.models import Booking
from holdfast.catalog.models import Business, Member, Offering, Resource
from holdfast.catalog.queries import RUNS_THE_BUSINESS, businesses_run_by
from holdfast.flows.watching import (
    bookings_to_answer,
    money_waiting_on_a_person,
    open_disputes,
    refunds_by_hand,
)
from holdfast.payments.models import HAS_WON, Payment
from holdfast.platform.models import Finding, User


def businesses_of(user: User) -> QuerySet[Business]:
    """The businesses at whose desk this user sits, in whatever role."""
    if user.is_superuser:
        return Business.objects.order_by("name", "pk")
    return Business.objects.filter(members__user=user).order_by("name", "pk")


def business_of(user: User, slug: str) -> Business:
    """The business that was asked for, if it is one of theirs; their first when none was. Raises Http404."""
    theirs = businesses_of(user)
    found = theirs.filter(slug=slug).first() if slug else theirs.first()
    if found is None:
        raise Http404("There is no such business.")
    return found


def hotels_run_by(user: User) -> QuerySet[Business]:
    """The businesses that this user runs and that sell by the night."""
    by_night = Offering.objects.filter(business=OuterRef("pk"), by_night=True)
    return businesses_run_by(user).filter(Exists(by_night)).order_by("name", "pk")


def bookings_open_to(user: User) -> QuerySet[Booking]:
    """The bookings that this user may see, with what a row of the agenda shows."""
    bookings = Booking.objects.select_related(
        "business", "customer", "line__order", "provider__resource", "stay__room"
    ).order_by("starts_at", "pk")
    if user.is_superuser:
        return bookings
    runs = Q(business__in=_where(user, RUNS_THE_BUSINESS))
    gives = Q(provider__user=user, business__in=_where(user, (Member.Role.PROVIDER,)))
    return bookings.filter(runs | gives)


def bookings_to_answer_for(user: User) -> QuerySet[Booking]:
    """The bookings that this user may see and that wait to be accepted or declined, the nearest end first."""
    return bookings_open_to(user).filter(pk__in=bookings_to_answer()).order_by("answer_by", "pk")


def bookings_asked_to_pay_again(user: User, *, now: datetime) -> QuerySet[Booking]:
    """The bookings that this user may see whose reserved money could not be had, and that can be paid yet."""
    lost = Payment.objects.filter(HAS_WON, order=OuterRef("line__order"), wins=False)
    return bookings_open_to(user).filter(Exists(lost), state="pending_payment", starts_at__gt=now)


def resources_open_to(user: User, business: Business) -> QuerySet[Resource]:
    """Whose time this user may keep from customers: all of the business's, or a provider's own."""
    theirs = (
        Resource.objects.filter(business=business).select_related("business").order_by("kind", "name", "pk")
    )
    if businesses_run_by(user).filter(pk=business.pk).exists():
        return theirs
    return theirs.filter(provider__user=user, business__in=_where(user, (Member.Role.PROVIDER,)))


def payments_open_to(user: User) -> QuerySet[Payment]:
    """The payments of the businesses that this user runs."""
    return Payment.objects.filter(order__business__in=businesses_run_by(user)).select_related(
        "account", "order__business", "order__customer"
    )


def money_waiting_for(user: User) -> QuerySet[Payment]:
    """Money of the businesses that this user runs, of which a person must decide; oldest first."""
    failed = Q(transactions__kind="refund", transactions__state="failed")
    by_hand = Q(transactions__in=refunds_by_hand())
    return (
        money_waiting_on_a_person()
        .filter(order__business__in=businesses_run_by(user))
        .select_related("order__business")
        .annotate(
            failed_refunds=Count("transactions", filter=failed),
            refused=Max("transactions__amount", filter=failed),
            by_hand=Sum("transactions__amount", filter=by_hand),
            why_by_hand=Max("transactions__reason", filter=by_hand),
            disputed=Sum("transactions__amount", filter=Q(transactions__in=open_disputes())),
        )
        .order_by("pk")
    )


def findings_for(user: User) -> QuerySet[Finding]:
    """What the audit finds wrong at present: platform admins see to that, and nobody else is shown it."""
    return (
        Finding.objects.filter(closed_at=None).order_by("pk") if user.is_superuser else Finding.objects.none()
    )


def _where(user: User, roles: tuple[Member.Role, ...]) -> QuerySet[Member, int]:
    return Member.objects.filter(user=user, role__in=roles).values_list("business_id", flat=True)

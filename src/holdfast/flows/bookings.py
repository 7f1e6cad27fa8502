"""Reading bookings: a booking with its line and the payment that it was made of, as frozen data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from holdfast.booking.models import Booking
from holdfast.catalog.models import Member, Offering, Package, Provider
from holdfast.catalog.queries import RUNS_THE_BUSINESS
from holdfast.kernel.errors import NotFound
from holdfast.kernel.money import Money
from holdfast.orders.models import Line
from holdfast.payments.models import HAS_WON, Payment
from holdfast.platform.models import Customer, User

BIGGEST_ID = 2**63 - 1  # more, a database cannot even be asked for


@dataclass(frozen=True)
class BookingView:
    """A booking as surfaces and pages present it. Times are in the business's zone.

    ``price`` is with the fees, taxes and discounts that are of it. The payment is the one that pays for it,
    or the last that did: a deposit rather than its balance. ``user`` is who made the booking, unless that
    was a caller; ``customer`` and ``provider`` are names, empty where none is known.
    """

    id: int
    reference: str
    user: User | None
    customer: str
    provider: str
    order_id: int
    order_uuid: UUID
    order_total: Money
    payment_uuid: UUID | None
    payment_reference: str | None
    state: str
    offering: Offering
    package: Package | None
    title: str
    price: Money
    starts_at: datetime
    ends_at: datetime
    created_at: datetime
    details: Mapping[str, Any]


def booking_by_reference(reference: str, *, trade: str) -> BookingView:
    """Any booking of a trade, for who holds its reference. Raises NotFound."""
    return _one(_all(trade), reference)


def booking_by_id(booking_id: int, *, trade: str) -> BookingView:
    """Any booking of a trade, for a caller who then sees to it who may know of it. Raises NotFound."""
    return _one(_all(trade), booking_id)


def booking_seen_by(user: User, which: str | int, *, trade: str) -> BookingView:
    """A booking, by its reference or its id, that is the user's own, or of a business whose books the user
    may see. Raises NotFound.
    """
    return _one(_seen_by(user, trade), which)


def booked_together(booking: BookingView, *, trade: str) -> list[BookingView]:
    """All that was ordered with a booking, itself among it, in the order in which it was chosen.

    What a cart was placed with before is ordered no more: then it is the booking alone.
    """
    standing = _all(trade).filter(line__order=booking.order_id, line__withdrawn_at=None)
    together = views(standing.order_by("line_id"))
    return together if booking.id in {one.id for one in together} else [booking]


def bookings_seen_by(user: User, *, trade: str, business: str | None = None) -> QuerySet[Booking]:
    """The user's own bookings, newest first; whoever runs a business sees all of its bookings,
    and a provider those that he or she gives."""
    seen = _seen_by(user, trade)
    return seen.filter(business__slug=business) if business else seen


def bookings_made_by(user: User, *, trade: str) -> QuerySet[Booking]:
    """The user's own bookings as a customer, newest first."""
    return _all(trade).filter(customer__in=_ids(Customer.objects.filter(user=user)))


def bookings_given_by(user: User, *, trade: str) -> QuerySet[Booking]:
    """Those that the user gives, newest first, in the businesses where he or she is a provider still."""
    memberships = user.memberships.filter(role=Member.Role.PROVIDER)
    gives_in = list(memberships.values_list("business", flat=True))
    gives = Q(provider__in=_ids(Provider.objects.filter(user=user)), business__in=gives_in)
    return _all(trade).filter(gives)


def views(bookings: Iterable[Booking]) -> list[BookingView]:
    return [_view(booking) for booking in bookings]


def _all(trade: str) -> QuerySet[Booking]:
    won = Payment.objects.filter(HAS_WON, order__lines=OuterRef("pk")).order_by("-wins", "due", "-pk")
    parts = Line.objects.filter(of=OuterRef("line")).values("of").annotate(sum=Sum("price")).order_by()
    return (
        Booking.objects.filter(trade=trade)
        .select_related(
            "line__offering__business", "line__package", "line__order", "customer__user", "provider__resource"
        )
        .annotate(
            payment_uuid=Subquery(won.values("uuid")[:1]),
            payment_reference=Subquery(won.values("reference")[:1]),
            parts=Coalesce(Subquery(parts.values("sum")), 0),
        )
        .order_by("-line_id")
    )


def _seen_by(user: User, trade: str) -> QuerySet[Booking]:
    """Who the user is to a booking is looked up first: by a few ids PostgreSQL finds what is theirs in an
    index, and for an OR over three tables it would read every booking there is."""
    everything = _all(trade)
    if user.is_superuser:
        return everything
    seen = Q(customer__in=_ids(Customer.objects.filter(user=user)))
    roles = set(user.memberships.values_list("role", "business"))
    if runs := [business for role, business in roles if role in RUNS_THE_BUSINESS]:
        seen |= Q(business__in=runs)
    if gives_in := [business for role, business in roles if role == Member.Role.PROVIDER]:
        seen |= Q(provider__in=_ids(Provider.objects.filter(user=user)), business__in=gives_in)
    return everything.filter(seen)


def _ids(rows: QuerySet[Any]) -> list[Any]:
    return list(rows.values_list("pk", flat=True))


def _one(bookings: QuerySet[Booking], which: str | int) -> BookingView:
    by = {"pk": min(which, BIGGEST_ID)} if isinstance(which, int) else {"reference": which}
    booking = bookings.filter(**by).first()
    if booking is None:
        raise NotFound("There is no such booking.")
    return _view(booking)


def _view(booking: Any) -> BookingView:
    line = booking.line
    zone = line.offering.business.zone
    return BookingView(
        id=booking.pk,
        user=booking.customer.user,
        customer=booking.customer.name or (booking.customer.user.name if booking.customer.user else ""),
        provider=booking.provider.resource.name if booking.provider else "",
        order_id=line.order_id,
        order_uuid=line.order.uuid,
        order_total=Money(line.order.total, line.order.currency),
        reference=booking.reference,
        payment_uuid=booking.payment_uuid,
        payment_reference=booking.payment_reference,
        state=booking.state,
        offering=line.offering,
        package=line.package,
        title=line.title,
        price=Money(line.price + booking.parts, line.order.currency),
        starts_at=booking.starts_at.astimezone(zone),
        ends_at=booking.ends_at.astimezone(zone),
        created_at=booking.created_at,
        details=line.details,
    )

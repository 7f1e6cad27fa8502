"""Who may change a booking, and whose side they are on."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q

from holdfast.booking.models import Booking
from holdfast.catalog.models import Member
from holdfast.catalog.queries import businesses_run_by
from holdfast.kernel.errors import Forbidden, NotFound
from holdfast.platform.models import User

from .actors import admin_actor, customer_actor, staff_actor


@dataclass(frozen=True)
class Change:
    """A booking that somebody may change. ``for_business`` is false for the customer's own."""

    booking_id: int
    order_id: int
    by: str
    for_business: bool


def change_of(reference: str, *, by: User, trade: str, to_cancel: bool = False) -> Change:
    """The booking as its customer, or whoever runs its business, may change it; and ``to_cancel`` it, by its
    terms, as whoever gives it. Raises NotFound.

    One's own booking is changed as a customer, whoever one is: nobody lets themselves off the terms.
    """
    booking = _booking(reference, trade)
    own = booking.customer.user_id == by.pk
    runs_it = own or businesses_run_by(by).filter(pk=booking.business_id).exists()
    if not (runs_it or (to_cancel and _gives_and_may_cancel(by, booking))):
        raise NotFound("There is no such booking.")
    actor = customer_actor(by.pk) if own else who_acts(by, booking.business_id)
    return Change(booking.pk, booking.line.order_id, actor, for_business=not own)


def change_from_inside(reference: str, *, by: User, trade: str) -> Change:
    """The booking as who gives it, or runs its business, may accept, decline or complete it.

    Raises NotFound, and Forbidden for a customer's own booking.
    """
    booking = _anothers(reference, trade, by)
    if businesses_run_by(by).filter(pk=booking.business_id).exists() or _gives(by, booking):
        return Change(booking.pk, booking.line.order_id, who_acts(by, booking.business_id), for_business=True)
    raise NotFound("There is no such booking.")


def change_of_money(reference: str, *, by: User, trade: str) -> Change:
    """The booking as whoever runs its business may give back money of it.

    Raises NotFound, for who only gives it as well, and Forbidden for a customer's own booking.
    """
    booking = _anothers(reference, trade, by)
    if not businesses_run_by(by).filter(pk=booking.business_id).exists():
        raise NotFound("There is no such booking.")
    return Change(booking.pk, booking.line.order_id, who_acts(by, booking.business_id), for_business=True)


def _anothers(reference: str, trade: str, user: User) -> Booking:
    booking = _booking(reference, trade)
    if booking.customer.user_id == user.pk:
        raise Forbidden  # nobody accepts, says paid, or gives money back for, what is their own
    return booking


def _booking(reference: str, trade: str) -> Booking:
    found = Booking.objects.select_related("customer", "line").filter(reference=reference, trade=trade)
    booking = found.first()
    if booking is None:
        raise NotFound("There is no such booking.")
    return booking


def _gives_and_may_cancel(user: User, booking: Booking) -> bool:
    return booking.line.order.terms.provider_may_cancel and _gives(user, booking)


def _gives(user: User, booking: Booking) -> bool:
    """Whether this member of the business is the provider of the booking."""
    is_the_one = Q(pk=booking.pk, provider__user=user)
    is_member = Q(business__members__user=user, business__members__role=Member.Role.PROVIDER)
    return Booking.objects.filter(is_the_one & is_member).exists()


def who_acts(user: User, business_id: int) -> str:
    """How transitions name somebody who acts for a business: one of its own, or a platform admin."""
    if user.memberships.filter(business=business_id).exists():
        return staff_actor(user.pk)
    return admin_actor(user.pk)

"""Paying for a stay, asking what became of that, and canceling with the guest's key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from holdfast.booking.models import Booking
from holdfast.kernel.errors import Conflict, NotFound
from holdfast.kernel.money import Money
from holdfast.orders.guest_keys import opens
from holdfast.orders.models import Due, Order
from holdfast.payments.gateways.base import Unknown
from holdfast.payments.models import Payment
from holdfast.payments.queries import may_look_now, open_dues

from .actors import GUEST
from .asking import StillUnknown
from .cancellation import Owed, cancel, preview
from .changing import Change
from .paying import PAID, charges_at_once, pay_due
from .returning import status_of
from .settlement import settle
from .stay_views import NO_SUCH_BOOKING, StayView, stay_of, tells

log = structlog.get_logger(__name__)

AT_ONCE = timedelta(milliseconds=300)  # however often somebody asks, the gateway is asked once in that while
NOT_SUBMITTED = "Submit this booking first."
OVER = "Nothing is to be paid for this any more."


@dataclass(frozen=True)
class Session:
    """An open payment of a stay. ``session_id`` is the gateway's name for it. With ``charged_at_once`` the
    card is charged when it is paid; else its money is reserved until the hotel has answered.
    """

    reference: str
    session_id: str
    payment_url: str
    amount: Money
    charged_at_once: bool


@dataclass(frozen=True)
class Verified:
    """A stay, and where the payment that tells for it stands: its word as in ``returning.Standing``."""

    stay: StayView
    payment_status: str
    amount: Money


def open_session(reference: str, *, business: str, now: datetime, method: str = "") -> Session:
    """Open a payment of what a stay asks for first, at the gateway ``method`` or the hotel's first. While one
    is open there, it is that one again.

    Raises NotFound, Conflict for a draft, for what has been paid and for what is over, HoldExpired when the
    nights are held no longer, Unavailable, and StillUnknown when the gateway does not answer.
    """
    due = _due_of(reference, business)
    checkout = pay_due(due, by=GUEST, now=now, method=method)
    payment = Payment.objects.select_related("account").get(reference=checkout.reference)
    if not checkout.payment_url:
        raise StillUnknown
    return Session(
        payment.reference,
        payment.gateway_reference,
        checkout.payment_url,
        payment.money,
        charges_at_once(due.order, payment.account),
    )


def _due_of(reference: str, business: str) -> Due:
    there = Booking.objects.filter(reference=reference, business__slug=business, stay__isnull=False)
    found = there.select_related("line").first()
    if found is None:
        stay_of(reference, business=business)
        raise Conflict(NOT_SUBMITTED)
    due = open_dues(found.line.order_id).select_related("order__business").first()
    if due is None:
        wins = Payment.objects.filter(order=found.line.order_id, wins=True).exists()
        raise Conflict(PAID if wins else OVER)
    return due


def verify_stay(reference: str, *, business: str, now: datetime) -> Verified:
    """Where a stay and the payment that tells for it stand, by the gateway's own word where it can be had:
    each attempt that may yet come to money is asked about, once in a moment.

    Raises NotFound, also while nothing has been begun, and StillUnknown when the gateway does not answer.
    """
    stay = stay_of(reference, business=business)
    for attempt in Payment.objects.filter(order=stay.order_id, captured=0).order_by("pk"):
        if may_look_now(attempt.pk, now=now, every=AT_ONCE):
            try:
                settle(attempt.pk, now=now)
            except Unknown as unknown:
                raise StillUnknown from unknown
    payment = _telling(stay.order_id)
    if payment is None:
        raise NotFound("No payment has been begun.")
    return Verified(stay_of(reference, business=business), status_of(payment), payment.money)


def _telling(order_id: int) -> Payment | None:
    payments = list(Payment.objects.select_related("order", "due").filter(order=order_id).order_by("pk"))
    return tells(payments, payments[0].order) if payments else None


def preview_cancel_by_key(reference: str, key: str, *, business: str, now: datetime) -> Owed:
    """What a guest who cancels now would get back. Raises as ``cancel_by_key``, and changes nothing."""
    return preview(_change_with(reference, key, business), now=now)


def cancel_by_key(reference: str, key: str, *, business: str, now: datetime) -> Owed:
    """A guest cancels with the key that was mailed, by the terms. Raises NotFound for a wrong key, and as
    ``cancel_booking``.
    """
    owed = cancel(_change_with(reference, key, business), now=now)
    log.info("canceled", booking=reference, by=GUEST, percent=owed.percent, refund=str(owed.refund))
    return owed


def _change_with(reference: str, key: str, business: str) -> Change:
    found = Booking.objects.filter(reference=reference, business__slug=business).select_related("line")
    booking = found.first()
    if booking is None or not opens(key, Order(pk=booking.line.order_id)):
        raise NotFound(NO_SUCH_BOOKING)
    return Change(booking.pk, booking.line.order_id, GUEST, for_business=False)

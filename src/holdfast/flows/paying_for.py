"""The money of one booking, as its customer sees to it: pay it, try again, prove that it is paid.

A booking is paid when its gateway says so. Whoever says it without that has changed nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from django.db.models import Q, QuerySet

from holdfast.kernel.errors import Conflict, Forbidden, NotFound, PaymentRequired
from holdfast.kernel.money import Money
from holdfast.orders.models import Due, Order
from holdfast.orders.queries import services_of
from holdfast.payments.gateways.base import Unknown
from holdfast.payments.models import Payment
from holdfast.payments.queries import open_dues, payment_by_reference
from holdfast.platform.models import User

from .actors import Shopper
from .asking import StillUnknown
from .bookings import BookingView, booking_by_id
from .decisions import UNDECIDED
from .paying import Checkout, pay
from .returning import AT_ONCE, standing
from .settlement import settle
from .story import ENDED_WITHOUT_MONEY

log = structlog.get_logger(__name__)

UNPAID = "pending_payment"
# Nothing is left of these that a payment could be for.
ENDED = ("declined", "canceled", "expired")
NOT_PAID = "No payment has arrived for this booking."


class NotToBePaid(Conflict):
    """This booking does not wait for a payment."""

    def __init__(self, state: str) -> None:
        super().__init__()
        self.state = state


@dataclass(frozen=True)
class Bill:
    """What is to be paid for a booking now, and until when its time is kept for that.

    ``tried`` is the reason why the latest attempt has come to nothing, and ``waits`` its reference while it
    is undecided; both are empty where that is not so. ``looked_into``: its money has come and does not match,
    and somebody of the business sees to it.
    """

    booking: BookingView
    due: Money
    kept_until: datetime | None
    tried: str
    waits: str
    looked_into: bool


@dataclass(frozen=True)
class Proof:
    """A booking that is paid, and the payment that has paid it: its reference and its gateway."""

    booking: BookingView
    payment: str
    gateway: str


def own_booking(booking_id: int, *, user: User, trade: str) -> BookingView:
    """The user's own booking. Raises NotFound, and Forbidden for another's."""
    booking = booking_by_id(booking_id, trade=trade)
    if not _is_of(booking, user):
        raise Forbidden
    return booking


def is_own_booking(booking_id: int, *, user: User, trade: str) -> bool:
    """Whether the user has booked this. Raises NotFound."""
    return _is_of(booking_by_id(booking_id, trade=trade), user)


def _is_of(booking: BookingView, user: User) -> bool:
    return booking.user is not None and booking.user.pk == user.pk


def bill_of(booking_id: int, *, user: User, trade: str, now: datetime) -> Bill:
    """What a customer is shown before paying; a payment that has been begun is looked up first.

    Raises as ``own_booking``.
    """
    booking = own_booking(booking_id, user=user, trade=trade)
    latest = _payments(booking).first()
    if latest is not None and booking.state == UNPAID:
        standing(latest.reference, now=now, every=AT_ONCE)
        booking = own_booking(booking_id, user=user, trade=trade)
        latest = _payments(booking).first()
    order = Order.objects.get(pk=booking.order_id)
    due = _due(booking)
    return Bill(
        booking=booking,
        due=due.money,
        kept_until=order.expires_at.astimezone(booking.starts_at.tzinfo) if order.expires_at else None,
        tried=latest.reason if latest is not None and latest.state in ENDED_WITHOUT_MONEY else "",
        waits=latest.reference if latest is not None and latest.state in UNDECIDED else "",
        looked_into=latest is not None and latest.is_looked_into,
    )


def booking_of_payment(reference: str, *, trade: str) -> int:
    """The id of the booking that a payment is for, of several the first. Raises NotFound."""
    payment = payment_by_reference(reference)
    if payment is None or payment.order.trade != trade:
        raise NotFound("There is no such payment.")
    return int(services_of(payment.order).values_list("pk", flat=True)[0])


def pay_for(
    booking_id: int, *, by: Shopper, trade: str, now: datetime, method: str = "", anew: bool = False
) -> Checkout:
    """Open a payment of what is due next for a booking. Raises as ``own_booking`` and ``paying.pay``."""
    booking = own_booking(booking_id, user=by.user, trade=trade)
    return pay(_due(booking).pk, by=by, now=now, method=method, anew=anew)


def prove_paid(booking_id: int, *, by: User, trade: str, now: datetime, payment: str = "") -> Proof:
    """The booking, once its gateway has said that it is paid: by the ``payment`` that is named, by its
    reference, uuid or id, or by any attempt of the booking's own.

    Naming the payment that has paid says so again, whoever came first. Without a name only what was unpaid
    is proved: else NotToBePaid is raised, and so it is for what has ended. Raises PaymentRequired where no
    money has come, StillUnknown while the gateway does not say, and as ``own_booking``.
    """
    before = own_booking(booking_id, user=by, trade=trade)
    if not payment and before.state != UNPAID:
        raise NotToBePaid(before.state)
    attempts = _payments(before).filter(_named(payment))
    is_unknown = [not _asked(attempt, now=now) for attempt in attempts]
    booking = own_booking(booking_id, user=by, trade=trade)
    if booking.state == UNPAID:
        raise StillUnknown if any(is_unknown) else PaymentRequired(NOT_PAID)
    winner = attempts.select_related("account").filter(wins=True).first()
    if booking.state in ENDED or winner is None:
        raise NotToBePaid(booking.state)
    log.info("proved_paid", booking=booking.reference, payment=winner.reference)
    return Proof(booking, winner.reference, winner.account.gateway)


def _payments(booking: BookingView) -> QuerySet[Payment]:
    """Every attempt at paying for it, the latest first."""
    return Payment.objects.filter(order=booking.order_id).order_by("-pk")


def _named(payment: str) -> Q:
    if not payment:
        return Q()
    named = Q(reference=payment)
    if payment.isascii() and payment.isdecimal() and len(payment) < 19:
        named |= Q(pk=int(payment))
    try:
        return named | Q(uuid=UUID(payment))
    except ValueError:
        return named


def _asked(attempt: Payment, *, now: datetime) -> bool:
    """Whether we know what became of an attempt, asking its gateway if it may still come to money: now, for
    what was said a moment ago may be old."""
    if attempt.state in (*UNDECIDED, *ENDED_WITHOUT_MONEY):
        try:
            settle(attempt.pk, now=now)
        except Unknown as unknown:
            log.warning("proof_unknown", reference=attempt.reference, why=str(unknown))
            return False
    return True


def _due(booking: BookingView) -> Due:
    """What is asked for next; where nothing is, the last that was, which says why it cannot be paid."""
    due = open_dues(booking.order_id).first()
    return due or Due.objects.filter(order=booking.order_id).order_by("-pk")[0]

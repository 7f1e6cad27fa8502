"""Reading payments: those that one has made oneself, as frozen data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet

from holdfast.booking.models import Booking
from holdfast.kernel.errors import NotFound
from holdfast.kernel.money import Money
from holdfast.payments.models import Payment
from holdfast.platform.models import User

from .returning import reason_of, standing, status_of


@dataclass(frozen=True)
class PaymentView:
    """A payment as who made it may see it; ``status`` and ``reason`` are in the words of a Standing.

    ``booking_references`` are of the bookings that were made of it, in the order in which they were chosen.
    Money in quarantine has come, and does not match: somebody of the business looks into it.
    """

    id: int
    reference: str
    order_id: int
    gateway: str
    amount: Money
    status: str
    reason: str | None
    booking_references: tuple[str, ...]
    payment_url: str
    quarantined: bool
    created_at: datetime


def payments_made_by(user: User, *, trade: str) -> QuerySet[Payment]:
    """The user's own payments of a trade, newest first."""
    bookings = Booking.objects.filter(line__order=OuterRef("order"), line__withdrawn_at=None).order_by("pk")
    own = Payment.objects.filter(order__customer__user=user, order__trade=trade)
    with_all = own.select_related("order", "account", "due")
    return with_all.annotate(made=ArraySubquery(bookings.values("reference"))).order_by("-pk")


def payment_views(payments: Iterable[Payment]) -> list[PaymentView]:
    """As they stand in our books; no gateway is asked."""
    stand = [(payment, status_of(payment)) for payment in payments]
    return [_view(payment, status, reason_of(payment, status)) for payment, status in stand]


def payment_made_by(user: User, payment_id: int, *, trade: str, now: datetime) -> PaymentView:
    """One of the user's own payments; its gateway is asked first, if it is undecided. Raises NotFound."""
    own = payments_made_by(user, trade=trade).filter(pk=payment_id)
    payment = own.first()
    if payment is None:
        raise NotFound("There is no such payment.")
    now_at = standing(payment.reference, now=now, of_user=user.pk, trade=trade)
    return _view(own.get(), now_at.status, now_at.reason)


def _view(payment: Payment, status: str, reason: str | None) -> PaymentView:
    made: list[str] = getattr(payment, "made")  # noqa: B009 - an annotation, which no model declares
    return PaymentView(
        id=payment.pk,
        reference=payment.reference,
        order_id=payment.order_id,
        gateway=payment.account.gateway,
        amount=payment.money,
        status=status,
        reason=reason,
        booking_references=tuple(made) if payment.has_won else (),
        payment_url=payment.payment_url,
        quarantined=payment.is_looked_into,
        created_at=payment.created_at,
    )

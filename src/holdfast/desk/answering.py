"""What waits for an answer, as the queue shows it: its money, its clock, and what is being done about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from holdfast.booking.models import Booking
from holdfast.flows.answers import IN_FLIGHT, WARNINGS
from holdfast.flows.movements import OPEN, RESERVED
from holdfast.kernel.money import Money
from holdfast.kernel.wording import amount_in_words, time_in_words
from holdfast.payments.models import Payment, Transaction
from holdfast.platform.models import Transition, User

from . import rows

HOUR = timedelta(hours=1)
# Which of its warnings a business has had, by the count on the booking; or was asked too late to need.
WARNED = ("", *(f"under {before // HOUR} hours" for before in WARNINGS))
# Why reserved money could not be had, by what was written down when it was lost.
WHY_LOST = {
    "declined": "The gateway would not take what it had reserved.",
    "canceled": "What was reserved has been set free at the gateway.",
    "expired": "The authorization has lapsed.",
}


@dataclass(frozen=True)
class ToAnswer:
    """A booking that waits for an answer. ``under_way`` says why it cannot be answered just now.

    ``reserved_until`` is when its authorization lapses; None where its money has been taken, or is none.
    """

    appointment: rows.Appointment
    money: str
    reserved_until: datetime | None
    left: str  # empty when its time is up
    warned: str  # empty before the first warning
    under_way: str
    is_own: bool
    others: int  # of the same order, which are declined together with it

    @property
    def reference(self) -> str:
        return self.appointment.reference

    @property
    def is_reserved(self) -> bool:
        return self.reserved_until is not None

    @property
    def may_be_answered(self) -> bool:
        return not self.is_own and not self.under_way


@dataclass(frozen=True)
class AskedAgain:
    """A booking whose reserved money could not be had: its customer is asked to pay anew."""

    appointment: rows.Appointment
    why: str
    until: datetime | None


def to_answer(bookings: Iterable[Booking], user: User, *, now: datetime) -> list[ToAnswer]:
    """The bookings as the queue shows them: two queries more, however many they are."""
    those = list(bookings)
    payments = _winners(one.line.order_id for one in those)
    under_way = _under_way(payments.values())
    together = Counter(one.line.order_id for one in those)
    return [
        _row(
            one,
            payments.get(one.line.order_id),
            under_way,
            is_own=one.customer.user_id == user.pk,
            others=together[one.line.order_id] - 1,
            now=now,
        )
        for one in those
    ]


def _row(
    booking: Booking,
    payment: Payment | None,
    under_way: Mapping[int, str],
    *,
    is_own: bool,
    others: int,
    now: datetime,
) -> ToAnswer:
    assert booking.answer_by is not None  # who waits for an answer waits until some time
    is_reserved = payment is not None and payment.is_reserved
    ends = payment.capture_before if payment is not None and is_reserved else None
    left = booking.answer_by - now
    return ToAnswer(
        appointment=rows.appointment(booking),
        money=_money_of(booking, payment),
        reserved_until=ends.astimezone(booking.business.zone) if ends else None,
        left=time_in_words(left) if left > timedelta(0) else "",
        warned=WARNED[min(booking.warned, len(WARNED) - 1)],
        under_way=IN_FLIGHT[under_way[payment.pk]] if payment is not None and payment.pk in under_way else "",
        is_own=is_own,
        others=others if is_reserved else 0,
    )


def asked_again(bookings: Iterable[Booking]) -> list[AskedAgain]:
    """Bookings that lost their reserved money, and why: one query more, however many they are."""
    those = list(bookings)
    moves = Transition.objects.filter(
        subject="booking", event="lose_money", subject_id__in=[one.pk for one in those]
    )
    reasons = dict(moves.order_by("pk").values_list("subject_id", "reason"))
    return [
        AskedAgain(
            appointment=rows.appointment(one),
            why=WHY_LOST.get(reasons.get(one.pk, ""), "Its reserved money could not be had."),
            until=_locally(one),
        )
        for one in those
    ]


def _locally(booking: Booking) -> datetime | None:
    until = booking.line.order.expires_at
    return until.astimezone(booking.business.zone) if until else None


def _winners(orders: Iterable[int]) -> dict[int, Payment]:
    """The payment that pays each order, by the order: what was asked for first, where there are several."""
    found = Payment.objects.filter(order__in=set(orders), wins=True).order_by("-pk")
    return {payment.order_id: payment for payment in found}


def _under_way(payments: Iterable[Payment]) -> dict[int, str]:
    """The capture or void that the gateway has been asked for, by the payment."""
    reserved = [payment.pk for payment in payments if payment.is_reserved]
    asked = Transaction.objects.filter(payment__in=reserved, kind__in=RESERVED, state__in=OPEN)
    return dict(asked.values_list("payment", "kind"))


def _money_of(booking: Booking, payment: Payment | None) -> str:
    order = booking.line.order
    if payment is not None:
        return f"{amount_in_words(payment.kept)} {'reserved' if payment.is_reserved else 'paid'}"
    if not order.total:
        return "nothing to pay"
    asked = amount_in_words(Money(order.total, order.currency))
    return f"{asked} to be paid on the spot" if order.terms.on_the_spot else f"{asked} unpaid"

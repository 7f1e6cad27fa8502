"""What mail tells of a payment: to its customer, or to the business where somebody must look."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import quote

from django.conf import settings

from holdfast.availability.stays import nearest_to
from holdfast.booking.models import Booking
from holdfast.kernel.money import Money
from holdfast.kernel.wording import amount_in_words, day_in_words, hours_in_words
from holdfast.orders.models import Due, Line
from holdfast.orders.queries import services_for
from holdfast.payments.models import Payment

from .said import about_all, businesss_address, customers_address, customers_page, desk_page, moment
from .sending import Fact

WHY_BACK = {
    "slot_lost": "When your payment arrived, this time had already been given to somebody else.",
    "paid twice": "You have paid for this twice. Your other payment stands, and your booking with it.",
    "canceled": "This was canceled before your payment arrived.",
    "too late": "When your payment arrived, it was not asked for any more.",
    "moved to a cheaper time": "The time that you moved to costs less.",
}
STANDS = ("pending_approval", "confirmed", "in_progress", "completed")  # of a booking
WHAT_FOR = {
    Due.Kind.BALANCE.value: "the balance",
    Due.Kind.DIFFERENCE.value: "the difference for the new time",
}


def paid(payment_id: int, *, now: datetime) -> Fact:
    """What was asked for later has been paid: a balance, a difference."""
    payment, lines = _read(payment_id)
    what = WHAT_FOR.get(payment.due.kind, "your booking")
    told = {"amount": _words(payment.kept.amount, payment), "what": what}
    return _fact(payment, lines, "Paid: {}", to=customers_address(lines[0]), **told)


def not_paid(payment_id: int, *, now: datetime) -> Fact | None:
    """An attempt has come to nothing while the time is kept for another: where to pay again, and until when.

    Nothing once that is over, or has been begun already.
    """
    payment, lines = _read(payment_id)
    order, later = payment.order, Payment.objects.filter(order=payment.order_id, pk__gt=payment.pk)
    is_kept = order.state == "placed" and order.expires_at is not None and order.expires_at > now
    if not is_kept or payment.captured or payment.due.withdrawn_at is not None or later.exists():
        return None
    assert order.expires_at is not None  # or it would not be kept
    told = {
        "amount": _words(payment.amount, payment),
        "until": moment(order.expires_at.isoformat(), lines[0].offering.business),
        "page": _page_to_pay_again(payment, lines[0], now=now),
        "keyed": order.terms.keyed,
    }
    return _fact(payment, lines, "Not paid yet: {}", to=customers_address(lines[0]), **told)


def refunded(payment_id: int, *, now: datetime, back: int | None = None, why: str = "") -> Fact:
    """``back`` is how much of it goes back, in minor units, if not all; ``why`` is what somebody has said."""
    payment, lines = _read(payment_id)
    taken = payment.captured or payment.authorized
    amount = taken if back is None else back
    told = {
        "amount": _words(amount, payment),
        "is_all": amount == taken,
        "stands": Booking.objects.filter(line__in=lines, state__in=STANDS).exists(),
        "was_reserved": not payment.captured,
        "why": _why_back(payment, lines[0], why),
        "nearest": _nearest(lines[0], now=now) if payment.reason == "slot_lost" else [],
    }
    subject = "Your payment for {} goes back to you" if amount == taken else "Money for {} goes back to you"
    return _fact(payment, lines, subject, to=customers_address(lines[0]), **told)


def quarantined(payment_id: int, *, now: datetime) -> Fact:
    """To the business, not to the customer: somebody there must look."""
    payment, lines = _read(payment_id)
    told = {
        "asked": _words(payment.amount, payment),
        "took": _words(payment.captured or payment.authorized, payment),
        "why": payment.reason,
    }
    return _to_the_business(payment, lines, "Money waits for you: {}", **told)


def left_without_us(payment_id: int, *, now: datetime) -> Fact:
    """To the business: more has gone back than was sent from here."""
    payment, lines = _read(payment_id)
    told = {
        "gone": _words(payment.reversed, payment),
        "took": _words(payment.captured, payment),
        "stands": payment.wins,
    }
    return _to_the_business(payment, lines, "Money has left without you: {}", **told)


DISPUTED = {
    "open": "A customer disputes a payment: {}",
    "won": "A dispute is won: {}",
    "lost": "A dispute is lost: {}",
}


def disputed(payment_id: int, *, now: datetime, how: str) -> Fact:
    """To the business: a card's bank has withdrawn money, has given it back, or keeps it."""
    payment, lines = _read(payment_id)
    told = {"how": how, "took": _words(payment.captured, payment), "stands": payment.wins}
    return _to_the_business(payment, lines, DISPUTED[how], **told)


def _read(payment_id: int) -> tuple[Payment, list[Line]]:
    payment = Payment.objects.select_related("order", "due__order").get(pk=payment_id)
    return payment, list(
        services_for(payment.due).select_related("offering__business", "order__customer", "package")
    )


def _to_the_business(payment: Payment, lines: list[Line], subject: str, **told: Any) -> Fact:
    to, page = businesss_address(lines[0].offering.business), desk_page("payments", payment.reference)
    return _fact(payment, lines, subject.replace("{}", payment.reference), to=to, page=page, **told)


def _fact(payment: Payment, lines: list[Line], subject: str, *, to: str, **told: Any) -> Fact:
    """``subject`` may have a place for what the payment is for."""
    context = about_all(lines) | {"reference": payment.reference} | told
    return Fact("payment", payment.pk, to, subject.replace("{}", context["title"]), context)


def _page_to_pay_again(payment: Payment, line: Line, *, now: datetime) -> str:
    """The page on which its booking is paid, or else the booking's own, where there is one already; and where
    there is none, the page that says how this attempt went.
    """
    order = payment.order
    booking = Booking.objects.filter(pk=line.pk).first()
    if booking is not None and order.terms.pay_address:
        return f"{settings.HOLDFAST_PUBLIC_URL}{order.terms.pay_address.format(id=booking.pk)}"
    if booking is not None:
        return customers_page(order, booking.reference, now=now)
    reason = payment.reason or order.Reason.ERROR
    failed = order.terms.failed_address.format(payment=quote(payment.reference), booking="", reason=reason)
    return f"{order.return_base}{failed}"


def _nearest(line: Line, *, now: datetime) -> list[tuple[str, str]]:
    """The free times around the one that was lost, as days and hours."""
    zone = line.offering.business.zone
    free = nearest_to(line.sold, line.starts_at, now=now) if line.starts_at > now else []
    times = [(slot.period.start.astimezone(zone), slot.period.end) for slot in free]
    return [(day_in_words(start), hours_in_words(start, end)) for start, end in times]


def _why_back(payment: Payment, line: Line, why: str) -> str:
    said = why or payment.reason
    if said in WHY_BACK:
        return WHY_BACK[said]
    if why:
        return f"{line.offering.business.name} gives it back: {why}."
    return "It could not be booked any more."


def _words(amount: int, payment: Payment) -> str:
    return amount_in_words(Money(amount, payment.currency))

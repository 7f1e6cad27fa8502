"""What mail tells of a payment: to its customer, or to the business where somebody must look."""

from __future__ import annotations

from typing import Any

from holdfast.kernel.money import Money
from holdfast.kernel.wording import amount_in_words
from holdfast.orders.models import Due, Line
from holdfast.orders.queries import services_of
from holdfast.payments.models import Payment

from .said import about_all, businesss_address, customers_address, desk_page
from .sending import Fact

WHY_BACK = {
    "slot_lost": "When your payment arrived, this time had already been given to somebody else.",
    "paid twice": "You have paid for this twice. Your other payment stands, and your booking with it.",
    "canceled": "This was canceled before your payment arrived.",
    "too late": "When your payment arrived, it was not asked for any more.",
    "moved to a cheaper time": "The time that you moved to costs less.",
}
WHAT_FOR = {
    Due.Kind.BALANCE.value: "the balance",
    Due.Kind.DIFFERENCE.value: "the difference for the new time",
}


def paid(payment_id: int) -> Fact:
    """What was asked for later has been paid: a balance, a difference."""
    payment, lines = _read(payment_id)
    what = WHAT_FOR.get(payment.due.kind, "your booking")
    told = {"amount": _words(payment.kept.amount, payment), "what": what}
    return _fact(payment, lines, "Paid: {}", to=customers_address(lines[0]), **told)


def refunded(payment_id: int, *, back: int | None = None, why: str = "") -> Fact:
    """``back`` is how much of it goes back, in minor units, if not all; ``why`` is what somebody has said."""
    payment, lines = _read(payment_id)
    taken = payment.captured or payment.authorized
    amount = taken if back is None else back
    told = {
        "amount": _words(amount, payment),
        "is_all": amount == taken,
        "stands": payment.wins,
        "was_reserved": not payment.captured,
        "why": _why_back(payment, lines[0], why),
    }
    subject = "Your payment for {} goes back to you" if amount == taken else "Money for {} goes back to you"
    return _fact(payment, lines, subject, to=customers_address(lines[0]), **told)


def quarantined(payment_id: int) -> Fact:
    """To the business, not to the customer: somebody there must look."""
    payment, lines = _read(payment_id)
    told = {
        "asked": _words(payment.amount, payment),
        "took": _words(payment.captured or payment.authorized, payment),
        "why": payment.reason,
    }
    return _to_the_business(payment, lines, "Money waits for you: {}", **told)


def left_without_us(payment_id: int) -> Fact:
    """To the business: more has gone back than was sent from here."""
    payment, lines = _read(payment_id)
    told = {
        "gone": _words(payment.reversed, payment),
        "took": _words(payment.captured, payment),
        "stands": payment.wins,
    }
    return _to_the_business(payment, lines, "Money has left without you: {}", **told)


def _read(payment_id: int) -> tuple[Payment, list[Line]]:
    payment = Payment.objects.select_related("order", "due").get(pk=payment_id)
    return payment, list(services_of(payment.order).select_related("offering__business", "order__customer"))


def _to_the_business(payment: Payment, lines: list[Line], subject: str, **told: Any) -> Fact:
    to, page = businesss_address(lines[0].offering.business), desk_page("payments", payment.reference)
    return _fact(payment, lines, subject.replace("{}", payment.reference), to=to, page=page, **told)


def _fact(payment: Payment, lines: list[Line], subject: str, *, to: str, **told: Any) -> Fact:
    """``subject`` may have a place for what the payment is for."""
    context = about_all(lines) | {"reference": payment.reference} | told
    return Fact("payment", payment.pk, to, subject.replace("{}", context["title"]), context)


def _why_back(payment: Payment, line: Line, why: str) -> str:
    said = why or payment.reason
    if said in WHY_BACK:
        return WHY_BACK[said]
    if why:
        return f"{line.offering.business.name} gives it back: {why}."
    return "It could not be booked any more."


def _words(amount: int, payment: Payment) -> str:
    return amount_in_words(Money(amount, payment.currency))

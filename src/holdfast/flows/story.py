"""What one settlement works on, and when a payment is looked at next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from holdfast.kernel.money import Money
from holdfast.orders.models import Line, Order
from holdfast.payments.gateways.base import Outcome
from holdfast.payments.models import DISPUTE_IS_OPEN, Payment, Transaction

from .gateways import gateway_class

ENDED_WITHOUT_MONEY = ("failed", "canceled", "expired")
LATE_MONEY_COMES_WITHIN = timedelta(days=2)
LATE_LOOKS = timedelta(minutes=5)
# Reserved money may lapse, or be set free elsewhere, before anybody has answered.
RESERVED_LOOKS = timedelta(hours=6)
A_MOMENT_AFTER = timedelta(minutes=1)
# While a bank decides about money that it has withdrawn.
DISPUTE_LOOKS = timedelta(days=1)


@dataclass
class Story:
    """The order locked, its services, the payment, what is under way with it, and the gateway's word."""

    order: Order
    lines: tuple[Line, ...]
    payment: Payment
    another_wins: bool
    under_way: Transaction | None
    outcome: Outcome
    refused: bool
    by: str
    now: datetime

    @property
    def owners(self) -> tuple[str, ...]:
        return tuple(line.owner for line in self.lines)

    @property
    def said(self) -> Money:
        """The amount that the gateway names; nothing if it names none."""
        return self.outcome.amount or Money(0, self.payment.currency)


def next_look(payment: Payment, *, now: datetime) -> datetime:
    """When an undecided payment is asked about next: on its gateway's ladder."""
    return now + gateway_class(payment.account).next_look(age=now - payment.created_at)


def late_look(payment: Payment, *, now: datetime) -> datetime | None:
    """Gateways do take money after they said no: a bank answered late. Ask on, slowly, for two days."""
    age = now - payment.created_at
    if age > LATE_MONEY_COMES_WITHIN:
        return None
    return now + max(LATE_LOOKS, gateway_class(payment.account).next_look(age=age))


def reserved_look(capture_before: datetime | None, *, now: datetime) -> datetime:
    """When reserved money is looked at next: now and then, and as soon as it should have lapsed."""
    soon = now + RESERVED_LOOKS
    if capture_before is None or capture_before + A_MOMENT_AFTER <= now:
        return soon
    return min(soon, capture_before + A_MOMENT_AFTER)


def sweep_look(payment: Payment, *, now: datetime) -> datetime | None:
    """When money that we have, or gave back, is looked at once more; None when it has been, often enough."""
    if payment.reversed and payment.transactions.filter(DISPUTE_IS_OPEN).exists():
        return now + DISPUTE_LOOKS
    since = payment.created_at
    if payment.refunded:
        sent = payment.transactions.filter(kind=Transaction.Kind.REFUND, by_hand=False)
        since = max([since, *sent.values_list("created_at", flat=True)])
    sweeps = gateway_class(payment.account).sweeps
    return next((since + age for age in sweeps if since + age > now), None)

"""Money that is not what was asked for: somebody has looked, and lets it count as the payment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from holdfast.availability.actions import claim_again, take
from holdfast.availability.queries import holds_all
from holdfast.kernel.errors import Conflict
from holdfast.kernel.money import Money
from holdfast.orders.actions import ask_for, lock, withdraw
from holdfast.orders.dues import COMES_LATER
from holdfast.orders.models import Due, Line, Order
from holdfast.orders.promos import redeem_again
from holdfast.orders.queries import services_of
from holdfast.payments.models import Payment
from holdfast.payments.queries import open_dues
from holdfast.platform.db import retried_once, transaction, transaction_required
from holdfast.platform.outbox import post

from .decisions import UNPAID_ENDS
from .entering import enter
from .movements import give_back
from .story import sweep_look

log = structlog.get_logger(__name__)

AMOUNT_DIFFERS = "amount differs"  # in settlement's words
DOES_NOT_FIT = "This money cannot count as the payment: give it back instead."
NOT_ASKED_FOR = "Nothing asks for this money any more: give it back instead."
BEGUN = "The time that this was to pay for has begun: give the money back instead."
SLOT_GONE = "The time that this was to pay for has been given to somebody else: give the money back instead."
WHY = "accepted, though the amount differs"
TOO_MUCH = "more than was asked for"


@dataclass(frozen=True)
class Accepted:
    """What came of it: ``over`` goes back to the customer, ``missing`` is still asked for."""

    over: Money
    missing: Money


def fits(payment: Payment) -> bool:
    """Whether quarantined money may count as its payment, as far as can be seen from it: all of it is there,
    in the right currency, and it was asked for first.
    """
    is_whole = payment.state == "captured" and payment.left == payment.captured > 0
    is_first = payment.due.kind not in COMES_LATER
    return payment.quarantined and payment.reason == AMOUNT_DIFFERS and is_whole and is_first


def accept_as_payment(payment_id: int, *, by: str, now: datetime) -> Accepted:
    """Let quarantined money pay for what it was meant to: its order is completed with it.

    What is too much goes back; what is missing is asked for as a balance. Raises Conflict for money that
    does not fit, that nothing asks for, or whose time cannot be had any more.
    """
    accepted = _accept(payment_id, by=by, now=now)
    log.info("accepted_as_payment", payment=payment_id, by=by, missing=str(accepted.missing))
    return accepted


@retried_once
def _accept(payment_id: int, *, by: str, now: datetime) -> Accepted:
    with transaction():
        order = lock(Payment.objects.get(pk=payment_id).order_id)
        payment = Payment.objects.select_related("account", "due").select_for_update(of=("self",))
        found = payment.get(pk=payment_id)
        if not fits(found):
            raise Conflict(DOES_NOT_FIT)
        lines = list(services_of(order).select_related("offering__business"))
        _refuse(order, found, lines, now=now)
        _have_the_time(order, lines, by=by, now=now)
        _let_it_win(found, by=by, now=now)
        enter(order, lines, found, by=by, now=now, why=WHY)
        return _even_out(order, found, starts_at=lines[0].starts_at, by=by, now=now)


def _refuse(order: Order, payment: Payment, lines: Sequence[Line], *, now: datetime) -> None:
    is_asked_for = open_dues(order.pk).filter(pk=payment.due_id).exists()
    if not is_asked_for or order.state not in ("placed", *UNPAID_ENDS):
        raise Conflict(NOT_ASKED_FOR)
    if min(line.starts_at for line in lines) <= now:
        raise Conflict(BEGUN)


@transaction_required
def _have_the_time(order: Order, lines: Sequence[Line], *, by: str, now: datetime) -> None:
    """What is held is taken; what was let go is had again, promo code and all, or nothing is done."""
    owners = [line.owner for line in lines]
    if order.state == "placed" and holds_all(*owners):
        take(*owners)
        return
    if not redeem_again(order, now=now) or not claim_again(*owners, now=now):
        raise Conflict(SLOT_GONE)
    if order.state != "placed":
        order.move("revive", by=by, at=now, why=WHY, reason="")


@transaction_required
def _let_it_win(payment: Payment, *, by: str, now: datetime) -> None:
    payment.wins, payment.won_at, payment.accepted_by = True, now, by
    payment.quarantined, payment.reason = False, ""
    payment.next_look_at = sweep_look(payment, now=now)
    payment.save(update_fields=["wins", "won_at", "accepted_by", "quarantined", "reason", "next_look_at"])


@transaction_required
def _even_out(order: Order, payment: Payment, *, starts_at: datetime, by: str, now: datetime) -> Accepted:
    over = Money(max(0, payment.captured - payment.amount), payment.currency)
    missing = Money(max(0, payment.amount - payment.captured), payment.currency)
    if over:
        give_back(payment, over, reason=TOO_MUCH, by=by, now=now)
        step = payment.transactions.count()
        post("email", name="refunded", payment=payment.pk, step=step, back=over.amount, why=TOO_MUCH)
    if missing:
        balance = open_dues(order.pk).filter(kind=Due.Kind.BALANCE).first()
        if balance is not None:
            withdraw(balance, now)
        asked, when = (balance.amount, balance.due_at) if balance else (0, starts_at)
        ask_for(order, Due.Kind.BALANCE, asked + missing.amount, when)
    return Accepted(over, missing)

"""Giving money back: asked after until the gateway has decided, or a person has said that it is done."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from holdfast.kernel.errors import Conflict, Invalid
from holdfast.kernel.money import Money
from holdfast.orders.actions import lock
from holdfast.orders.dues import COMES_LATER
from holdfast.payments.actions import conclude_refund, owe_refund
from holdfast.payments.gateways.base import RefundBecame, RefundOutcome, RefundRequest, Refused, Unknown
from holdfast.payments.gateways.breaker import Guarded
from holdfast.payments.models import Payment, Transaction
from holdfast.platform import metrics
from holdfast.platform.db import transaction
from holdfast.platform.outbox import post

from .actors import CLOCK, gateway_actor
from .entering import bookings_of
from .gateways import about, gateway_class, gateway_for
from .in_hand import InHand, taken_in_hand
from .movements import ASK_AGAIN, OPEN, give_back, next_refund, under_way

log = structlog.get_logger(__name__)

# How long after each refund that failed another is tried. Then the money waits for a person.
TRY_ANEW_AFTER = (timedelta(hours=1), timedelta(hours=12))
ASK_SOON = timedelta(seconds=10)  # after an answer that was lost: the refund may have been made


def give_back_what_waits(payment_id: int, *, by: str, now: datetime) -> Money:
    """Somebody has looked at money that pays nothing, and sends it back: all that has not gone yet.

    Raises Conflict for money that pays for a booking (cancel that), and where nothing is left to give.
    """
    with transaction():
        payment = _locked(payment_id)
        if payment.has_won and not payment.quarantined:
            raise Conflict(f"{payment.reference} pays for a booking: cancel the booking instead.")
        left = payment.kept
        if not left or under_way(payment) is not None:
            raise Conflict(f"{payment.reference} has nothing left to give back.")
        give_back(payment, left, reason=payment.reason or "given back", by=by, now=now)
        post("email", name="refunded", payment=payment.pk, back=left.amount)
    log.info("given_back_by_hand", reference=payment.reference, by=by)
    return left


def refund_some(payment_id: int, amount: Money, *, reason: str, by: str, now: datetime) -> None:
    """Somebody of the business gives back part of what pays for a booking, which stands.

    Raises Conflict for more than is left of it, or all of it while the booking can be canceled instead, and
    Invalid for nothing at all or another currency.
    """
    with transaction():
        payment = _locked(payment_id)
        if amount.currency != payment.currency or amount.amount <= 0:
            raise Invalid({"amount": [f"This must be an amount in {payment.currency}."]})
        if payment.is_reserved or amount.amount > payment.left:
            raise Conflict(f"Of {payment.reference}, {Money(payment.left, payment.currency)} can go back.")
        if amount.amount == payment.left and _carries_a_booking(payment):
            raise Conflict(f"{payment.reference} pays for a booking: cancel the booking instead.")
        give_back(payment, amount, reason=reason, by=by, now=now)
        step = payment.transactions.count()
        post("email", name="refunded", payment=payment.pk, step=step, back=amount.amount, why=reason)
    log.info("refunded_by_hand", reference=payment.reference, amount=str(amount), by=by)


def _carries_a_booking(payment: Payment) -> bool:
    """Whether a booking that can be canceled would stand without money, were there nothing left of this."""
    if not payment.wins or payment.due.kind in COMES_LATER:
        return False
    return any(one.lifecycle.allows(one.state, "cancel") for one in bookings_of(payment.order))


def record_refund(refund_id: int, *, by: str, now: datetime, note: str = "") -> None:
    """Somebody has given money back by hand, and says so. Saying it again changes nothing.

    ``note`` is a receipt's or a transfer's number. Raises Conflict for a refund that its gateway has in hand.
    """
    with transaction():
        seen = Transaction.objects.select_related("payment").get(pk=refund_id)
        _locked(seen.payment_id)
        refund = Transaction.objects.select_related("payment").get(pk=refund_id)
        if not refund.by_hand:
            raise Conflict(f"{refund.key} is the gateway's to make.")
        if refund.state == "succeeded":
            return
        word = f"given by hand: {note}" if note else "given by hand"
        conclude_refund(refund, succeeded=True, word=word, gateway_reference="", by=by, now=now)
        next_refund(refund.payment, by=by, now=now)
    log.info("refund_recorded", refund=refund.key, by=by)


def leave_to_a_person(refund_id: int, *, by: str, now: datetime) -> None:
    """A refund that its gateway has refused for good is owed by hand. Raises Conflict for any other, as one
    that was made anew, by the gateway or by hand.
    """
    with transaction():
        payment, refused = _refused(refund_id)
        owe_refund(payment, refused.money, reason=refused.reason, by_hand=True, by=by, now=now)


def ask_anew(refund_id: int, *, by: str, now: datetime) -> None:
    """Ask a gateway anew for a refund that it has refused. Raises Conflict as ``leave_to_a_person`` does."""
    with transaction():
        payment, refused = _refused(refund_id)
        give_back(payment, refused.money, reason=refused.reason, by=by, now=now)
    log.info("refund_asked_anew", refund=refused.key, by=by)


def _refused(refund_id: int) -> tuple[Payment, Transaction]:
    """A refund that has failed and is still owed, with its payment locked."""
    seen = Transaction.objects.select_related("payment").get(pk=refund_id)
    payment = _locked(seen.payment_id)
    later = payment.transactions.filter(kind=seen.kind, amount=seen.amount, pk__gt=seen.pk)
    is_refund = seen.kind == Transaction.Kind.REFUND and seen.state == "failed"
    if not is_refund or later.exists() or payment.refunding or seen.amount > payment.left:
        raise Conflict(f"{seen.key} is not a refund that has failed and is still owed.")
    return payment, seen


def _locked(payment_id: int) -> Payment:
    lock(Payment.objects.get(pk=payment_id).order_id)
    return Payment.objects.select_related("account").select_for_update(of=("self",)).get(pk=payment_id)


def pursue(refund_id: int, *, now: datetime) -> bool:
    """Find out what became of a refund, and send it if the gateway has never heard of it.

    Answers whether the gateway gave a clear answer; without one it is asked again later.

    Status first, always: an earlier call may have been heard though its answer was lost. The refund's own
    reference makes a second sending of it impossible at the gateway. One worker at a time: otherwise a slow
    one could still send what another has seen refused and made anew under a second reference.
    """
    refund = Transaction.objects.select_related("payment__account").get(pk=refund_id)
    if refund.by_hand or refund.state not in OPEN or (hand := taken_in_hand(refund, now=now)) is None:
        return True
    # It may not have been due for long: should we die, it is looked at when it is out of our hand.
    payment = Payment.objects.filter(pk=refund.payment_id, next_look_at__gt=hand.until)
    payment.update(next_look_at=hand.until)
    gateway, soonest = gateway_for(refund.payment.account), ASK_SOON
    try:
        with hand.call():
            outcome = gateway.look_up_refund(refund.key, of=about(refund.payment), now=now)
        if outcome.became is RefundBecame.NOT_FOUND:
            outcome = _send(gateway, refund, hand, now=now)
    except Unknown as unknown:
        metrics.gateway_unknowns.labels(refund.payment.account.gateway).inc()
        log.warning("refund_unknown", refund=refund.key, why=str(unknown))
        outcome, soonest = None, max(ASK_SOON, unknown.retry_after or ASK_SOON)
    _record(refund, outcome, hand, soonest=soonest, now=now)
    return outcome is not None


def _send(gateway: Guarded, refund: Transaction, hand: InHand, *, now: datetime) -> RefundOutcome:
    """The gateway's word after it was asked for a refund. Raises Unknown.

    It may have been asked before, have taken it on, and only not have found it a moment ago. Then it
    refuses a second one like it; so a refusal counts only when the gateway still knows of none.
    """
    wanted = RefundRequest(refund.key, about(refund.payment), refund.money)
    try:
        with hand.call():
            return gateway.refund(wanted, now=now)
    except Refused as no:
        with hand.call():
            standing = gateway.look_up_refund(refund.key, of=about(refund.payment), now=now)
        if standing.became is RefundBecame.NOT_FOUND:
            return RefundOutcome(RefundBecame.FAILED, word=no.code)
        return standing


def _record(
    seen: Transaction, outcome: RefundOutcome | None, hand: InHand, *, soonest: timedelta, now: datetime
) -> None:
    with transaction():
        lock(seen.payment.order_id)
        payment = (
            Payment.objects.select_related("account").select_for_update(of=("self",)).get(pk=seen.payment_id)
        )
        refund = Transaction.objects.select_related("payment__account").get(pk=seen.pk)
        if refund.state not in OPEN or not hand.put_down():
            return  # who has taken it over finds out for themselves
        if outcome is None:
            _ask_again(refund, lost_sight=True, soonest=soonest, now=now)
        elif outcome.became is RefundBecame.PENDING:
            _ask_again(refund, lost_sight=False, soonest=ASK_AGAIN, now=now)
        elif wrong := _differs(refund, outcome):
            log.error("refund_differs", refund=refund.key, how=wrong)
            _ask_again(refund, lost_sight=True, soonest=ASK_AGAIN, now=now)
        else:
            _conclude(payment, refund, outcome, now=now)


def _ask_again(refund: Transaction, *, lost_sight: bool, soonest: timedelta, now: datetime) -> None:
    by = gateway_actor(refund.payment.account.gateway)
    if lost_sight and refund.state == "pending":
        refund.move("lose_sight", by=by, at=now, why="no clear answer")
    wait = gateway_class(refund.payment.account).next_look(age=now - refund.created_at)
    Payment.objects.filter(pk=refund.payment_id).update(next_look_at=now + max(wait, soonest))


def _differs(refund: Transaction, outcome: RefundOutcome) -> str:
    """How a refund at the gateway differs from the one that we asked for; empty when it is the same."""
    if outcome.amount is not None and outcome.amount != refund.money:
        return "amount"
    if outcome.payment_reference not in (None, refund.payment.reference):
        return "payment"
    return ""


def _conclude(payment: Payment, refund: Transaction, outcome: RefundOutcome, *, now: datetime) -> None:
    succeeded = outcome.became is RefundBecame.SUCCEEDED
    by = gateway_actor(refund.payment.account.gateway)
    conclude_refund(
        refund,
        succeeded=succeeded,
        word=outcome.word,
        gateway_reference=outcome.gateway_reference or "",
        by=by,
        now=now,
    )
    # Whatever came of it: what has gone back may come back, and what has not may leave without us.
    sweep = now + gateway_class(payment.account).sweeps[0]
    Payment.objects.filter(pk=payment.pk).update(next_look_at=sweep)
    if not succeeded:
        _try_anew(payment, refund, now=now)
    next_refund(payment, by=by, now=now)


def _try_anew(payment: Payment, failed: Transaction, *, now: datetime) -> None:
    """A failed refund needs a new reference. After a few of them the money waits for a person."""
    tried = payment.transactions.filter(kind=Transaction.Kind.REFUND, state="failed").count()
    if tried <= len(TRY_ANEW_AFTER):
        after = TRY_ANEW_AFTER[tried - 1]
        give_back(payment, failed.money, reason=failed.reason, by=CLOCK, now=now, after=after)
    else:
        log.error("refund_waits_for_a_person", payment=payment.reference, tried=tried)

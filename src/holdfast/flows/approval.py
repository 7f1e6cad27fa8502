"""Approval: somebody of the business accepts or declines what has its money, or the clock declines it.

Money that is only reserved is taken on acceptance, and the booking confirmed when it has been; on a decline
it is set free. Money that was taken already goes back on a decline.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial

import structlog
from django.db import IntegrityError
from django.db.models import Q

from holdfast.booking.models import Booking
from holdfast.kernel.errors import CaptureFailed, Conflict
from holdfast.orders.actions import lock
from holdfast.orders.models import Order
from holdfast.payments.models import Payment
from holdfast.platform.db import retried_once, transaction, transaction_required
from holdfast.platform.models import User
from holdfast.platform.outbox import post

from .actors import CLOCK
from .answers import WARNINGS, Answer, Asked, Ruling, decide_approval, decide_decline
from .asking import StillUnknown
from .changing import Change, change_from_inside
from .entering import ask_the_business, bookings_of, tell
from .movements import take_reserved, under_way
from .parting import part
from .resolving import resolve
from .sweeping import sweep

log = structlog.get_logger(__name__)

PENDING = "pending_approval"


@dataclass(frozen=True)
class Waiting:
    """A booking that waits for an answer, with its order locked, and the payment that wins, if one does."""

    order: Order
    booking: Booking
    payment: Payment | None
    asked: Asked


def approve_booking(reference: str, *, by: User, trade: str, now: datetime) -> None:
    """Accept a booking. Accepting it again changes nothing.

    Raises NotFound and Forbidden as for all that only the business may do, Conflict for what can no longer
    be accepted, CaptureFailed when its reserved money could not be had (its customer is asked to pay anew),
    and StillUnknown while the gateway has not answered; the worker asks on.
    """
    change = change_from_inside(reference, by=by, trade=trade)
    capture = _approve(change, now=now)
    log.info("accepted", booking=reference, by=change.by, captures=capture is not None)
    if capture is not None:
        resolve(capture, now=now)
        _say_what_came_of_it(change.booking_id)


def decline_booking(reference: str, *, by: User, trade: str, now: datetime, why: str = "") -> None:
    """Decline a booking, and give its money back, all of it. Declining it again changes nothing.

    Raises NotFound, Forbidden, and Conflict for what can no longer be declined.
    """
    change = change_from_inside(reference, by=by, trade=trade)
    _decline(change, why=why, now=now)
    log.info("declined", booking=reference, by=change.by)


def decline_unanswered(*, now: datetime, limit: int = 100) -> int:
    """Decline what nobody has answered in time, while reserved money can still be set free."""
    late = Booking.objects.filter(state=PENDING, answer_by__lte=now).order_by("answer_by")
    return sweep(list(late.values_list("pk", flat=True)[:limit]), partial(_expire, now=now), what="booking")


def warn_of_deadlines(*, now: datetime, limit: int = 100) -> int:
    """Tell the business what must be answered soon: twice, and each time once; the last of them first, so
    that after a pause it is not warned twice in one breath.
    """
    told = 0
    for number, before in reversed(list(enumerate(WARNINGS, start=1))):
        soon = Q(answer_by__lte=now + before, answer_by__gt=now, warned__lt=number, state=PENDING)
        due = Booking.objects.filter(soon).order_by("answer_by").values_list("pk", flat=True)
        told += sweep(list(due[:limit]), partial(_warn, number=number), what="warning")
    return told


@retried_once
def _approve(change: Change, *, now: datetime) -> int | None:
    """The one transaction of an acceptance. Answers the capture that the gateway is now to be asked for."""
    with transaction():
        waiting = _waiting(change, now=now)
        ruling = decide_approval(waiting.asked)
        if ruling.answer is Answer.CAPTURE:
            return _capture(waiting, change, now=now)
        if ruling.answer is Answer.CONFIRM:
            waiting.booking.move("approve", by=change.by, at=now, answer_by=None)
            tell([waiting.booking], "confirmed")
        _raise_if_refused(ruling)
    return None


@transaction_required
def _capture(waiting: Waiting, change: Change, *, now: datetime) -> int:
    """One row says that the money is to be taken. The index under it lets none beside it, and no void."""
    assert waiting.payment is not None  # what the ruling rests on
    try:
        return take_reserved(waiting.payment, by=change.by, now=now).pk
    except IntegrityError as error:
        raise Conflict("Somebody else has answered at this moment.") from error


@retried_once
def _decline(change: Change, *, why: str, now: datetime) -> None:
    with transaction():
        waiting = _waiting(change, now=now)
        ruling = decide_decline(waiting.asked)
        _raise_if_refused(ruling)
        if ruling.answer is Answer.DECLINE:
            _turn_away(waiting, by=change.by, why=why, now=now)


@transaction_required
def _turn_away(waiting: Waiting, *, by: str, why: str, now: datetime) -> None:
    """The booking is declined, its time is free, and what was paid for it goes back.

    Reserved money is reserved for all that was ordered together, and so all of it is declined together.
    """
    order, payment = waiting.order, waiting.payment
    together = payment is not None and payment.is_reserved
    declined = [one for one in bookings_of(order) if one.state == PENDING] if together else [waiting.booking]
    for booking in declined:
        booking.move("decline", by=by, at=now, why=why, answer_by=None)
    back = part(order, declined, reason="declined", percent=100, by=by, now=now)
    for booking in declined:
        post("email", name="declined", booking=booking.pk, why=why, back=back[booking.pk].amount)


def _expire(booking_id: int, *, now: datetime) -> None:
    """Nobody has answered. What is being accepted at this moment is left to what comes of that."""
    booking = Booking.objects.select_related("line").get(pk=booking_id)
    change = Change(booking.pk, booking.line.order_id, CLOCK, for_business=True)
    with transaction():
        waiting = _waiting(change, now=now)
        is_late = waiting.booking.answer_by is not None and waiting.booking.answer_by <= now
        if not is_late or decide_decline(waiting.asked).answer is not Answer.DECLINE:
            return
        _turn_away(waiting, by=CLOCK, why="nobody has answered in time", now=now)
    log.info("declined_unanswered", booking=booking.reference)


def _warn(booking_id: int, *, number: int) -> None:
    with transaction():
        if Booking.objects.filter(pk=booking_id, state=PENDING, warned__lt=number).update(warned=number):
            booking = Booking.objects.get(pk=booking_id)
            assert booking.answer_by is not None  # who waits for an answer waits until some time
            ask_the_business(booking, booking.answer_by, warning=number)


def _waiting(change: Change, *, now: datetime) -> Waiting:
    order = lock(change.order_id)
    winners = Payment.objects.select_related("account").select_for_update(of=("self",))
    payment = winners.filter(order_id=order.pk, wins=True).order_by("pk").first()
    booking = Booking.objects.get(pk=change.booking_id)
    movement = under_way(payment) if payment is not None and payment.is_reserved else None
    asked = Asked(
        booking_state=booking.state,
        has_money=payment is not None or order.total == 0 or order.terms.on_the_spot,
        is_reserved=payment is not None and payment.is_reserved,
        under_way=movement.kind if movement else "",
        capture_before=payment.capture_before if payment else None,
        now=now,
    )
    return Waiting(order, booking, payment, asked)


def _raise_if_refused(ruling: Ruling) -> None:
    if ruling.answer is Answer.REFUSE:
        raise Conflict(ruling.why)


def _say_what_came_of_it(booking_id: int) -> None:
    booking = Booking.objects.get(pk=booking_id)
    if booking.state == "pending_payment":
        raise CaptureFailed
    if booking.state == PENDING:
        raise StillUnknown

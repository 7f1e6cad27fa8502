"""Moving a booking to another time: carried out at once, or when the difference has been paid."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from django.db.models import QuerySet

from holdfast.availability.actions import claim_instead, lock_pools_of, release
from holdfast.availability.queries import holds_all, resources_of, wanted_by
from holdfast.booking.models import Booking, Rescheduling
from holdfast.catalog.models import Offering, Resource
from holdfast.kernel.period import Period
from holdfast.orders.actions import add_line, lock, withdraw
from holdfast.orders.models import Due, Line, Order
from holdfast.platform.db import transaction, transaction_required
from holdfast.platform.outbox import post

from .actors import CLOCK
from .answers import answer_by, warnings_missed
from .choosing import provider_among
from .entering import bookings_of, tell_received
from .sweeping import sweep

DIFFERENCE = "Difference for the new time"


@transaction_required
def move_booking(
    order: Order,
    booking: Booking,
    *,
    to: Offering,
    period: Period,
    resources: Sequence[Resource],
    by: str,
    asks_again: bool,
    costs: int,
    now: datetime,
) -> None:
    """The booking, its line and its time move together, or not at all: raises SlotTaken, and MoveRefused.

    ``costs`` is what the new time costs by itself. With ``asks_again`` the business must accept it. What
    waits for an answer still does, and no longer than until it begins.
    """
    was, provider = booking.period, provider_among(resources)
    now_is = {
        "starts_at": period.start,
        "ends_at": period.end,
        "provider_id": provider.pk if provider else None,
    }
    why = f"from {was.start:%Y-%m-%d %H:%M} to {period.start:%Y-%m-%d %H:%M} UTC"
    answer = {"answer_by": min(booking.answer_by, period.start)} if booking.answer_by else {}
    booking.move("reschedule", by=by, at=now, why=why, **now_is, **answer)
    Line.objects.filter(pk=booking.line_id).update(
        offering=to, package=to.package, title=to.title, moved_price=costs, **now_is
    )
    claim_instead(wanted_by(to, resources, period), owner=booking.line.owner, now=now)
    if order.terms.on_the_spot:
        starts_at = min(one.starts_at for one in bookings_of(order))
        Due.objects.filter(order=order, kind=Due.Kind.BALANCE, withdrawn_at=None).update(due_at=starts_at)
    post("email", name="rescheduled", booking=booking.pk, step=booking.seq, was=was.start.isoformat())
    if asks_again and booking.state == "confirmed":
        _ask_again(order, booking, by=by, now=now)


@transaction_required
def still_waits(due_id: int) -> bool:
    """Whether the move that asks for this due can be carried out: its time is held, its booking stands."""
    waiting = _waiting().select_related("booking").filter(due_id=due_id).first()
    if waiting is None or not holds_all(waiting.owner):
        return False
    return waiting.booking.lifecycle.allows(waiting.booking.state, "reschedule")


@transaction_required
def carry_out_move(due_id: int, *, by: str, now: datetime) -> None:
    """The difference has been paid: the booking moves to the time that was held for it."""
    waiting = _waiting().get(due_id=due_id)
    resources = list(resources_of(waiting.offering).select_related("provider"))
    lock_pools_of(wanted_by(waiting.offering, resources, waiting.period))
    waiting.move("carry_out", by=by, at=now)
    release(waiting.owner)
    booking = Booking.objects.select_related("line__order", "line__package").get(pk=waiting.booking_id)
    order = Order.objects.get(pk=booking.line.order_id)
    before = order.total
    add_line(order, of=booking.line, title=DIFFERENCE, price=waiting.dearer_by)
    assert order.total - before == waiting.due.amount
    move_booking(
        order,
        booking,
        to=_sold(waiting, booking.line),
        period=waiting.period,
        resources=resources,
        by=waiting.by,
        asks_again=order.terms.accept_again,
        costs=booking.line.costs_now + waiting.dearer_by,
        now=now,
    )


def _sold(waiting: Rescheduling, line: Line) -> Offering:
    """What it moves to, as it is sold: with its package if that stays the same, or for its nights."""
    to = waiting.offering
    if to.by_night:
        guests, price = line.details.get("guests", 1), line.costs_now + waiting.dearer_by
        return to.for_nights_of(waiting.period, guests=guests, price=price)
    return to.sold_as(line.package if line.offering_id == waiting.offering_id else None)


@transaction_required
def withdraw_moves(bookings: Sequence[Booking], *, by: str, now: datetime) -> None:
    """Moves of these bookings that still wait are not wanted any more."""
    for waiting in _waiting().filter(booking__in=[booking.pk for booking in bookings]):
        _give_up(waiting, "withdraw", by=by, now=now)


def expire_moves(*, now: datetime, limit: int = 100) -> int:
    """Give up the moves whose difference has not been paid in time; their bookings stand as they were."""
    late = Rescheduling.objects.filter(state="waiting", expires_at__lte=now).order_by("expires_at")
    return sweep(list(late.values_list("pk", flat=True)[:limit]), partial(_expire, now=now), what="move")


def _expire(move_id: int, *, now: datetime) -> None:
    order_id = Rescheduling.objects.values_list("booking__line__order_id", flat=True).get(pk=move_id)
    with transaction():
        lock(order_id)
        waiting = _waiting().filter(pk=move_id, expires_at__lte=now).first()
        if waiting is not None:
            _give_up(waiting, "expire", by=CLOCK, now=now)


def _give_up(waiting: Rescheduling, event: str, *, by: str, now: datetime) -> None:
    waiting.move(event, by=by, at=now)
    release(waiting.owner)
    withdraw(waiting.due, now)


def _waiting() -> QuerySet[Rescheduling]:
    return Rescheduling.objects.select_related("due", "offering__business", "provider").filter(
        state="waiting"
    )


def _ask_again(order: Order, booking: Booking, *, by: str, now: datetime) -> None:
    until = answer_by(
        since=now,
        within=timedelta(seconds=order.terms.approve_within),
        starts_at=booking.starts_at,
        capture_before=None,
    )
    booking.move("ask_again", by=by, at=now, answer_by=until, warned=warnings_missed(since=now, until=until))
    tell_received([booking])

"""Rescheduling: another time. At the same price nothing is paid; a dearer one waits for the difference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import structlog
from django.db.models import Q, Sum
from django.db.models.functions import Coalesce

from holdfast.availability.actions import claim, lock_pools_of
from holdfast.availability.queries import resources_of, wanted_by
from holdfast.availability.stays import nearest_to
from holdfast.booking.models import Booking, Rescheduling
from holdfast.booking.refund_terms import percent_back, share_of
from holdfast.catalog.models import Offering, Resource
from holdfast.catalog.terms import Terms
from holdfast.kernel.errors import Conflict, Invalid, SlotTaken
from holdfast.kernel.money import Money
from holdfast.kernel.period import Period
from holdfast.orders.actions import add_line, ask_for, lock
from holdfast.orders.models import Due, Line, Order
from holdfast.orders.pricing import tax_line
from holdfast.payments.models import Payment
from holdfast.platform.db import retried_once, transaction, transaction_required
from holdfast.platform.models import User
from holdfast.platform.moves import born
from holdfast.platform.outbox import post

from .changing import Change, change_of
from .choosing import open_period, provider_among
from .moving import DIFFERENCE, move_booking, withdraw_moves
from .parting import BEING_ANSWERED, ask_less, give_back_over, is_being_taken, winners
from .staying import stay_chosen

log = structlog.get_logger(__name__)

NOT_AT_ALL = "This cannot be moved to another time."
TOO_LATE = "It is too late to move this to another time."
ONCE_ACCEPTED = "Its money is only reserved. It can be moved to a dearer time once it has been accepted."
SAME_TIME = "It is at this time already."
CHEAPER = "moved to a cheaper time"


@dataclass(frozen=True)
class Rescheduled:
    """What came of it: ``due`` is to be paid first if it is not None, and ``refund`` is given back."""

    due: Due | None
    refund: Money


@dataclass(frozen=True)
class Target:
    """Where a booking is to go."""

    offering: Offering
    period: Period
    resources: Sequence[Resource]


def reschedule_booking(
    reference: str,
    starts_at: datetime,
    *,
    by: User,
    trade: str,
    now: datetime,
    offering: Offering | None = None,
    because: str = "",
) -> Rescheduled:
    """Move a booking to the slot that starts at ``starts_at``, by the clock on the business's wall.

    ``offering`` is another one of the same business to move to, if not the same. A dearer time is held, and
    the booking moves when the difference has been paid; until then it stands. For a cheaper one the terms say
    how much of the difference goes back. Whoever moves it for the business moves it at its price, and at
    short notice too. ``because`` is kept with the booking's details: a person wrote it.

    Raises NotFound for another's booking, Invalid for a time that is not open, Conflict for a booking that
    is over, is being accepted at this moment or, by its terms, is too near for its customer to move, and
    SlotTaken with the nearest slots. When it is refused, the booking stands as it was.
    """
    change = change_of(reference, by=by, trade=trade)
    line = Line.objects.select_related("offering__business", "package").get(pk=change.booking_id)
    target = _target(line, offering, starts_at, at_short_notice=change.for_business, now=now)
    try:
        done = _move(change, target, because, now=now)
    except SlotTaken:
        raise SlotTaken(nearest_to(target.offering, target.period.start, now=now)) from None
    log.info(
        "rescheduled",
        booking=reference,
        by=change.by,
        to=target.period.start.isoformat(),
        waits=done.due is not None,
    )
    return done


def _target(
    line: Line, offering: Offering | None, starts_at: datetime, *, at_short_notice: bool, now: datetime
) -> Target:
    to = offering or line.sold
    if (to.business_id, to.trade) != (line.offering.business_id, line.offering.trade):
        raise Invalid({"offering": ["This is not a service of the same business."]})
    if to.by_night != line.offering.by_night:
        raise Invalid({"offering": ["A stay is moved to other nights, and nothing else is."]})
    if to.by_night:
        return _same_nights(line, to, starts_at.date(), at_short_notice=at_short_notice, now=now)
    resources = list(resources_of(to).select_related("provider"))
    period = open_period(to, starts_at, resources, now=now, at_short_notice=at_short_notice)
    return Target(to, period, resources)


def _same_nights(line: Line, to: Offering, arrival: date, *, at_short_notice: bool, now: datetime) -> Target:
    """A stay of as many nights from another day on, or in another room type."""
    stay = line.sold.stay
    assert stay is not None  # what is sold by the night is a stay
    leaves, guests = arrival + timedelta(days=stay.count), stay.guests
    chosen = stay_chosen(to, arrival, leaves, guests, now=now, at_short_notice=at_short_notice)
    return Target(chosen.offering, chosen.period, [chosen.room_type.pool])


@retried_once
def _move(change: Change, target: Target, because: str, *, now: datetime) -> Rescheduled:
    """The one transaction of a move: the booking, its line and its time agree before and after."""
    with transaction():
        order = lock(change.order_id)
        booking = Booking.objects.select_related("line__offering__business", "line__order").get(
            pk=change.booking_id
        )
        booking.lifecycle.after(booking.state, "reschedule")
        _refuse_by_terms(order.terms, booking, target, change, now=now)
        payments = winners(order.pk)
        if is_being_taken(payments):  # whoever accepts it accepts the time that it has
            raise Conflict(BEING_ANSWERED)
        lock_pools_of(wanted_by(target.offering, target.resources, target.period))
        if because:
            _note(booking.line, because)
        withdraw_moves([booking], by=change.by, now=now)
        dearer_by = _difference(order.terms, booking, target, change, payments)
        percent = percent_back(order.terms.refund_shares, notice=booking.starts_at - now)
        if dearer_by > 0:
            return Rescheduled(_hold(order, booking, target, dearer_by, change, now=now), _none(order))
        move_booking(
            order,
            booking,
            to=target.offering,
            period=target.period,
            resources=target.resources,
            by=change.by,
            asks_again=order.terms.accept_again and not change.for_business,
            costs=booking.line.costs_now + dearer_by,
            now=now,
        )
        share = share_of(min(max(0, -dearer_by), _worth(booking.line)), percent=percent)
        return Rescheduled(None, _give_back(order, booking, share, payments, by=change.by, now=now))


def _refuse_by_terms(
    terms: Terms, booking: Booking, target: Target, change: Change, *, now: datetime
) -> None:
    if booking.period == target.period and booking.line.offering_id == target.offering.pk:
        raise Invalid({"time": [SAME_TIME]})
    if change.for_business:
        return
    if not terms.may_reschedule:
        raise Conflict(NOT_AT_ALL)
    if booking.starts_at - now < timedelta(seconds=terms.reschedule_notice):
        raise Conflict(TOO_LATE)


def _difference(
    terms: Terms, booking: Booking, target: Target, change: Change, payments: Sequence[Payment]
) -> int:
    """How much more the new time costs than this one does, before tax where that is added.

    Where only what has been reserved can be taken for it, nothing goes back, and Conflict is raised for a
    dearer one.
    """
    line = booking.line
    same_price = line.offering_id == target.offering.pk and not terms.reschedule_reprices
    if change.for_business or same_price:
        return 0
    dearer_by = target.offering.price - line.costs_now
    if not any(payment.is_reserved for payment in payments):
        return dearer_by
    if dearer_by > 0:
        raise Conflict(ONCE_ACCEPTED)
    return 0


@transaction_required
def _note(line: Line, because: str) -> None:
    """Where it can be erased, as no transition can be."""
    Line.objects.filter(pk=line.pk).update(details={**line.details, "reschedule_reason": because})


@transaction_required
def _hold(
    order: Order, booking: Booking, target: Target, dearer_by: int, change: Change, *, now: datetime
) -> Due:
    """Hold the new time beside the old one, and ask for the difference."""
    due = ask_for(order, Due.Kind.DIFFERENCE, dearer_by + _tax_on(dearer_by, booking.line), now)
    provider = provider_among(target.resources)
    waiting = Rescheduling(
        booking=booking,
        due=due,
        offering=target.offering,
        provider=provider,
        starts_at=target.period.start,
        ends_at=target.period.end,
        dearer_by=dearer_by,
        by=change.by,
        state="waiting",
        expires_at=now + order.terms.hold_for,
        created_at=now,
    )
    born([waiting], by=change.by, at=now)
    wanted = wanted_by(target.offering, target.resources, target.period)
    beside_its_own = [replace(one, shared_by=one.shared_by or booking.line.owner) for one in wanted]
    claim(beside_its_own, owner=waiting.owner, until=waiting.expires_at, now=now)
    return due


@transaction_required
def _give_back(
    order: Order, booking: Booking, share: int, payments: Sequence[Payment], *, by: str, now: datetime
) -> Money:
    """What the terms give back of the difference to a cheaper time, with the tax on it.

    What has not been paid yet is asked for no more; only the rest was paid, and goes back.
    """
    if not share:
        return _none(order)
    before = order.total
    add_line(order, of=booking.line, title=DIFFERENCE, price=-share)
    back = before - order.total
    back -= ask_less(order, back, now=now)
    given = give_back_over(payments, back, reason=CHEAPER, by=by, now=now)
    if given:
        step = payments[-1].transactions.count()
        post("email", name="refunded", payment=payments[-1].pk, step=step, back=given, why=CHEAPER)
    return Money(given, order.currency)


def _worth(line: Line) -> int:
    """What a service costs without its fees and taxes: nobody has more back than that."""
    off_or_on = Q(kind=Line.Kind.DISCOUNT) | Q(title=DIFFERENCE)
    parts: int = Line.objects.filter(off_or_on, of=line).aggregate(sum=Coalesce(Sum("price"), 0))["sum"]
    return line.price + parts


def _tax_on(price: int, line: Line) -> int:
    if not line.tax_rate:
        return 0
    business = line.offering.business
    tax = tax_line(
        price,
        of=None,
        rate=line.tax_rate,
        tax_name=business.tax_name,
        prices_include_tax=business.prices_include_tax,
    )
    return tax.price


def _none(order: Order) -> Money:
    return Money(0, order.currency)

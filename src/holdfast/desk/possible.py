"""What somebody may do about a booking now, and what would come of it: shown before anything is done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar

from holdfast.availability.queries import free_slots
from holdfast.booking.models import Booking
from holdfast.catalog.queries import businesses_run_by
from holdfast.flows.cancellation import Owed, preview_cancellation
from holdfast.flows.completion import may_be_said
from holdfast.flows.counter import as_staff_sell
from holdfast.flows.giving_back import Refundable, preview_refund
from holdfast.flows.recording import Method
from holdfast.kernel.errors import HoldfastError
from holdfast.kernel.money import Money
from holdfast.kernel.wording import amount_in_words
from holdfast.orders.models import Due
from holdfast.payments.queries import open_dues
from holdfast.platform.models import User

from .house import Door, free_doors

T = TypeVar("T")
# What can be said of a booking by one button: the lifecycle's event, and what the button says.
BUTTONS = (("begin", "It begins now"), ("complete", "It is done"), ("miss", "Nobody came"))
# The same of a stay: the event, what is done, and what the button says.
OF_A_STAY = (("complete", "check-out", "Check out"), ("miss", "miss", "Nobody came"))
METHODS = tuple((method.value, method.value.capitalize()) for method in Method)


@dataclass(frozen=True)
class Sum:
    """An amount in words, and as a form sends it back."""

    words: str
    plain: str


@dataclass(frozen=True)
class Refunds:
    """What can go back while a booking stays as it is; ``by_terms`` is None where that is nothing or all."""

    all_of_it: Sum
    by_terms: Sum | None
    percent: int


@dataclass(frozen=True)
class Cancellation:
    """What a cancellation gives back when the business cancels, and when its customer has asked for it."""

    by_us: str
    by_terms: str
    percent: int


@dataclass(frozen=True)
class Asked:
    """What is to be paid next: how much, what it is and by when."""

    amount: Sum
    kind: str
    due_at: datetime


@dataclass(frozen=True)
class Possible:
    """What one user may do about one booking. Whatever is empty is not possible, or not theirs to do."""

    answers: bool
    asked: Asked | None
    refund: Refunds | None
    cancel: Cancellation | None
    moves: bool
    buttons: Sequence[tuple[str, str]]
    runs_it: bool
    rooms: Sequence[Door] | None = None  # to check a stay's guests in to: None where that may not be

    @property
    def anything(self) -> bool:
        return bool(
            self.asked or self.refund or self.cancel or self.moves or self.buttons or self.rooms is not None
        )


def possible(booking: Booking, user: User, *, now: datetime) -> Possible:
    """What this user, to whom the booking is open, may do about it now. Refusals are asked of the flows."""
    runs_it = businesses_run_by(user).filter(pk=booking.business_id).exists()
    own = booking.customer.user_id == user.pk
    allows, is_stay = booking.lifecycle.allows, hasattr(booking, "stay")
    return Possible(
        answers=booking.answer_by is not None and not own,
        asked=None if own else _asked(booking),
        refund=_refund(booking, user, now=now) if runs_it and not own else None,
        cancel=_cancellation(booking, user, now=now) if runs_it or own else None,
        moves=(runs_it or own) and allows(booking.state, "reschedule") and not is_stay,
        buttons=[] if own else _buttons(booking, now=now),
        runs_it=runs_it,
        rooms=None if own else _rooms(booking, now=now),
    )


def _buttons(booking: Booking, *, now: datetime) -> list[tuple[str, str]]:
    """Who stays is checked out; that guests have come takes more than a button."""
    if not hasattr(booking, "stay"):
        return [one for one in BUTTONS if may_be_said(booking, one[0], now=now)]
    return [(act, label) for event, act, label in OF_A_STAY if may_be_said(booking, event, now=now)]


def _rooms(booking: Booking, *, now: datetime) -> list[Door] | None:
    if not hasattr(booking, "stay") or not may_be_said(booking, "begin", now=now):
        return None
    return free_doors([booking])[booking.line.offering.pk]


def times_on(booking: Booking, day: date, *, now: datetime) -> list[datetime]:
    """When a booking could begin on a day, by the clock of its business; without its own time."""
    offering = as_staff_sell(booking.line.offering.sold_as(booking.line.package))
    free = free_slots(offering, first=day, last=day, now=now)
    return [slot.period.start.astimezone(booking.business.zone) for slot in free if slot.reason is None]


def _asked(booking: Booking) -> Asked | None:
    due = open_dues(booking.line.order_id).exclude(kind=Due.Kind.DIFFERENCE).first()
    if due is None or booking.line.order.state in ("canceled", "expired") or not due.amount:
        return None
    return Asked(_sum(due.money), due.kind, due.due_at.astimezone(booking.business.zone))


def _refund(booking: Booking, user: User, *, now: datetime) -> Refunds | None:
    found: Refundable | None = _unless_refused(
        lambda: preview_refund(booking.reference, by=user, trade=booking.trade, now=now)
    )
    if found is None or not found.all_of_it:
        return None
    is_some = found.by_terms and found.by_terms != found.all_of_it
    return Refunds(_sum(found.all_of_it), _sum(found.by_terms) if is_some else None, found.percent)


def _cancellation(booking: Booking, user: User, *, now: datetime) -> Cancellation | None:
    def preview(*, by_terms: bool) -> Owed | None:
        return _unless_refused(
            lambda: preview_cancellation(
                booking.reference, by=user, trade=booking.trade, now=now, by_terms=by_terms
            )
        )

    ours, theirs = preview(by_terms=False), preview(by_terms=True)
    if ours is None or theirs is None:
        return None
    return Cancellation(amount_in_words(ours.refund), amount_in_words(theirs.refund), theirs.percent)


def _unless_refused(preview: Callable[[], T]) -> T | None:
    """What a preview shows; nothing where the flow refuses, for then it is not offered."""
    with suppress(HoldfastError):
        return preview()
    return None


def _sum(money: Money) -> Sum:
    return Sum(amount_in_words(money), money.decimal)

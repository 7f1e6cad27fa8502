"""What is done to a booking at the desk: each a form on its page, and answered with a sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from holdfast.booking.models import Booking, Stay
from holdfast.flows.approval import approve_booking, decline_booking
from holdfast.flows.cancellation import cancel_booking
from holdfast.flows.completion import begin_booking, complete_booking, miss_booking
from holdfast.flows.giving_back import refund_booking
from holdfast.flows.recording import Method, Taken, record_payment
from holdfast.flows.rescheduling import reschedule_booking
from holdfast.flows.stays import check_in, check_out
from holdfast.kernel.clock import utc_now
from holdfast.kernel.errors import Invalid
from holdfast.kernel.wording import amount_in_words
from holdfast.payments.queries import BY_HAND, payments_of
from holdfast.platform.models import User

from .amounts import money_from
from .approvals import approvals_of, show_approvals
from .days import YEARS
from .entry import acting_at_the_desk
from .hotel import show_stays, stays_on
from .saying import Shown, answer, in_words
from .scope import bookings_open_to
from .views import show_booking

WHY_AT_MOST = 150
NOTE_AT_MOST = 80
LONGEST_ID = 18  # digits
AN_AMOUNT = "amount"  # of a refund: not one of those that were previewed, but the one that is written beside


@dataclass(frozen=True)
class Doing:
    """Who does what to which booking, and what the form says."""

    booking: Booking
    by: User
    said: Mapping[str, str]
    now: datetime

    @property
    def reference(self) -> str:
        return self.booking.reference

    @property
    def trade(self) -> str:
        return self.booking.trade

    @property
    def currency(self) -> str:
        return self.booking.line.order.currency

    def text(self, name: str, *, at_most: int = WHY_AT_MOST) -> str:
        return self.said.get(name, "").strip()[:at_most]


@dataclass(frozen=True)
class Page:
    """Where a form was: the page to go back to, and the same with why it cannot be done."""

    address: str
    shown: Shown


@acting_at_the_desk
def act(request: HttpRequest, user: User, reference: str, what: str) -> HttpResponse:
    """Do it, and go back to the page of the form as it is then; or show that with why it cannot be done."""
    booking = get_object_or_404(bookings_open_to(user), reference=reference)
    doing = Doing(booking, user, request.POST.dict(), utc_now())
    page = FROM.get(doing.text("from"), _booking_page)(request, user, booking)
    return answer(request, user, lambda: ACTS[what](doing), then=page.address, shown=page.shown)


def _booking_page(request: HttpRequest, user: User, booking: Booking) -> Page:
    reference = booking.reference
    return Page(
        reverse("desk:booking", args=[reference]),
        lambda said, status: show_booking(request, user, reference, said=said, status=status),
    )


def _approvals_page(request: HttpRequest, user: User, booking: Booking) -> Page:
    return Page(
        approvals_of(request.POST.get("business", "")),
        lambda said, status: show_approvals(request, user, said=said, status=status),
    )


def _stays_page(request: HttpRequest, user: User, booking: Booking) -> Page:
    return Page(
        stays_on(booking.business.slug, request.POST.get("date", "")),
        lambda said, status: show_stays(request, user, said=said, status=status),
    )


def _accept(doing: Doing) -> str:
    approve_booking(doing.reference, by=doing.by, trade=doing.trade, now=doing.now)
    return "It is accepted, and its customer is told."


def _decline(doing: Doing) -> str:
    why = doing.text("why")
    decline_booking(doing.reference, by=doing.by, trade=doing.trade, now=doing.now, why=why)
    return f"It is declined. Its customer is told, and the money goes back.{_by_hand(doing)}"


def _record(doing: Doing) -> str:
    try:
        method = Method(doing.text("method"))
    except ValueError:
        raise Invalid({"method": ["Say how it was paid: in cash, or by bank transfer."]}) from None
    amount = money_from(doing.text("amount"), doing.currency)
    taken = Taken(amount, method, doing.text("note", at_most=NOTE_AT_MOST))
    payment = record_payment(doing.reference, taken, by=doing.by, trade=doing.trade, now=doing.now)
    return f"{amount_in_words(amount)} is recorded as {payment.reference}."


def _refund(doing: Doing) -> str:
    share = doing.text("share")
    if not share:
        raise Invalid({"share": ["Choose how much goes back."]})
    reason = doing.text("reason")
    if not reason:
        raise Invalid({"reason": ["Say why: the customer is told."]})
    amount = money_from(doing.text("amount") if share == AN_AMOUNT else share, doing.currency)
    left = money_from(doing.text("left"), doing.currency)
    refund_booking(
        doing.reference, amount, left=left, reason=reason, by=doing.by, trade=doing.trade, now=doing.now
    )
    return (
        f"{amount_in_words(amount)} goes back to the customer. The booking stays as it is.{_by_hand(doing)}"
    )


def _by_hand(doing: Doing) -> str:
    """What is left to do for somebody here, where money was taken here."""
    taken = payments_of(doing.booking.line.order_id).filter(account__gateway=BY_HAND, captured__gt=0)
    said = " What was taken by hand is given back by hand, and written down under Money."
    return said if taken.exists() else ""


def _cancel(doing: Doing) -> str:
    whose = doing.text("whose")
    if whose not in ("ours", "theirs"):
        raise Invalid({"whose": ["Say who cancels: it decides how much goes back."]})
    owed = cancel_booking(
        doing.reference,
        by=doing.by,
        trade=doing.trade,
        now=doing.now,
        by_terms=whose == "theirs",
        why=doing.text("why"),
    )
    back = (
        f"{amount_in_words(owed.refund)} goes back.{_by_hand(doing)}" if owed.refund else "Nothing goes back."
    )
    return f"It is canceled, and its customer is told. {back}"


def _reschedule(doing: Doing) -> str:
    try:
        starts_at = datetime.fromisoformat(doing.text("start"))
    except ValueError:
        raise Invalid({"start": ["Choose one of the free times."]}) from None
    if starts_at.tzinfo is not None or starts_at.year not in YEARS:
        raise Invalid({"start": ["Choose one of the free times."]})
    moved = reschedule_booking(doing.reference, starts_at, by=doing.by, trade=doing.trade, now=doing.now)
    if moved.due is not None:  # one's own booking, which is moved as by any customer
        return f"It moves to {in_words(starts_at)} when the difference has been paid."
    return f"It is moved to {in_words(starts_at)}, and its customer is told."


def _begin(doing: Doing) -> str:
    begin_booking(doing.reference, by=doing.by, trade=doing.trade, now=doing.now)
    return "It has begun."


def _complete(doing: Doing) -> str:
    complete_booking(doing.reference, by=doing.by, trade=doing.trade, now=doing.now)
    return "It is done."


def _miss(doing: Doing) -> str:
    miss_booking(doing.reference, by=doing.by, trade=doing.trade, now=doing.now)
    return "Nobody came. The money stays here; a refund gives it back."


def _check_in(doing: Doing) -> str:
    room = doing.text("room")
    if room and not (room.isdecimal() and len(room) <= LONGEST_ID):
        raise Invalid({"room": ["Choose one of the free rooms."]})
    check_in(doing.reference, by=doing.by, now=doing.now, room=int(room) if room else None)
    given = Stay.objects.select_related("room", "booking__customer").get(booking=doing.booking)
    return f"{given.booking.customer} is in room {given.room}."


def _check_out(doing: Doing) -> str:
    check_out(doing.reference, by=doing.by, now=doing.now)
    return f"{doing.booking.customer} has left: the room is free."


# The pages with such forms, by what these say that they are; else it is the booking's own.
FROM: dict[str, Callable[[HttpRequest, User, Booking], Page]] = {
    "approvals": _approvals_page,
    "stays": _stays_page,
}
ACTS: dict[str, Callable[[Doing], str]] = {
    "accept": _accept,
    "decline": _decline,
    "record": _record,
    "refund": _refund,
    "cancel": _cancel,
    "reschedule": _reschedule,
    "begin": _begin,
    "complete": _complete,
    "miss": _miss,
    "check-in": _check_in,
    "check-out": _check_out,
}

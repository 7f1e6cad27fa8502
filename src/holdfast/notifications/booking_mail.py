"""What mail tells of a booking: to its customer, and to the business that must answer it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from holdfast.booking.models import Booking
from holdfast.booking.refund_terms import paid_for
from holdfast.kernel.money import Money
from holdfast.kernel.wording import amount_in_words, day_in_words
from holdfast.orders.models import Due, Line
from holdfast.orders.queries import line_total
from holdfast.payments.models import HAS_WON, Payment
from holdfast.payments.queries import open_dues

from .appointments import customers_file
from .ics import attached
from .said import about, businesss_address, customers_address, customers_page, desk_page, moment, when
from .sending import Fact

KINDS = {Due.Kind.BALANCE.value: "the balance", Due.Kind.DIFFERENCE.value: "the difference for a new time"}


def confirmed(booking_id: int, *, now: datetime) -> Fact:
    fact, booking = _of(booking_id, "Confirmed", called="confirmed", now=now)
    return _with_file(_with(fact, **_what_is_paid(booking.line)), now=now)


def received(booking_id: int, *, now: datetime, until: str) -> Fact:
    """It waits to be accepted, which the business may do ``until`` then, in ISO 8601."""
    won = Payment.objects.filter(HAS_WON, order__lines=booking_id).order_by("pk").last()
    reserved = won is not None and won.authorized > 0
    fact, booking = _of(booking_id, "Received", called="authorized" if reserved else "received", now=now)
    told = {"until": moment(until, booking.business), "reserved": reserved}
    # As it came: an answer may have been quicker than this mail, and is told by the next.
    came = (won.authorized or won.captured) if won is not None else 0
    return _with(fact, **told, **_what_is_paid(booking.line, given=came))


def waits_for_you(booking_id: int, *, now: datetime, until: str, warning: int = 0) -> Fact:
    """To the business: it must answer ``until`` then; ``warning`` counts how often it has been told since."""
    asks = "Please answer soon" if warning else "Please answer"
    fact, booking = _of(booking_id, asks, called="", now=now)
    told = {
        "until": moment(until, booking.business),
        "warning": warning,
        "reserved": _is_reserved(booking_id),
        "customer": booking.customer.name or customers_address(booking.line),
        "page": desk_page("bookings", booking.reference),
    }
    to = businesss_address(booking.business)
    return replace(_with(fact, **told, **_what_is_paid(booking.line)), to=to)


def declined(booking_id: int, *, now: datetime, why: str, back: int) -> Fact:
    """``back`` is what goes back, in minor units."""
    return _with_file(_ended(booking_id, "Declined", called="declined", now=now, back=back, why=why), now=now)


def canceled(booking_id: int, *, now: datetime, back: int, by_business: bool) -> Fact:
    """``back`` is what goes back, in minor units."""
    fact = _ended(booking_id, "Canceled", called="canceled", now=now, back=back, by_business=by_business)
    return _with_file(fact, now=now)


def expired(booking_id: int, *, now: datetime) -> Fact | None:
    """It was reserved and not paid in time. Late money may have brought it back meanwhile."""
    fact, booking = _of(booking_id, "Not reserved any more", called="expired", now=now)
    return fact if booking.state == "expired" else None


def reminder(booking_id: int, *, now: datetime, starts_at: str) -> Fact | None:
    """``starts_at`` is the start that was to be reminded of, in ISO 8601: it may have moved since."""
    fact, booking = _of(booking_id, "Reminder", called="reminder", now=now)
    stands = booking.state == "confirmed" and booking.starts_at == datetime.fromisoformat(starts_at)
    is_ahead = now < booking.starts_at
    if not stands or not is_ahead:
        return None
    return replace(_with(fact, **_what_is_paid(booking.line)), template="reminder")


def payment_failed(booking_id: int, *, now: datetime, until: str) -> Fact:
    """Its money was reserved and could not be had; the time is held ``until`` then, in ISO 8601."""
    fact, booking = _of(booking_id, "Please pay again", called="payment_failed", now=now)
    return _with(fact, until=moment(until, booking.business))


def rescheduled(booking_id: int, *, now: datetime, was: str) -> Fact:
    """``was`` is when it would have started, in ISO 8601."""
    fact, booking = _of(booking_id, "Moved", called="rescheduled", now=now)
    before = datetime.fromisoformat(was).astimezone(booking.business.zone)
    told = {"was": f"{day_in_words(before)}, {before:%H:%M}"}
    return _with_file(_with(fact, **told, **_what_is_paid(booking.line)), now=now)


def _of(booking_id: int, what: str, *, called: str, now: datetime) -> tuple[Fact, Booking]:
    """What is ``called`` something is for its customer: the terms may have a subject for it, and its page may
    want a key.
    """
    booking = Booking.objects.select_related(
        "business",
        "customer",
        "line__offering__business",
        "line__order__customer",
        "line__provider__resource",
        "line__package",
    ).get(pk=booking_id)
    line = booking.line
    page = customers_page(line.order, booking.reference, now=now) if called else ""
    fact = Fact(
        subject_kind="booking",
        subject_id=booking.pk,
        to=customers_address(line),
        subject=_subject(line, booking.reference, what, called=called),
        context=about(line) | {"reference": booking.reference, "page": page, "keyed": line.order.terms.keyed},
    )
    return fact, booking


def _subject(line: Line, reference: str, what: str, *, called: str) -> str:
    if own := line.order.terms.subjects.get(called):
        return own.format(booking=reference)
    return f"{what}: {line.title}, {day_in_words(when(line))}, {when(line):%H:%M}"


def _with(fact: Fact, **told: Any) -> Fact:
    return replace(fact, context=fact.context | told)


def _with_file(fact: Fact, *, now: datetime) -> Fact:
    """With the booking's calendar file, in which it is as it stands now."""
    file = customers_file(fact.subject_id, now=now)
    return replace(fact, attached=(attached(file),)) if file else fact


def _ended(booking_id: int, what: str, *, called: str, now: datetime, back: int, **told: Any) -> Fact:
    """What went back was taken, or only reserved; or nothing had been paid at all."""
    fact, booking = _of(booking_id, what, called=called, now=now)
    won = list(Payment.objects.filter(HAS_WON, order=booking.line.order_id))
    money = Money(back, booking.line.order.currency)
    return _with(
        fact,
        back=amount_in_words(money) if money else "",
        was_paid=bool(won),
        was_reserved=bool(won) and not any(payment.captured for payment in won),
        **told,
    )


def _what_is_paid(line: Line, *, given: int | None = None) -> dict[str, Any]:
    """What has been given for one service of an order, by now or as is said, and what is asked for later."""
    order = line.order
    if given is None:
        given = sum(
            payment.kept.amount if payment.is_reserved else payment.captured
            for payment in Payment.objects.filter(order=order, wins=True)
        )
    share = paid_for(line_total(line), total=order.total, paid=given) if order.total else 0
    later = open_dues(order.pk).filter(kind__in=KINDS)
    return {
        "paid": amount_in_words(Money(share, order.currency)),
        "later": [
            (
                KINDS[due.kind],
                amount_in_words(Money(due.amount, order.currency)),
                day_in_words(due.due_at.astimezone(line.offering.business.zone)),
            )
            for due in later
        ],
    }


def _is_reserved(booking_id: int) -> bool:
    """Whether what pays for it is only reserved so far."""
    return Payment.objects.filter(order__lines=booking_id, wins=True, state="authorized").exists()

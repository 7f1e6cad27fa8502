"""What the desk's pages show, as frozen data: times in the business's zone, money in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from holdfast.booking.models import Booking, Stay
from holdfast.kernel.money import Money
from holdfast.kernel.wording import amount_in_words
from holdfast.payments.models import Payment

from .story import said_of

CONTACT = ("contact_email", "contact_phone")
OVER = ("canceled", "declined", "expired", "no_show")


@dataclass(frozen=True)
class StayFacts:
    """What a booking by the night has beside its days. ``room`` is empty until its guests check in."""

    nights: int
    guests: int
    room: str
    is_in: bool
    is_out: bool


@dataclass(frozen=True)
class Appointment:
    """A booking, as the agenda and its own page show it. ``stay`` is None but for one by the night."""

    reference: str
    business: str
    slug: str
    zone: str
    starts_at: datetime
    ends_at: datetime
    title: str
    customer: str
    email: str
    phone: str
    provider: str
    state: str
    is_over: bool
    answer_by: datetime | None
    price: str
    stay: StayFacts | None


@dataclass(frozen=True)
class Attempt:
    """A payment, as the desk shows it."""

    reference: str
    state: str
    asked: str
    reserved: str  # empty but while it is reserved and not taken
    reserved_until: datetime | None
    captured: str
    refunded: str
    left_without_us: str  # empty if nothing has
    taken_by: str  # empty if a gateway has taken it
    pays: bool
    quarantined: bool
    reason: str
    created_at: datetime


@dataclass(frozen=True)
class Waiting:
    """Money that waits on a person, and why."""

    reference: str
    business: str
    amount: str
    why: str
    since: datetime


def appointment(booking: Booking) -> Appointment:
    line, zone = booking.line, booking.business.zone
    details: Mapping[str, Any] = line.details
    return Appointment(
        reference=booking.reference,
        business=booking.business.name,
        slug=booking.business.slug,
        zone=booking.business.timezone,
        starts_at=booking.starts_at.astimezone(zone),
        ends_at=booking.ends_at.astimezone(zone),
        title=line.title,
        customer=booking.customer.name,
        email=details.get("contact_email") or booking.customer.email,
        phone=details.get("contact_phone") or booking.customer.phone,
        provider=booking.provider.resource.name if booking.provider else "",
        state=_words(booking.state),
        is_over=booking.state in OVER,
        answer_by=booking.answer_by.astimezone(zone) if booking.answer_by else None,
        price=amount_in_words(Money(line.price, line.order.currency)),
        stay=_stay_of(booking),
    )


def _stay_of(booking: Booking) -> StayFacts | None:
    stay: Stay | None = getattr(booking, "stay", None)
    if stay is None:
        return None
    zone = booking.business.zone
    arrives, leaves = (at.astimezone(zone).date() for at in (booking.starts_at, booking.ends_at))
    return StayFacts(
        nights=(leaves - arrives).days,
        guests=stay.guests,
        room=stay.room.name if stay.room else "",
        is_in=stay.checked_in_at is not None and stay.checked_out_at is None,
        is_out=stay.checked_out_at is not None,
    )


def details_of(booking: Booking) -> list[tuple[str, Any]]:
    """What the customer was asked, by its question; the contact is told with the appointment."""
    return [
        (_words(name).capitalize(), value)
        for name, value in booking.line.details.items()
        if value and name not in CONTACT
    ]


def attempts(payments: Iterable[Payment], zone: ZoneInfo) -> list[Attempt]:
    those = list(payments)
    takers = said_of(payment.recorded_by for payment in those)
    return [_attempt(payment, takers.get(payment.recorded_by, ""), zone) for payment in those]


def _attempt(payment: Payment, taken_by: str, zone: ZoneInfo) -> Attempt:
    return Attempt(
        reference=payment.reference,
        state=_words(payment.state),
        asked=_money(payment.amount, payment),
        reserved=_money(payment.authorized, payment) if payment.is_reserved else "",
        reserved_until=payment.capture_before.astimezone(zone) if payment.capture_before else None,
        captured=_money(payment.captured, payment),
        refunded=_money(payment.refunded, payment),
        left_without_us=_money(payment.reversed, payment) if payment.reversed else "",
        taken_by=taken_by,
        pays=payment.wins,
        quarantined=payment.is_looked_into,
        reason=payment.reason,
        created_at=payment.created_at.astimezone(zone),
    )


def waiting(payments: Iterable[Payment]) -> list[Waiting]:
    return [
        Waiting(
            reference=payment.reference,
            business=payment.order.business.name,
            amount=_money(_waits(payment), payment),
            why=_why_it_waits(payment),
            since=payment.created_at.astimezone(payment.order.business.zone),
        )
        for payment in payments
    ]


def _waits(payment: Any) -> int:
    """All that is left of it, taken or reserved; or the part which is to go back and does not by itself."""
    if payment.by_hand or payment.disputed:
        return int(payment.by_hand or payment.disputed)
    return int(payment.refused if payment.wins else payment.kept.amount)


# Why a person must look at money, where it is not that it differs.
QUARANTINED = {"dispute won": "A dispute about it was won, and no booking stands any more that it paid for."}


def _why_it_waits(payment: Any) -> str:
    if payment.disputed and not payment.by_hand:
        return "Its customer disputes it, and the bank has it meanwhile. Please answer that at the gateway."
    if payment.quarantined:
        usual = f"What was paid is not what was asked for: {payment.reason}."
        return QUARANTINED.get(payment.reason, usual)
    if payment.by_hand:
        return f"Please give it back by hand ({payment.why_by_hand or 'refund'}): the gateway does not."
    if payment.is_reserved:
        return f"It is reserved for no booking ({payment.reason or 'no reason was kept'}), and not set free."
    if payment.failed_refunds:
        why = payment.reason or "canceled"
        return f"It should go back ({why}), and the gateway refused {payment.failed_refunds} times."
    return f"It pays for no booking: {payment.reason or 'no reason was kept'}."


def _money(amount: int, payment: Payment) -> str:
    return amount_in_words(Money(amount, payment.currency))


def _words(state: str) -> str:
    return state.replace("_", " ")

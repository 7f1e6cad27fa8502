"""Reading stays: drafts and bookings alike, with their money and who has answered, as frozen data."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from holdfast.booking.models import Booking
from holdfast.kernel.errors import Invalid, NotFound
from holdfast.kernel.money import Money
from holdfast.orders.carts import items_of
from holdfast.orders.guest_keys import opens
from holdfast.orders.models import CartItem, Line, Order
from holdfast.orders.pricing import Quote, QuotedLine
from holdfast.orders.queries import promo_named
from holdfast.payments.models import GatewayAccount, Payment, Transaction
from holdfast.payments.queries import account_for
from holdfast.platform.models import Customer, Transition, User

from .paying import charges_at_once
from .staying import quote_of_stay

NO_SUCH_BOOKING = "There is no such booking."
TAKES = (Transaction.Kind.AUTHORIZE, Transaction.Kind.CAPTURE, Transaction.Kind.PURCHASE)
# What was asked for may be without an answer for hours; what came by itself has no transition.
SUCCEEDED_AT = Coalesce(
    Subquery(
        Transition.objects.filter(subject="transaction", subject_id=OuterRef("pk"), after="succeeded").values(
            "at"
        )[:1]
    ),
    "created_at",
)
DECISIONS = ("approve", "decline")
INSIDERS = ("staff:", "admin:")  # how the actors begin who act for a business


@dataclass(frozen=True)
class StayGuest:
    """Who stays, and how to reach them: personal data."""

    name: str
    email: str
    phone: str


@dataclass(frozen=True)
class StayLine:
    """The nights, a fee, a discount, or a tax. A tax that is within the prices has an amount of 0."""

    kind: str
    title: str
    amount: Money
    tax: Money


@dataclass(frozen=True)
class StayView:
    """A stay as surfaces and pages present it. ``booking_id`` is its reference; ``state`` is its booking's,
    or its order's where it is a draft: "open", or how that ended. Moments are in the hotel's zone.

    ``pay_by`` is until when its nights are held and can be paid for. A draft costs what it costs today.
    ``session_id`` and ``payment_intent_id`` are the gateway's names for the payment that ``tells`` and for
    what was reserved or taken of it; ``payment_reference`` is the second, or as long as there is none the
    first. ``charged_at_once`` says that the card is, or was, charged when it is paid, and not on acceptance
    only. ``reason`` says why there is no booking any more, ``hotel_says`` that in the hotel's own words.
    ``decision_made_by`` is an email address, or "clock".
    """

    booking_id: str
    order_id: int
    state: str
    business: str
    hotel: str
    guest: StayGuest
    offering_id: int
    room_type: str
    check_in: date
    check_out: date
    guests: int
    total: Money
    lines: tuple[StayLine, ...]
    promo_code: str
    charged_at_once: bool
    reason: str
    created_at: datetime
    updated_at: datetime
    hotel_says: str = ""
    room: str = ""
    answer_by: datetime | None = None
    pay_by: datetime | None = None
    payment_provider: str = ""
    session_id: str = ""
    payment_intent_id: str = ""
    payment_authorized_at: datetime | None = None
    paid_at: datetime | None = None
    decision_made_at: datetime | None = None
    decision_made_by: str = ""
    checked_in_at: datetime | None = None
    checked_out_at: datetime | None = None

    @property
    def nights(self) -> int:
        return (self.check_out - self.check_in).days

    @property
    def payment_reference(self) -> str:
        return self.payment_intent_id or self.session_id


def stay_of(reference: str, *, business: str) -> StayView:
    """A stay of a hotel, by its slug: a booking or a draft. Raises NotFound, also for another hotel's."""
    booking = stays().filter(reference=reference, business__slug=business).first()
    if booking is not None:
        return views_of_stays([booking])[0]
    drafts = Order.objects.select_related("business", "customer")
    draft = drafts.filter(booking_reference=reference, business__slug=business).first()
    if not reference or draft is None:
        raise NotFound(NO_SUCH_BOOKING)
    return _draft_view(draft)


def stay_with_key(reference: str, key: str, *, business: str) -> StayView:
    """The same for whoever holds its guest's key. Raises NotFound, for a wrong key too."""
    stay = stay_of(reference, business=business)
    if not opens(key, Order(pk=stay.order_id)):
        raise NotFound(NO_SUCH_BOOKING)
    return stay


def stays() -> QuerySet[Booking]:
    """Every stay that has been booked, with what its view needs."""
    those = Booking.objects.filter(stay__isnull=False)
    return those.select_related(
        "line__offering__business", "line__order", "customer", "stay__room", "business"
    ).order_by("-line_id")


def views_of_stays(bookings: Iterable[Booking]) -> list[StayView]:
    """These stays, which ``stays`` has found: six queries, however many a hotel has."""
    those = list(bookings)
    orders = [one.line.order_id for one in those]
    lines = defaultdict[int, list[Line]](list)
    for line in Line.objects.filter(order__in=orders, withdrawn_at=None).order_by("pk"):
        lines[line.order_id].append(line)
    payments = defaultdict[int, list[Payment]](list)
    for payment in Payment.objects.filter(order__in=orders).select_related("account").order_by("pk"):
        payments[payment.order_id].append(payment)
    telling = {one.line.order_id: tells(payments[one.line.order_id], one.line.order) for one in those}
    takes = defaultdict[int, list[_Take]](list)
    tell = [payment for payment in telling.values() if payment]
    found = Transaction.objects.filter(payment__in=tell, kind__in=TAKES, state="succeeded")
    for payment_id, *take in found.order_by("pk").values_list(
        "payment", "kind", "gateway_reference", SUCCEEDED_AT
    ):
        takes[payment_id].append(_Take(*take))
    moves = defaultdict[int, list[Transition]](list)
    for move in Transition.objects.filter(subject="booking", subject_id__in=[one.pk for one in those]):
        moves[move.subject_id].append(move)
    deciders = _emails_of(move for of_one in moves.values() for move in of_one if move.event in DECISIONS)
    first_account = cache(account_for)
    return [
        _view(
            one,
            lines[one.line.order_id],
            _money_of(telling[one.line.order_id], takes, one.line.order, first_account),
            sorted(moves[one.pk], key=lambda move: move.seq),
            deciders,
        )
        for one in those
    ]


def tells(payments: Sequence[Payment], order: Order) -> Payment | None:
    """Which of an order's payments, the oldest first, tells how it is paid for.

    It is the first that wins; with none, and nothing to be paid any more, the latest that has won; else the
    latest. A guest may pay on the page of an earlier attempt.
    """
    wins = [payment for payment in payments if payment.wins]
    had_won = [payment for payment in payments if payment.has_won and order.state != "placed"]
    return next(iter([*wins, *reversed(had_won), *reversed(payments)]), None)


def _emails_of(moves: Iterable[Transition]) -> dict[str, str]:
    """Who has decided, by the actor's text: an email address, or the text itself for who is no user."""
    actors = {move.actor for move in moves}
    ids = {actor: int(number) for actor in actors if (number := actor.partition(":")[2]).isdigit()}
    emails = dict(User.objects.filter(pk__in=ids.values()).values_list("pk", "email")) if ids else {}
    return {actor: emails.get(ids.get(actor, 0), actor) for actor in actors}


@dataclass(frozen=True)
class _Take:
    """Money that was reserved or taken, by the gateway's name for it, and when that succeeded."""

    kind: str
    reference: str
    at: datetime


@dataclass(frozen=True)
class _Paid:
    """What the payment that tells for an order says of itself."""

    provider: str
    session: str
    intent: str
    authorized_at: datetime | None
    paid_at: datetime | None
    at_once: bool


def _money_of(
    payment: Payment | None,
    takes: Mapping[int, Sequence[_Take]],
    order: Order,
    first_account: Callable[[int], GatewayAccount | None],
) -> _Paid:
    if payment is None:
        account = first_account(order.business_id)
        return _Paid("", "", "", None, None, account is None or charges_at_once(order, account))
    moved = {take.kind: take for take in takes[payment.pk]}
    named = [take.reference for take in takes[payment.pk] if take.reference]
    reserved = moved.get(Transaction.Kind.AUTHORIZE)
    taken = moved.get(Transaction.Kind.CAPTURE) or moved.get(Transaction.Kind.PURCHASE)
    return _Paid(
        payment.account.gateway,
        payment.gateway_reference,
        named[-1] if named else "",
        reserved.at if reserved else None,
        taken.at if taken else None,
        Transaction.Kind.PURCHASE in moved if moved else charges_at_once(order, payment.account),
    )


def _view(
    booking: Booking,
    lines: Sequence[Line],
    paid: _Paid,
    moves: Sequence[Transition],
    deciders: Mapping[str, str],
) -> StayView:
    line, order, stay = booking.line, booking.line.order, booking.stay
    zone = booking.business.zone
    decision = next((move for move in reversed(moves) if move.event in DECISIONS), None)
    return StayView(
        booking_id=booking.reference,
        order_id=order.pk,
        state=booking.state,
        business=booking.business.slug,
        hotel=booking.business.name,
        guest=_guest(line.details, booking.customer),
        offering_id=line.offering.pk,
        room_type=line.offering.title,
        check_in=booking.starts_at.astimezone(zone).date(),
        check_out=booking.ends_at.astimezone(zone).date(),
        guests=stay.guests,
        total=Money(order.total, order.currency),
        lines=_lines(lines, order.currency),
        promo_code=order.promo_code,
        charged_at_once=paid.at_once,
        reason=_reason(booking, order, moves),
        created_at=booking.created_at.astimezone(zone),
        updated_at=max((move.at for move in moves), default=booking.created_at).astimezone(zone),
        hotel_says=_hotel_says(booking, moves),
        room=stay.room.name if stay.room else "",
        answer_by=_there(booking.answer_by, zone),
        pay_by=_there(order.expires_at, zone) if booking.state == "pending_payment" else None,
        payment_provider=paid.provider,
        session_id=paid.session,
        payment_intent_id=paid.intent,
        payment_authorized_at=_there(paid.authorized_at, zone),
        paid_at=_there(paid.paid_at, zone),
        decision_made_at=_there(decision.at, zone) if decision else None,
        decision_made_by=deciders[decision.actor] if decision else "",
        checked_in_at=_there(stay.checked_in_at, zone),
        checked_out_at=_there(stay.checked_out_at, zone),
    )


def _reason(booking: Booking, order: Order, moves: Sequence[Transition]) -> str:
    """Why it ended: in the words of whoever declined or canceled it, else the order's."""
    if booking.state not in ("declined", "canceled", "expired"):
        return ""
    return (moves[-1].reason if moves else "") or order.reason


def _hotel_says(booking: Booking, moves: Sequence[Transition]) -> str:
    """What whoever declined or canceled it for the hotel has written to its guest."""
    by_hotel = bool(moves) and moves[-1].actor.startswith(INSIDERS)
    return moves[-1].reason if by_hotel and booking.state in ("declined", "canceled") else ""


def _draft_view(draft: Order) -> StayView:
    item: CartItem = items_of([draft])[0]
    zone, said = draft.business.zone, item.details
    check_in, check_out = item.starts_at.astimezone(zone).date(), date.fromisoformat(said["check_out"])
    quote = _quote_of(draft, item, check_in, check_out)
    return StayView(
        booking_id=draft.booking_reference,
        order_id=draft.pk,
        state=draft.state,
        business=draft.business.slug,
        hotel=draft.business.name,
        guest=_guest(said, draft.customer),
        offering_id=item.offering.pk,
        room_type=item.offering.title,
        check_in=check_in,
        check_out=check_out,
        guests=said["guests"],
        total=Money(quote.total, draft.currency),
        lines=_lines(quote.lines, draft.currency),
        promo_code=draft.promo_code,
        charged_at_once=charges_at_once(draft),
        reason=draft.reason,
        created_at=draft.created_at.astimezone(zone),
        updated_at=(draft.updated_at or draft.created_at).astimezone(zone),
    )


def _quote_of(draft: Order, item: CartItem, check_in: date, check_out: date) -> Quote:
    """At the prices of this day. A promo code that is not for this takes nothing off; whether it may still be
    used is said when the draft is submitted.
    """
    guests, promo = item.details["guests"], promo_named(draft.business_id, draft.promo_code)
    try:
        return quote_of_stay(item.offering, check_in, check_out, guests, promo=promo)
    except Invalid:
        return quote_of_stay(item.offering, check_in, check_out, guests)


def _lines(lines: Iterable[Line | QuotedLine], currency: str) -> tuple[StayLine, ...]:
    return tuple(
        StayLine(one.kind, one.title, Money(one.price, currency), Money(one.tax, currency)) for one in lines
    )


def _guest(said: Mapping[str, Any], customer: Customer) -> StayGuest:
    """Whom the stay is for, as was said; else whose it is."""
    return StayGuest(
        said.get("contact_name") or customer.name,
        said.get("contact_email") or customer.email,
        said.get("contact_phone") or customer.phone,
    )


def _there(moment: datetime | None, zone: ZoneInfo) -> datetime | None:
    return moment.astimezone(zone) if moment is not None else None

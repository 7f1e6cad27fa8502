"""The counter: staff book for a caller or a walk-in, who pays now, by a link, or on the spot.

Whoever books here has accepted the booking, so nobody is asked for that. Everything is one transaction: what
is booked, the time, and the money that was taken for it.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

import structlog
from django.conf import settings
from django.db.models import QuerySet

from holdfast.booking.models import Booking
from holdfast.catalog.models import Business, Member, Offering
from holdfast.catalog.queries import businesses_run_by, on_offer
from holdfast.catalog.terms import Terms, Way
from holdfast.kernel.errors import Invalid, NotFound, SlotTaken
from holdfast.kernel.money import Money
from holdfast.kernel.period import Period
from holdfast.orders.dues import dues_for
from holdfast.platform import metrics
from holdfast.platform.db import retried_once, transaction
from holdfast.platform.models import Customer, User

from .actors import insider
from .callers import Caller, caller_for, contact_of, kept
from .checkout import Choice, Chosen, Wish, chosen_for, hold_for, priced_for, taken
from .contested import note_lost
from .pay_links import post_link, refuse_without_gateway
from .recording import Taken, take_by_hand
from .staying import stay_chosen

log = structlog.get_logger(__name__)

KEPT_AT_LEAST, KEPT_AT_MOST = timedelta(minutes=15), timedelta(days=14)
OWN_PAGE = "/pay/done/{payment}/"  # for those who have no account to look into


class Pays(StrEnum):
    """When a caller pays."""

    NOW = "now"
    LATER = "later"
    ON_THE_SPOT = "on the spot"


@dataclass(frozen=True)
class Nights:
    """When a caller wants to stay, and with how many."""

    check_in: date
    check_out: date
    guests: int


@dataclass(frozen=True)
class Wanted:
    """What a caller wants, as staff have understood it.

    ``offering`` is as it is sold, with its package, and ``terms`` are its trade's. ``when`` is naive, by the
    clock on the business's wall; of a room type, the nights. ``taken`` is what was taken for it, by whoever
    pays now; ``keep_for`` is how long the time is kept for whoever pays later. ``details`` may leave out what
    the trade asks customers.
    """

    offering: Offering
    when: datetime | Nights
    terms: Terms
    caller: Caller
    pays: Pays
    taken: Taken | None = None
    keep_for: timedelta = timedelta(hours=24)
    promo_code: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Price:
    """What it costs: all of it, and what of that is to be paid first."""

    total: Money
    first: Money


def sold_by(user: User, business: Business) -> QuerySet[Offering]:
    """What this user may book others in for: all that the business sells, or what is theirs to give."""
    offered = on_offer().filter(business=business).order_by("title", "pk")
    if businesses_run_by(user).filter(pk=business.pk).exists():
        return offered
    gives = user.memberships.filter(business=business, role=Member.Role.PROVIDER).exists()
    own = offered.filter(resources__provider__user=user).distinct()
    return own if gives else Offering.objects.none()


def as_staff_sell(offering: Offering) -> Offering:
    """A copy without the notice that customers must give, for somebody may be standing there. Never saved."""
    sold = copy.copy(offering)
    sold.minimum_notice = timedelta(0)
    return sold


def price_at_the_counter(
    offering: Offering,
    *,
    terms: Terms,
    pays: Pays,
    when: datetime | Nights,
    promo_code: str,
    now: datetime,
) -> Price:
    """What a caller is told that it costs. Raises Invalid for a time that is not open, and a wrong code."""
    wish, chosen = _wished(offering, when, terms=terms, promo_code=promo_code, now=now)
    _, quote = priced_for(wish, chosen, customer=None, now=now)
    first = dues_for(
        quote.total,
        deposit_percent=terms.deposit_percent,
        balance_before=timedelta(seconds=terms.balance_before),
        starts_at=chosen[0].period.start,
        now=now,
    )[0]
    at_once = 0 if pays is Pays.ON_THE_SPOT else first.amount
    return Price(Money(quote.total, quote.currency), Money(at_once, quote.currency))


def book_at_the_counter(wanted: Wanted, *, by: User, now: datetime) -> Booking:
    """Book somebody in, and take the money, ask for it by mail, or leave it for the spot.

    Raises NotFound for what this user does not sell and for another business's customer, Forbidden for
    oneself, Invalid for what cannot be so (also for another amount than is to be paid now), and SlotTaken
    with the nearest slots; then nothing is written.
    """
    offering = wanted.offering
    if not sold_by(by, offering.business).filter(pk=offering.pk).exists():
        raise NotFound("There is no such offering.")
    actor = insider(by, offering.business_id)
    who = caller_for(wanted.caller, by=by, business=offering.business)
    with metrics.checkout_counted(offering.trade):
        wish, chosen = _wished(
            offering,
            wanted.when,
            terms=wanted.terms,
            promo_code=wanted.promo_code,
            details={**wanted.details, **contact_of(who, offering.business)},
            now=now,
        )
        wish = replace(wish, terms=_terms(wanted, chosen[0].period, now=now))
        try:
            booking = _book(wanted, wish, chosen, who, by=actor, now=now)
        except SlotTaken:
            note_lost([(one.offering.pk, one.period.start) for one in chosen], now=now)
            raise taken(chosen, now=now) from None
    log.info("booked_in", booking=booking.reference, by=actor, pays=wanted.pays.value)
    return booking


def _wished(
    offering: Offering,
    when: datetime | Nights,
    *,
    terms: Terms,
    promo_code: str,
    now: datetime,
    details: Mapping[str, Any] | None = None,
) -> tuple[Wish, Sequence[Chosen]]:
    """What is wanted as a checkout knows it. Raises Invalid for what is not open to staff either."""
    if isinstance(when, datetime):
        choice = Choice(as_staff_sell(offering), when, dict(details or {}))
        wish = Wish((choice,), return_url="", terms=terms, promo_code=promo_code)
        return wish, chosen_for(wish, now=now)
    stay = stay_chosen(offering, when.check_in, when.check_out, when.guests, at_short_notice=True, now=now)
    said = {"guests": when.guests, **(details or {})}
    arrives = datetime.combine(when.check_in, stay.room_type.rules.check_in_from)
    choice = Choice(stay.offering, arrives, said)
    wish = Wish((choice,), return_url="", terms=terms, promo_code=promo_code, fees=stay.fees)
    return wish, [Chosen(stay.offering, stay.period, [stay.room_type.pool], said)]


def _terms(wanted: Wanted, period: Period, *, now: datetime) -> Terms:
    """A trade's terms as they are at the counter: booked at once, accepted, and held for the caller alone."""
    reserve_for = 0
    if wanted.pays is Pays.LATER:
        refuse_without_gateway(wanted.offering.business_id)
        if not KEPT_AT_LEAST <= wanted.keep_for <= KEPT_AT_MOST:
            raise Invalid({"keep_for": ["A time is kept for 15 minutes at least, and for 14 days at most."]})
        # Who comes late to a stay of today has until it ends.
        until = period.start if period.start > now else period.end
        reserve_for = int(min(wanted.keep_for, until - now).total_seconds())
    return replace(
        wanted.terms,
        way=Way.HOLD_THEN_PAY,
        needs_approval=False,
        failed_payment_frees=False,
        reopens=False,
        on_the_spot=wanted.pays is Pays.ON_THE_SPOT,
        reserve_for=reserve_for,
        success_address=OWN_PAGE,
        failed_address=OWN_PAGE,
    )


@retried_once
def _book(
    wanted: Wanted, wish: Wish, chosen: Sequence[Chosen], who: Customer, *, by: str, now: datetime
) -> Booking:
    """The one transaction of it."""
    with transaction():
        customer = who if who.pk else kept(who)
        held = hold_for(
            customer,
            wish,
            chosen,
            account=None,
            return_to=settings.HOLDFAST_PUBLIC_URL,
            address=None,
            by=by,
            now=now,
        )
        order, booking = held.placed.order, held.bookings[0]
        if order.state == "placed" and wanted.pays is Pays.NOW:
            take_by_hand(order, _taken(wanted), by=by, now=now)
        elif order.state == "placed" and chosen[0].details.get("contact_email"):
            post_link(held.placed.due, by=by, now=now)
    booking.refresh_from_db(fields=["state", "seq"])
    return booking


def _taken(wanted: Wanted) -> Taken:
    if wanted.taken is None:
        raise Invalid({"amount": ["Please say what was taken."]})
    return wanted.taken

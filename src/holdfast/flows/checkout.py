"""Checkout: hold the time, write down the payment, open it at the gateway."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog
from django.conf import settings

from holdfast.availability.actions import claim_all, take
from holdfast.availability.queries import NEEDED, is_free, wanted_by
from holdfast.availability.stays import nearest_to
from holdfast.booking.actions import book
from holdfast.booking.models import Booking
from holdfast.catalog.models import Business, Offering, Resource
from holdfast.catalog.terms import Terms
from holdfast.kernel.errors import Invalid, SlotTaken
from holdfast.kernel.money import Money
from holdfast.kernel.origins import return_base
from holdfast.kernel.period import Period
from holdfast.orders.actions import Item, Placed, place
from holdfast.orders.models import Order, PromoCode
from holdfast.orders.pricing import Fee, Quote
from holdfast.orders.promos import redeem
from holdfast.orders.queries import promo_for, quote_of
from holdfast.payments.models import GatewayAccount, Payment
from holdfast.platform import metrics
from holdfast.platform.customers import customer_of
from holdfast.platform.db import retried_once, transaction, transaction_required
from holdfast.platform.models import Customer

from .actors import Shopper
from .choosing import free_among, open_period, provider_among
from .contested import lost_lately, note_lost
from .entering import enter
from .holds import refuse_squatting
from .paying import Checkout, account_of, intend, open_at_gateway

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Choice:
    """One service and when: ``starts_at`` is naive, by the clock on the business's wall."""

    offering: Offering
    starts_at: datetime
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Wish:
    """What a customer asks for: one service or several, of one business and one trade.

    All of it is booked or none, but with ``or_what_is_free`` those that are free, at their price. ``method``
    is a gateway of the business's, if not its first.
    """

    choices: tuple[Choice, ...]
    return_url: str
    terms: Terms
    promo_code: str = ""
    fees: tuple[Fee, ...] = ()
    method: str = ""
    or_what_is_free: bool = False
    is_cart: bool = False

    @property
    def offering(self) -> Offering:
        """The first service's."""
        return self.choices[0].offering


@dataclass(frozen=True)
class Chosen:
    """One service at a time that is open for it, and all that it needs."""

    offering: Offering
    period: Period
    resources: Sequence[Resource]
    details: dict[str, Any]

    @property
    def item(self) -> Item:
        return Item(self.offering, self.period, provider_among(self.resources), self.details)


@dataclass(frozen=True)
class Held:
    """An order whose time is held; its bookings, where its terms make them at once; its payment, if begun."""

    placed: Placed
    bookings: Sequence[Booking]
    payment: Payment | None


def check_out(wish: Wish, *, by: Shopper, now: datetime) -> Checkout:
    """Hold the wished times and open a payment for them. Nothing is booked before it is paid.

    Raises Invalid for a time that is not open, a promo code that may not be used or a foreign return address,
    SlotTaken with the nearest slots, AlreadyHeld for the customer's own hold, TooMany for a fourth one,
    PromoUsedUp, and Unavailable when the gateway cannot be asked; then nothing is held.
    """
    with metrics.checkout_counted(wish.offering.trade):
        account = account_of(wish.offering.business, method=wish.method)
        held = _hold_what_can_be(wish, account, by=by, now=now)
        return opened(held, account, now=now)


def opened(held: Held, account: GatewayAccount, *, now: datetime) -> Checkout:
    """What is held has its payment opened at the gateway, unless there is nothing to pay."""
    order, payment = held.placed.order, held.payment
    if payment is None:
        return _nothing_to_pay(held)
    log.info("held", order=order.pk, reference=payment.reference)
    return open_at_gateway(payment, order, account, title=held.placed.line.title, now=now)


def reserve(wish: Wish, *, by: Shopper, now: datetime) -> Held:
    """Hold the wished times, to be paid within the terms' time by ``paying.pay``. Raises as ``check_out``."""
    with metrics.checkout_counted(wish.offering.trade):
        held = _hold_what_can_be(wish, None, by=by, now=now)
        log.info("reserved", order=held.placed.order.pk)
        return held


def _hold_what_can_be(wish: Wish, account: GatewayAccount | None, *, by: Shopper, now: datetime) -> Held:
    """Everything; or with ``or_what_is_free`` what is free at another look, for as long as anything is."""
    base = return_to(wish.return_url, wish.offering.business)
    chosen = wanted = chosen_for(wish, now=now)
    while chosen:
        try:
            return _hold(wish, chosen, account, base, by=by, now=now)
        except SlotTaken:
            note_lost(times_of(chosen), now=now)
            chosen = _fewer(chosen, now=now) if wish.or_what_is_free else []
    raise taken(wanted, now=now)


def taken(wanted: Sequence[Chosen], *, now: datetime) -> SlotTaken:
    """The refusal of what could not be had, with the free slots that are nearest to the first of it."""
    first = wanted[0]
    return SlotTaken(nearest_to(first.offering, first.period.start, now=now, needed=first.resources))


def times_of(chosen: Sequence[Chosen]) -> list[tuple[int, datetime]]:
    return [(one.offering.pk, one.period.start) for one in chosen]


def _fewer(chosen: Sequence[Chosen], *, now: datetime) -> list[Chosen]:
    """Those at which nobody else is. If that is all of them, they are in each other's way: one goes."""
    free = free_among([(one.offering, one.period) for one in chosen], now=now)
    kept = [one for one in chosen if (one.offering, one.period) in free]
    return kept if len(kept) < len(chosen) else kept[:-1]


def chosen_for(wish: Wish, *, now: datetime) -> list[Chosen]:
    """The chosen services at open times. Raises Invalid, also for services that cannot be sold together.

    A cart has seen to that itself: it may hold things of several trades.
    """
    first = wish.offering
    if not wish.is_cart and any(
        (one.offering.business_id, one.offering.trade) != (first.business_id, first.trade)
        for one in wish.choices
    ):
        raise Invalid({"offering": ["Only services of one business can be booked together."]})
    chosen = []
    for choice in wish.choices:
        resources = NEEDED(offering=choice.offering.pk)
        period = open_period(choice.offering, choice.starts_at, resources, now=now)
        chosen.append(Chosen(choice.offering, period, resources, choice.details))
    return chosen


def return_to(return_url: str, business: Business) -> str:
    """Where the browser goes after paying: an address that the business allows, or our own pages."""
    own = settings.HOLDFAST_PUBLIC_URL
    if not return_url:
        return str(own)
    return return_base(return_url, allowed=(*business.return_origins, own), field="return_url")


@retried_once
def _hold(
    wish: Wish,
    chosen: Sequence[Chosen],
    account: GatewayAccount | None,
    return_to: str,
    *,
    by: Shopper,
    now: datetime,
) -> Held:
    """The one transaction of a checkout: the intent is written down before the gateway hears of it."""
    with transaction():
        customer = customer_of(by.user)
        refuse_squatting(customer, address=by.address, times=times_of(chosen), now=now)
        return hold_for(
            customer,
            wish,
            chosen,
            account=account,
            return_to=return_to,
            address=by.address,
            by=str(by),
            now=now,
        )


@transaction_required
def hold_for(
    customer: Customer,
    wish: Wish,
    chosen: Sequence[Chosen],
    *,
    account: GatewayAccount | None,
    return_to: str,
    address: str | None,
    by: str,
    now: datetime,
    cart: Order | None = None,
) -> Held:
    """Write an order down for this customer and hold its time, whoever asks for it; or place an open cart,
    whose lock the caller has.

    Raises Invalid for a promo code that may not be used, PromoUsedUp, and SlotTaken, which knows no nearest.
    """
    terms = wish.terms
    promo, quote = priced_for(wish, chosen, customer=customer, now=now)
    if lost_lately(times_of(chosen), now=now):
        _refuse_taken(chosen, now=now)
    placed = place(
        [one.item for one in chosen],
        customer=customer,
        terms=terms,
        quote=quote,
        return_base=return_to,
        address=address,
        by=by,
        now=now,
        cart=cart,
    )
    bookings: Sequence[Booking] = ()
    if terms.books_at_once:
        bookings = book(placed.order, placed.lines, state="pending_payment", by=by, now=now)
    if promo is not None:
        redeem(promo, order=placed.order, customer=customer, now=now)
    wanted = {
        line.owner: wanted_by(one.offering, one.resources, one.period)
        for line, one in zip(placed.lines, chosen, strict=True)
    }
    claim_all(wanted, until=now + terms.hold_for, now=now)
    payment = _begin(placed, account, offering=wish.offering.pk, by=by, now=now)
    return Held(placed, bookings, payment)


def _refuse_taken(chosen: Sequence[Chosen], *, now: datetime) -> None:
    """Raises SlotTaken where somebody is seen to be. Where nobody is, the claim says who has it."""
    if not all(is_free(one.offering, one.period, needed=one.resources, now=now) for one in chosen):
        raise SlotTaken


def priced_for(
    wish: Wish, chosen: Sequence[Chosen], *, customer: Customer | None, now: datetime
) -> tuple[PromoCode | None, Quote]:
    """What it costs today, and the promo code that makes it cheaper. Raises Invalid as ``promo_for``."""
    offerings = [one.offering for one in chosen]
    promo = None
    if wish.promo_code:
        business = wish.offering.business_id
        promo = promo_for(business, wish.promo_code, offerings=offerings, customer=customer, now=now)
    return promo, quote_of(offerings, promo=promo, fees=wish.fees)


@transaction_required
def _begin(
    placed: Placed, account: GatewayAccount | None, *, offering: int, by: str, now: datetime
) -> Payment | None:
    """The payment of what is due now, unless it is opened later; where nothing is due yet, all is done."""
    order = placed.order
    if order.total == 0 or order.terms.on_the_spot:
        why = "to be paid on the spot" if order.total else "nothing to pay"
        take(*(line.owner for line in placed.lines))
        enter(order, placed.lines, None, by=by, now=now, why=why)
        return None
    if account is None:
        return None
    return intend(placed.due, order=order, account=account, offering=offering, by=by, now=now)


def _nothing_to_pay(held: Held) -> Checkout:
    order = held.placed.order
    booking = Booking.objects.get(pk=held.placed.line.pk)
    success = order.terms.success_address.format(payment="", booking=booking.reference, reason="")
    nothing = Money(0, order.currency)
    return Checkout(order.pk, None, "", nothing, None, order.return_base + success, "")

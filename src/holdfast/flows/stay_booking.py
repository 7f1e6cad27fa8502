"""Booking a stay: its nights are held at once; or it is a draft, which holds nothing until submitted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import structlog

from holdfast.catalog.models import Offering
from holdfast.catalog.terms import Terms
from holdfast.kernel.errors import Conflict, Invalid, SlotTaken
from holdfast.kernel.ids import new_reference
from holdfast.orders import carts as rows
from holdfast.orders.actions import lock
from holdfast.orders.carts import items_of
from holdfast.orders.models import CartItem, Order
from holdfast.orders.queries import promo_named
from holdfast.platform import metrics
from holdfast.platform.customers import customer_of
from holdfast.platform.db import retried_once, transaction, transaction_required
from holdfast.platform.models import Customer, User

from .actors import GUEST, customer_actor
from .callers import LONGEST, is_address, kept
from .checkout import Choice, Chosen, Held, Wish, hold_for, priced_for, return_to, taken, times_of
from .contested import note_lost
from .holds import refuse_squatting
from .stay_views import StayView, stay_of
from .staying import StayChosen, stay_chosen

log = structlog.get_logger(__name__)

GONE = "This room is not offered any more."
OVER = "This was left for too long. Please book again."


@dataclass(frozen=True)
class Guest:
    """Who stays, and how to reach them."""

    name: str
    email: str
    phone: str = ""


@dataclass(frozen=True)
class StayWish:
    """What a guest asks for: a room of this type from one day to another, under these terms.

    ``method`` is for the payment that follows, and decides nothing here.
    """

    offering: Offering
    check_in: date
    check_out: date
    guests: int
    guest: Guest
    terms: Terms
    return_url: str = ""
    promo_code: str = ""
    method: str = ""


@dataclass(frozen=True)
class Booker:
    """Who books, from which network address: a signed-in user, or a guest."""

    user: User | None
    address: str | None

    def __str__(self) -> str:
        return customer_actor(self.user.pk) if self.user else GUEST


def book_stay(wish: StayWish, *, address: str | None, user: User | None, now: datetime) -> StayView:
    """Hold the nights of a stay, to be paid within the terms' time by ``open_session``.

    Raises Invalid for what the room type's rules do not allow, a guest who cannot be reached, and a promo
    code that may not be used; SlotTaken with the nearest stays as long; AlreadyHeld for a user's own hold,
    TooMany for one too many, and PromoUsedUp; then nothing is held.
    """
    refuse_guest(wish.guest)
    stay = stay_chosen(wish.offering, wish.check_in, wish.check_out, wish.guests, now=now)
    by = Booker(user, address)
    with metrics.checkout_counted(stay.offering.trade):
        held = _held_or_taken(wish, stay, by=by, cart=None, now=now)
    assert held is not None  # only a draft may have been submitted meanwhile
    log.info("stay_held", order=held.placed.order.pk)
    return stay_of(held.bookings[0].reference, business=stay.offering.business.slug)


def draft_stay(wish: StayWish, *, address: str | None, user: User | None, now: datetime) -> StayView:
    """Write a stay down without holding it. Raises Invalid as ``book_stay`` does."""
    assert not wish.terms.reopens, "a draft is submitted once: its reference is its booking's"
    refuse_guest(wish.guest)
    stay = stay_chosen(wish.offering, wish.check_in, wish.check_out, wish.guests, now=now)
    business, by = stay.offering.business, Booker(user, address)
    refuse_code(wish, by)
    base = return_to(wish.return_url, business)
    priced_for(_wish(wish, stay), [_chosen(wish, stay)], customer=None, now=now)
    today = now.astimezone(business.zone).date()
    reference = new_reference(wish.terms.booking_reference, offering=stay.offering.pk, day=today)
    with transaction():
        draft = rows.open_cart(
            business=business,
            customer=_customer(wish.guest, by),
            trade=stay.offering.trade,
            terms=wish.terms,
            address=address,
            by=str(by),
            now=now,
        )
        rows.make_draft(
            draft, booking_reference=reference, return_base=base, promo_code=wish.promo_code.strip()
        )
        details = {"check_out": wish.check_out.isoformat(), **_details(wish)}
        rows.put(draft, stay.offering, starts_at=stay.period.start, details=details, now=now)
    log.info("stay_drafted", order=draft.pk)
    return stay_of(reference, business=business.slug)


def submit_stay(
    reference: str, *, address: str | None, now: datetime, business: str | None = None
) -> StayView:
    """Hold the nights of a draft at the prices of this day. Submitting it again changes nothing, nor does
    submitting what never was a draft.

    Raises NotFound, Conflict for one that was left for too long, and as ``book_stay`` does; then the draft
    stands as it was.
    """
    draft = _draft(reference, business)
    if draft is None:
        return stay_of(reference, business=business or "")
    if draft.state == "open":
        wish = _wish_of(draft)
        stay = stay_chosen(wish.offering, wish.check_in, wish.check_out, wish.guests, now=now)
        by = Booker(draft.customer.user, address)
        with metrics.checkout_counted(draft.trade):
            _held_or_taken(wish, stay, by=by, cart=draft, now=now)
        log.info("stay_submitted", order=draft.pk)
    elif not draft.lines.exists():  # it has ended as a draft
        raise Conflict(OVER)
    return stay_of(reference, business=draft.business.slug)


def refuse_guest(guest: Guest) -> None:
    """Raises Invalid for whom nobody could reach."""
    wrong = {}
    if not guest.name.strip():
        wrong["name"] = ["Please say who it is."]
    if not is_address(guest.email.strip()):
        wrong["email"] = ["This is not an email address."]
    wrong |= {
        name: [f"This is longer than {most} letters."]
        for name, most in LONGEST.items()
        if len(getattr(guest, name).strip()) > most
    }
    if wrong:
        raise Invalid(wrong)


def refuse_code(wish: StayWish, by: Booker) -> None:
    """Raises Invalid for a promo code that each customer may use only so often, where nobody could tell that
    they come again: a guest has no account.
    """
    promo = promo_named(wish.offering.business_id, wish.promo_code)
    if by.user is None and promo is not None and promo.per_customer_limit is not None:
        raise Invalid({"promo_code": ["Please sign in to use this code."]})


def _draft(reference: str, business: str | None) -> Order | None:
    found = Order.objects.select_related("business", "customer__user").filter(booking_reference=reference)
    if business is not None:
        found = found.filter(business__slug=business)
    return found.first() if reference else None


def _held_or_taken(
    wish: StayWish, stay: StayChosen, *, by: Booker, cart: Order | None, now: datetime
) -> Held | None:
    refuse_code(wish, by)
    base = cart.return_base if cart is not None else return_to(wish.return_url, stay.offering.business)
    chosen = _chosen(wish, stay)
    try:
        return _hold(_wish(wish, stay), chosen, wish.guest, base, by=by, cart=cart, now=now)
    except SlotTaken:
        note_lost(times_of([chosen]), now=now)
        raise taken([chosen], now=now) from None


@retried_once
def _hold(
    wish: Wish,
    chosen: Chosen,
    guest: Guest,
    base: str,
    *,
    by: Booker,
    cart: Order | None,
    now: datetime,
) -> Held | None:
    """The one transaction of it. None for a draft that somebody has submitted meanwhile."""
    with transaction():
        customer = cart.customer if cart is not None and by.user is None else _customer(guest, by)
        draft = lock(cart.pk) if cart is not None else None
        if draft is not None and draft.state != "open":
            return None
        refuse_squatting(customer, address=by.address, times=times_of([chosen]), now=now)
        return hold_for(
            customer,
            wish,
            [chosen],
            account=None,
            return_to=base,
            address=by.address,
            by=str(by),
            now=now,
            cart=draft,
        )


@transaction_required
def _customer(guest: Guest, by: Booker) -> Customer:
    """A user's own row, locked; a guest has a new one for each stay, which nobody else waits for."""
    if by.user is not None:
        return customer_of(by.user)
    return kept(Customer(name=guest.name.strip(), email=guest.email.strip(), phone=guest.phone.strip()))


def _wish(wish: StayWish, stay: StayChosen) -> Wish:
    """The same as a checkout knows it."""
    starts_at = datetime.combine(wish.check_in, stay.room_type.rules.check_in_from)
    return Wish(
        choices=(Choice(stay.offering, starts_at, _details(wish)),),
        return_url=wish.return_url,
        terms=wish.terms,
        promo_code=wish.promo_code,
        fees=stay.fees,
    )


def _chosen(wish: StayWish, stay: StayChosen) -> Chosen:
    return Chosen(stay.offering, stay.period, [stay.room_type.pool], _details(wish))


def _details(wish: StayWish) -> dict[str, Any]:
    """What is kept with the stay, and can be erased; whoever books for somebody else says who it is."""
    guest = wish.guest
    return {
        "guests": wish.guests,
        "contact_name": guest.name.strip(),
        "contact_email": guest.email.strip(),
        "contact_phone": guest.phone.strip(),
    }


def _wish_of(draft: Order) -> StayWish:
    """What a draft wishes for. Raises Conflict for a room type that is not on offer any more."""
    item: CartItem = items_of([draft])[0]
    said: Mapping[str, Any] = item.details
    if not item.offering.active:
        raise Conflict(GONE)
    return StayWish(
        offering=item.offering,
        check_in=item.starts_at.astimezone(draft.business.zone).date(),
        check_out=date.fromisoformat(said["check_out"]),
        guests=said["guests"],
        guest=Guest(said["contact_name"], said["contact_email"], said["contact_phone"]),
        terms=draft.terms,
        promo_code=draft.promo_code,
    )

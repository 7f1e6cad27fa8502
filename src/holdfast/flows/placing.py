"""Placing a cart: all of its times are held or none, at the prices of this day, and its payment is begun."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from itertools import combinations
from uuid import UUID

from holdfast.availability.queries import is_free, wanted_by
from holdfast.availability.wanted import ANY_SEAT, Wanted
from holdfast.kernel.errors import Conflict, Invalid, SlotTaken
from holdfast.kernel.money import Money
from holdfast.orders.actions import lock
from holdfast.orders.carts import items_of
from holdfast.orders.dues import COMES_LATER
from holdfast.orders.models import CartItem, Due, Order
from holdfast.payments.models import GatewayAccount
from holdfast.platform import metrics
from holdfast.platform.customers import customer_of
from holdfast.platform.db import retried_once, transaction

from .actors import Shopper
from .cart_views import GONE, cart_row, is_offered
from .checkout import Choice, Chosen, Held, Wish, chosen_for, hold_for, opened, return_to, taken, times_of
from .contested import note_lost
from .decisions import Hold, hold_has_run_out
from .ending import expire_order
from .holds import refuse_squatting
from .paying import Checkout, account_of, pay_due

IS_EMPTY = "There is nothing in this cart."
CHANGED = "This cart is being changed at this moment. Please look at it again."
CLASH = "{} and {} are at the same time with the same person or in the same room. Please change one of them."
OVER = {
    "completed": "This cart has been paid for.",
    "canceled": "This cart has been paid for.",
    "expired": "This cart was left for too long. Please begin another.",
}


def place_cart(
    cart_id: int | UUID,
    *,
    by: Shopper,
    trade: str,
    return_url: str,
    method: str = "",
    amount: Decimal | None = None,
    now: datetime,
) -> Checkout:
    """Hold all times of a cart and open a payment for them; of one that is placed, pay on.

    Of a placed cart it is the open payment again, or another attempt when the last one has failed, at the
    price that it was placed with. ``amount`` must be exactly what is to be paid, if it is given.

    Raises Invalid, SlotTaken, AlreadyHeld, TooMany and PromoUsedUp as ``check_out`` does, and then the cart
    stands as it was; NotFound, and Conflict for a cart that is over or has been paid. When the gateway cannot
    be asked it raises Unavailable, and by the terms what is held already stays so for another attempt.
    """
    for _ in range(2):  # whoever has placed or changed it meanwhile has the first word
        cart = cart_row(cart_id, user=by.user, trade=trade)
        if cart.state in OVER:
            raise Conflict(OVER[cart.state])
        base = return_to(return_url, cart.business)
        go_on = _pay_on if _is_being_paid(cart, now=now) else _place
        checkout = go_on(cart, base, by=by, method=method, amount=amount, now=now)
        if checkout is not None:
            return checkout
    raise Conflict(CHANGED)


def _is_being_paid(cart: Order, *, now: datetime) -> bool:
    return cart.state == "placed" and not hold_has_run_out(Hold(cart.state, cart.expires_at, now))


def _pay_on(
    cart: Order, base: str, *, by: Shopper, method: str, amount: Decimal | None, now: datetime
) -> Checkout | None:
    """None when what it was placed with is asked for no more."""
    first = Due.objects.filter(order=cart, withdrawn_at=None).exclude(kind__in=COMES_LATER)
    due = first.select_related("order__business").first()
    if due is None:
        return None
    _refuse_amount(Money(due.order.total, due.order.currency), amount)
    if base != due.order.return_base:
        Order.objects.filter(pk=cart.pk).update(return_base=base)
    return pay_due(due, by=str(by), method=method, now=now)


def _place(
    cart: Order, base: str, *, by: Shopper, method: str, amount: Decimal | None, now: datetime
) -> Checkout | None:
    """None when the cart is not any more as it was read."""
    if cart.state == "placed":  # a transaction of its own: what frees a time claims none, see docs/locking.md
        expire_order(cart.pk, now=now)
    items = list(items_of([cart]))
    _refuse_items(items)
    account = account_of(cart.business, method=method)
    wish = Wish(
        choices=tuple(_choice(item) for item in items),
        return_url="",
        terms=cart.terms,
        promo_code=cart.promo_code,
        is_cart=True,
    )
    with metrics.checkout_counted(cart.trade):
        chosen = chosen_for(wish, now=now)
        _refuse_clashes(chosen)
        try:
            held = _hold(cart, items, wish, chosen, account, base, by=by, amount=amount, now=now)
        except SlotTaken:
            note_lost(times_of(chosen), now=now)
            raise taken(_lost_first(chosen, now=now), now=now) from None
        return opened(held, account, now=now) if held is not None else None


def _lost_first(chosen: Sequence[Chosen], *, now: datetime) -> list[Chosen]:
    """Those at which somebody else is come first: the nearest free times are told of one of these."""

    def can_be_had(one: Chosen) -> bool:
        return is_free(one.offering, one.period, needed=one.resources, now=now)

    return sorted(chosen, key=can_be_had)


def _refuse_items(items: Sequence[CartItem]) -> None:
    if not items:
        raise Invalid({"offering": [IS_EMPTY]})
    gone = [GONE.format(item.sold.title) for item in items if not is_offered(item)]
    if gone:
        raise Invalid({"offering": gone})


def _choice(item: CartItem) -> Choice:
    zone = item.offering.business.zone
    return Choice(item.sold, item.starts_at.astimezone(zone).replace(tzinfo=None), item.details)


def _refuse_clashes(chosen: Sequence[Chosen]) -> None:
    """Two things of one cart that need the same person or room at once: no rival has taken them."""
    needs: Mapping[int, list[Wanted]] = {
        number: wanted_by(one.offering, one.resources, one.period) for number, one in enumerate(chosen)
    }
    for first, second in combinations(needs, 2):
        if any(_meet(one, other) for one in needs[first] for other in needs[second]):
            titles = chosen[first].offering.title, chosen[second].offering.title
            raise Invalid({"time": [CLASH.format(*titles)]})


def _meet(one: Wanted, other: Wanted) -> bool:
    shares = bool(one.shared_by) and one.shared_by == other.shared_by
    is_same_seat = one.resource == other.resource and one.seat == other.seat != ANY_SEAT
    overlap = one.period.start < other.period.end and other.period.start < one.period.end
    return is_same_seat and overlap and not shares


@retried_once
def _hold(
    seen: Order,
    items: Sequence[CartItem],
    wish: Wish,
    chosen: Sequence[Chosen],
    account: GatewayAccount,
    base: str,
    *,
    by: Shopper,
    amount: Decimal | None,
    now: datetime,
) -> Held | None:
    """The one transaction of placing a cart; nothing is done to one that is not as it was ``seen``."""
    with transaction():
        customer = customer_of(by.user)
        cart = lock(seen.pk)
        there = list(CartItem.objects.filter(order=cart).values_list("pk", flat=True))
        if cart.state != "open" or there != [item.pk for item in items] or cart.promo_code != seen.promo_code:
            return None
        refuse_squatting(customer, address=by.address, times=times_of(chosen), now=now)
        held = hold_for(
            customer,
            wish,
            chosen,
            account=account,
            return_to=base,
            address=by.address,
            by=str(by),
            now=now,
            cart=cart,
        )
        _refuse_amount(Money(cart.total, cart.currency), amount)
    return held


def _refuse_amount(total: Money, amount: Decimal | None) -> None:
    if amount is None:
        return
    try:
        is_exact = amount == Decimal(total.decimal)
    except InvalidOperation:  # a signaling NaN
        is_exact = False
    if not is_exact:
        raise Invalid({"amount": [f"Payment amount must be exactly {total.decimal}"]})

"""Carts under an offering's own terms: a deposit first, or bookings that are there before the money."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest

from holdfast.booking.models import Booking
from holdfast.catalog.terms import DAY, Way
from holdfast.flows.bookings import booked_together, booking_seen_by
from holdfast.flows.carts import carts_of, delete_cart, remove_item, views_of
from holdfast.flows.ending import expire_orders
from holdfast.flows.giving_back import preview_refund
from holdfast.flows.own_payments import payment_views, payments_made_by
from holdfast.flows.pay_links import Stands, asked_for, link_for
from holdfast.kernel.errors import NotFound
from holdfast.orders.models import Due
from holdfast.platform.models import User
from tests.support.carts import HOLD_ENDS, TOTAL, TRADE, Basket, comes_in, filled, three_of, wanted
from tests.support.practice import NOW, Practice, new_member
from tests.support.sandbox import Sandbox
from tests.support.shop import catch_up
from tests.support.ways import SOON, assert_all_is_well

AFTER = HOLD_ENDS + timedelta(minutes=1)
DEPOSIT = 104_940  # 30 percent of it, rounded


@pytest.mark.spec("PUJ-4", "DESK-4")
def test_a_cart_with_a_deposit_is_paid_on_and_asks_for_the_deposit_again(
    practice: Practice, sandbox: Sandbox
) -> None:
    catch_up(sandbox, now=NOW)
    cart = filled(*three_of(practice), deposit_percent=30, balance_before=DAY)
    first = cart.place()

    again = cart.place(now=SOON)
    comes_in(sandbox, again)

    assert (again.reference, again.amount.amount) == (first.reference, DEPOSIT)
    assert cart.asks == [DEPOSIT, TOTAL - DEPOSIT]
    assert cart.order.state == "completed"
    assert_all_is_well()


@dataclass(frozen=True)
class Left:
    """A cart that was booked before it was paid, ran out, and was changed: and its booking of before."""

    booking: Booking
    key: str


@pytest.fixture
def staff(practice: Practice) -> User:
    return new_member(practice, "staff")


@pytest.fixture
def left(practice: Practice, sandbox: Sandbox, staff: User) -> Left:
    cart: Basket = filled(wanted(practice.offering), way=Way.HOLD_THEN_PAY)
    cart.place()
    booking = Booking.objects.get(line__order=cart.cart_id)
    due = Due.objects.get(order=cart.cart_id)
    key = link_for(booking.reference, due.pk, by=staff, trade=TRADE, now=NOW).rstrip("/").rpartition("/")[2]
    expire_orders(now=HOLD_ENDS)
    (item,) = cart.seen(now=HOLD_ENDS).items
    remove_item(cart.cart_id, item.id, by=cart.shopper, trade=TRADE, now=HOLD_ENDS)
    return Left(booking, key)


@pytest.mark.spec("PUJ-5", "DESK-3")
def test_of_a_booking_whose_cart_was_changed_since_nothing_can_go_back(left: Left, staff: User) -> None:
    found = preview_refund(left.booking.reference, by=staff, trade=TRADE, now=HOLD_ENDS)

    assert Booking.objects.get(pk=left.booking.pk).state == "expired"
    assert (found.all_of_it.amount, found.by_terms.amount) == (0, 0)


@pytest.mark.spec("PUJ-5", "DESK-4")
def test_a_link_to_pay_for_a_cart_that_was_changed_since_says_that_it_is_over(left: Left) -> None:
    seen = asked_for(left.key, now=HOLD_ENDS)

    assert (seen.title, seen.stands) == (left.booking.line.title, Stands.OVER)


@pytest.mark.spec("PUJ-6")
def test_a_cart_that_is_placed_anew_has_the_bookings_of_its_last_placing_alone(
    practice: Practice, sandbox: Sandbox
) -> None:
    cart = filled(*three_of(practice), way=Way.HOLD_THEN_PAY)
    cart.place()
    old = Booking.objects.filter(line__order=cart.cart_id).order_by("pk")[0]
    expire_orders(now=HOLD_ENDS)
    item = cart.seen(now=HOLD_ENDS).items[0]
    remove_item(cart.cart_id, item.id, by=cart.shopper, trade=TRADE, now=HOLD_ENDS)
    comes_in(sandbox, cart.place(now=AFTER), now=AFTER)
    paid = [one.reference for one in Booking.objects.filter(state="confirmed").order_by("pk")]

    made = payment_views(payments_made_by(cart.user, trade=TRADE))
    new, before = (booking_seen_by(cart.user, one, trade=TRADE) for one in (paid[0], old.reference))

    assert [view.booking_references for view in made] == [tuple(paid), ()]
    assert [one.reference for one in booked_together(new, trade=TRADE)] == paid
    assert booked_together(before, trade=TRADE) == [before]


@pytest.mark.spec("PUJ-2", "PUJ-5")
@pytest.mark.parametrize("has_run_out", [True, False])
def test_a_cart_that_was_booked_and_never_paid_is_gone_when_it_is_deleted(
    practice: Practice, sandbox: Sandbox, has_run_out: bool
) -> None:
    cart = filled(*three_of(practice), way=Way.HOLD_THEN_PAY)
    cart.place()
    if has_run_out:
        expire_orders(now=HOLD_ENDS)
        item = cart.seen(now=HOLD_ENDS).items[0]
        remove_item(cart.cart_id, item.id, by=cart.shopper, trade=TRADE, now=HOLD_ENDS)

    delete_cart(cart.cart_id, by=cart.shopper, trade=TRADE, now=HOLD_ENDS)

    assert views_of(carts_of(cart.user, trade=TRADE), now=HOLD_ENDS) == []
    with pytest.raises(NotFound):
        delete_cart(cart.cart_id, by=cart.shopper, trade=TRADE, now=HOLD_ENDS)

"""Carts that meet: for one time, with their own payment, with themselves at another window."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from django.db import OperationalError, connection

from holdfast.availability.models import Allocation
from holdfast.booking.models import Booking
from holdfast.flows.actors import Shopper
from holdfast.flows.carts import MOST_CARTS, MOST_ITEMS, Wanted, delete_cart, open_cart
from holdfast.flows.ending import expire_orders
from holdfast.flows.paying import Checkout
from holdfast.flows.settlement import settle
from holdfast.kernel.errors import Conflict, SlotTaken
from holdfast.orders import carts as rows
from holdfast.orders.models import CartItem, Order
from holdfast.platform.db import transaction
from holdfast.platform.models import Customer, User
from holdfast.surfaces.puja.terms import TERMS
from tests.support.carts import HOLD_ENDS, TRADE, Basket, filled, three_of, wanted
from tests.support.practice import NOW, Practice, new_user
from tests.support.racing import kinds, race
from tests.support.sandbox import Sandbox
from tests.support.shop import another, goes_back
from tests.support.ways import SOON, assert_all_is_well
from tests.support.without import without

LATE = HOLD_ENDS + timedelta(minutes=10)
WINDOWS = 6
# Statements that say what is locked next: a promo code, and then the time.
CODES_LOCK, CLAIM = "FOR NO KEY UPDATE", 'INSERT INTO "holdfast_availability_allocation"'


def rivals(practice: Practice) -> list[Basket]:
    """Carts of several customers, all for ten o'clock and each with something of its own besides."""
    return [
        filled(wanted(practice.offering), wanted(another(practice), f"{11 + number}:00"))
        for number in range(WINDOWS)
    ]


@pytest.mark.spec("PUJ-10", "BC-1")
def test_of_many_carts_for_one_time_one_is_placed_and_the_others_hold_nothing(
    practice: Practice, sandbox: Sandbox
) -> None:
    carts = rivals(practice)

    results = race([cart.place for cart in carts])

    assert kinds(results) == {"Checkout": 1, "SlotTaken": WINDOWS - 1}
    assert Allocation.objects.filter(state="held").count() == 2
    assert sorted(cart.order.state for cart in carts) == ["open"] * (WINDOWS - 1) + ["placed"]
    assert_all_is_well()


@pytest.mark.spec("BC-1")
def test_without_the_constraint_they_would_all_be_placed(practice: Practice, sandbox: Sandbox) -> None:
    carts = rivals(practice)

    with without(Allocation, "no_seat_twice"):
        results = race([cart.place for cart in carts])
        held = Allocation.objects.filter(state="held").count()

    assert kinds(results) == {"Checkout": WINDOWS}
    assert held == 2 * WINDOWS


@pytest.mark.spec("PUJ-5")
def test_a_cart_that_is_placed_at_many_windows_at_once_is_placed_once(
    practice: Practice, sandbox: Sandbox
) -> None:
    cart = filled(*three_of(practice))

    results = race([cart.place] * WINDOWS)

    assert kinds(results) == {"Checkout": WINDOWS}
    assert len(cart.lines) == 3
    assert len(cart.asks) == 1
    assert Allocation.objects.filter(state="held").count() == 3
    assert_all_is_well()


@pytest.mark.spec("PUJ-5")
def test_a_cart_that_is_changed_while_it_is_placed_is_paid_as_it_is(
    practice: Practice, sandbox: Sandbox
) -> None:
    cart = filled(*three_of(practice))
    another_thing = wanted(practice.offering, "15:00")
    stories: list[Callable[[], object]] = [cart.place, partial(cart.put, another_thing)]

    results = race(stories)

    things = CartItem.objects.filter(order=cart.cart_id).count()
    assert kinds(results) in ({"Cart": 1, "Checkout": 1}, {"Checkout": 1, "Conflict": 1})
    assert len(cart.lines) == things
    assert cart.asks == [cart.order.total]


@pytest.mark.spec("PUJ-5", "BC-9")
@pytest.mark.parametrize("attempt", range(3))
def test_late_money_and_a_change_of_its_cart_do_not_both_have_their_way(
    attempt: int, practice: Practice, sandbox: Sandbox
) -> None:
    cart = filled(*three_of(practice))
    checkout = cart.place()
    expire_orders(now=HOLD_ENDS)
    sandbox.settle(checkout.reference)
    payment = cart.payments[0]
    stories: list[Callable[[], object]] = [
        partial(settle, payment.pk, now=LATE),
        partial(cart.put, wanted(practice.offering, "15:00"), now=LATE),
    ]

    results = race(stories)

    payment = cart.payments[0]
    was_changed = not isinstance(results[1], Conflict)
    assert cart.order.state == ("open" if was_changed else "completed")
    assert payment.wins is not was_changed
    assert Booking.objects.count() == (0 if was_changed else 3)
    goes_back(sandbox, now=LATE)
    assert_all_is_well(now=LATE)


@pytest.mark.spec("PUJ-5", "BC-9")
@pytest.mark.parametrize("attempt", range(3))
def test_money_and_the_deletion_of_its_cart_do_not_both_have_their_way(
    attempt: int, practice: Practice, sandbox: Sandbox
) -> None:
    cart = filled(*three_of(practice))
    sandbox.settle(cart.place().reference)
    payment = cart.payments[0]
    stories: list[Callable[[], object]] = [
        partial(settle, payment.pk, now=SOON),
        partial(delete_cart, cart.cart_id, by=cart.shopper, trade=TRADE, now=SOON),
    ]

    race(stories)

    assert cart.order.state == "completed"  # the gateway was asked first, and knew of the money
    assert Booking.objects.filter(state="confirmed").count() == 3
    assert_all_is_well()


def openings(user: User, thing: Wanted, opening: Callable[..., object]) -> list[Callable[[], object]]:
    story = partial(opening, thing, by=Shopper(user, None), trade=TRADE, terms=TERMS, now=NOW)
    return [story] * WINDOWS


@pytest.mark.spec("PUJ-2")
def test_whoever_opens_carts_at_many_windows_has_as_many_as_one_may(
    practice: Practice, sandbox: Sandbox
) -> None:
    user, thing = new_user(), wanted(practice.offering)
    for _ in range(MOST_CARTS - 1):
        filled(thing, user=user)

    results = race(openings(user, thing, open_cart))

    assert kinds(results) == {"Cart": 1, "Conflict": WINDOWS - 1}
    assert Order.objects.filter(customer__user=user, state="open").count() == MOST_CARTS


@pytest.mark.spec("PUJ-2")
def test_without_the_customers_lock_all_of_them_would_count_too_few(
    practice: Practice, sandbox: Sandbox
) -> None:
    user, thing = new_user(), wanted(practice.offering)
    for _ in range(MOST_CARTS - 1):
        filled(thing, user=user)
    have_counted = Barrier(WINDOWS)

    def careless(thing: Wanted, *, by: Shopper, **how: object) -> Order:
        with transaction():
            customer = Customer.objects.get(user=by.user)
            assert Order.objects.filter(customer=customer, state="open").count() < MOST_CARTS
            have_counted.wait(60)
            business = thing.offering.business
            return rows.open_cart(
                business=business, customer=customer, trade=TRADE, terms=TERMS, address=None, by="", now=NOW
            )

    results = race(openings(user, thing, careless))

    assert kinds(results) == {"Order": WINDOWS}
    assert Order.objects.filter(customer__user=user, state="open").count() > MOST_CARTS


@pytest.mark.spec("PUJ-2")
def test_a_full_cart_takes_no_more(practice: Practice, sandbox: Sandbox) -> None:
    thing = wanted(practice.offering)
    cart = filled(*[thing] * (MOST_ITEMS - 1))

    results = race([partial(cart.put, thing)] * WINDOWS)

    assert kinds(results) == {"Cart": 1, "Conflict": WINDOWS - 1}
    assert CartItem.objects.filter(order=cart.cart_id).count() == MOST_ITEMS


@pytest.mark.spec("PUJ-5", "BC-1")
def test_a_cart_whose_hold_has_just_ended_and_a_rival_with_the_same_code_do_not_wait_for_each_other(
    practice: Practice, sandbox: Sandbox
) -> None:
    practice.business.promo_codes.create(code="TENTH", percent=10)
    mine, rival = (filled(wanted(practice.offering)) for _ in range(2))
    for cart in (mine, rival):
        cart.cheaper_by("TENTH")
    mine.place()
    meet, broken_off = Barrier(2), list[OperationalError]()
    meeting = partial(_meeting, meet, broken_off)

    mine_is, rivals_is = race(
        [
            partial(meeting, partial(mine.place, now=HOLD_ENDS), before=CODES_LOCK),
            partial(meeting, partial(rival.place, now=HOLD_ENDS), before=CLAIM),
        ]
    )

    assert broken_off == []
    assert isinstance(mine_is, SlotTaken)
    assert isinstance(rivals_is, Checkout)
    assert_all_is_well(now=HOLD_ENDS)


def _meeting(
    meet: Barrier, broken_off: list[OperationalError], story: Callable[[], object], *, before: str
) -> object:
    """Wait for the other one before the first statement that says this; and note what deadlocks."""
    waits = True

    def wait_once(execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        nonlocal waits
        if waits and before in str(sql):
            waits = False
            meet.wait(60)
        try:
            return execute(sql, params, many, context)
        except OperationalError as error:
            broken_off.append(error)
            raise

    with connection.execute_wrapper(wait_once):
        return story()

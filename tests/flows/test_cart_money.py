"""Money that comes for a cart: late, twice, after it was changed, placed anew, deleted or left."""

from __future__ import annotations

from datetime import timedelta

import pytest

from holdfast.availability.models import Allocation
from holdfast.booking.models import Booking
from holdfast.catalog.terms import Way
from holdfast.flows.cancellation import cancel_booking
from holdfast.flows.carts import delete_cart, remove_item, remove_promo
from holdfast.flows.ending import abandon_carts, expire_orders
from holdfast.flows.returning import release_hold, standing
from holdfast.kernel.errors import Conflict, NotFound
from holdfast.orders.models import Order, Redemption
from holdfast.payments.models import Payment
from tests.flows.books import everything
from tests.support.carts import HOLD_ENDS, PRICES, TOTAL, TRADE, Basket, comes_in, filled, three_of, wanted
from tests.support.practice import NOW, Practice
from tests.support.sandbox import Sandbox
from tests.support.shop import goes_back
from tests.support.ways import SOON, assert_all_is_well, at_the_gateway

AFTER = HOLD_ENDS + timedelta(minutes=1)
LATE = HOLD_ENDS + timedelta(minutes=10)
# What each costs when a tenth is taken off all: the shares of the discount are to the last unit.
DISCOUNTED = (89_910, 179_910, 45_001)


@pytest.fixture
def promo(practice: Practice) -> str:
    practice.business.promo_codes.create(code="TENTH", percent=10, total_limit=1)
    return "TENTH"


@pytest.fixture
def cart(practice: Practice, sandbox: Sandbox) -> Basket:
    """Three services in a cart."""
    return filled(*three_of(practice))


def assert_it_goes_back(sandbox: Sandbox, payment: Payment) -> None:
    goes_back(sandbox, now=LATE)
    after = Payment.objects.get(pk=payment.pk)
    assert (after.wins, after.captured, after.refunded) == (False, payment.amount, payment.amount)
    assert at_the_gateway(sandbox, payment.reference)[1] == payment.amount


@pytest.mark.spec("PUJ-5", "BC-9")
def test_late_money_for_a_reopened_cart_whose_times_are_free_books_it(cart: Basket, sandbox: Sandbox) -> None:
    checkout = cart.place()
    expire_orders(now=HOLD_ENDS)
    reopened = cart.order.state

    payment = comes_in(sandbox, checkout, now=LATE)

    assert (reopened, cart.order.state, payment.wins) == ("open", "completed", True)
    assert Booking.objects.filter(state="confirmed").count() == 3
    assert_all_is_well(now=LATE)


@pytest.mark.spec("PUJ-5", "BC-9")
def test_late_money_for_a_reopened_cart_goes_back_when_one_of_its_times_is_gone(
    cart: Basket, practice: Practice, sandbox: Sandbox
) -> None:
    checkout = cart.place()
    expire_orders(now=HOLD_ENDS)
    filled(wanted(practice.offering, "11:00")).place(now=AFTER)

    payment = comes_in(sandbox, checkout, now=LATE)

    assert (payment.reason, cart.order.state) == ("slot_lost", "open")
    assert not Booking.objects.exists()
    assert_it_goes_back(sandbox, payment)
    assert_all_is_well(now=LATE)


@pytest.mark.spec("PUJ-5", "GEN-10")
def test_late_money_for_a_reopened_cart_goes_back_when_its_promo_code_is_used_up(
    cart: Basket, practice: Practice, sandbox: Sandbox, promo: str
) -> None:
    cart.cheaper_by(promo)
    checkout = cart.place()
    expire_orders(now=HOLD_ENDS)
    rival = filled(wanted(practice.offering, "15:00"), now=AFTER)
    rival.cheaper_by(promo, now=AFTER)
    rival.place(now=AFTER)

    payment = comes_in(sandbox, checkout, now=LATE)

    assert (payment.reason, cart.order.state) == ("slot_lost", "open")
    assert Redemption.objects.get(given_back_at=None).order_id == rival.cart_id
    assert_it_goes_back(sandbox, payment)


@pytest.mark.spec("PUJ-5")
def test_money_for_a_cart_that_was_changed_since_goes_back(
    cart: Basket, practice: Practice, sandbox: Sandbox
) -> None:
    checkout = cart.place()
    expire_orders(now=HOLD_ENDS)
    cart.put(wanted(practice.offering, "15:00"), now=AFTER)
    stands = standing(checkout.reference, now=AFTER).status

    payment = comes_in(sandbox, checkout, now=LATE)

    assert (stands, payment.reason) == ("FAILED", "too late")
    assert (cart.order.state, cart.lines, cart.asks) == ("open", [], [])
    assert not Allocation.objects.filter(state__in=("held", "taken")).exists()
    assert_it_goes_back(sandbox, payment)
    assert_all_is_well(now=LATE)


@pytest.mark.spec("PUJ-5", "BC-9")
def test_money_of_an_earlier_placing_goes_back_and_the_later_one_stands(
    cart: Basket, sandbox: Sandbox
) -> None:
    first = cart.place()
    expire_orders(now=HOLD_ENDS)
    second = cart.place(now=AFTER)

    early = comes_in(sandbox, first, now=LATE)
    waits = standing(second.reference, now=LATE).status
    late = comes_in(sandbox, second, now=LATE)

    assert (early.wins, early.reason, late.wins) == (False, "too late", True)
    assert waits == "PENDING"
    assert Booking.objects.filter(state="confirmed").count() == 3
    assert standing(first.reference, now=LATE).booking_reference is None
    assert_it_goes_back(sandbox, early)
    assert_all_is_well(now=LATE)


@pytest.mark.spec("PUJ-5", "BC-9")
def test_late_money_uses_no_promo_code_that_the_cart_was_placed_without(
    cart: Basket, sandbox: Sandbox, promo: str
) -> None:
    cart.cheaper_by(promo)
    cart.place()
    expire_orders(now=HOLD_ENDS)
    remove_promo(cart.cart_id, by=cart.shopper, trade=TRADE, now=AFTER)
    again = cart.place(now=AFTER)
    expire_orders(now=AFTER + timedelta(hours=1))

    payment = comes_in(sandbox, again, now=AFTER + timedelta(hours=2))

    assert (payment.wins, payment.captured) == (True, TOTAL)
    assert not Redemption.objects.filter(given_back_at=None).exists()


@pytest.mark.spec("PUJ-5", "BC-9")
def test_where_bookings_are_made_before_the_money_only_those_of_the_last_placing_come_back(
    practice: Practice, sandbox: Sandbox
) -> None:
    cart = filled(wanted(practice.offering), way=Way.HOLD_THEN_PAY)
    cart.place()
    expire_orders(now=HOLD_ENDS)
    again = cart.place(now=AFTER)
    expire_orders(now=AFTER + timedelta(hours=1))

    comes_in(sandbox, again, now=AFTER + timedelta(hours=2))

    assert list(Booking.objects.order_by("pk").values_list("state", flat=True)) == ["expired", "confirmed"]
    assert_all_is_well(now=AFTER + timedelta(hours=2))


@pytest.mark.spec("PUJ-5", "BC-12")
def test_of_two_paid_attempts_at_one_cart_one_books_and_the_other_goes_back(
    cart: Basket, sandbox: Sandbox
) -> None:
    first = cart.place()
    second = cart.place(now=SOON)  # the gateway's page of the first has ended
    assert first.reference != second.reference

    won, lost = comes_in(sandbox, second), comes_in(sandbox, first)

    assert (won.wins, lost.wins, lost.reason) == (True, False, "paid twice")
    assert Booking.objects.count() == 3
    assert_it_goes_back(sandbox, lost)
    assert_all_is_well(now=LATE)


@pytest.mark.spec("PUJ-5", "BC-9")
def test_money_that_comes_after_its_cart_was_deleted_goes_back(cart: Basket, sandbox: Sandbox) -> None:
    checkout = cart.place()
    delete_cart(cart.cart_id, by=cart.shopper, trade=TRADE, now=SOON)
    freed = not Allocation.objects.filter(state="held").exists()

    payment = comes_in(sandbox, checkout, now=LATE)

    assert (freed, payment.reason, cart.order.state) == (True, "canceled", "canceled")
    with pytest.raises(NotFound):
        cart.seen()
    assert not Booking.objects.exists()
    assert_it_goes_back(sandbox, payment)
    assert_all_is_well(now=LATE)


@pytest.mark.spec("PUJ-2", "PUJ-5")
def test_a_cart_that_turns_out_to_be_paid_is_not_deleted(cart: Basket, sandbox: Sandbox) -> None:
    checkout = cart.place()
    sandbox.settle(checkout.reference)

    with pytest.raises(Conflict) as refused:
        delete_cart(cart.cart_id, by=cart.shopper, trade=TRADE, now=SOON)

    assert refused.value.message == "This has been paid for meanwhile."
    assert (cart.order.state, Booking.objects.count()) == ("completed", 3)


@pytest.mark.spec("PUJ-2")
def test_an_open_cart_is_deleted_and_not_there_any_more(cart: Basket) -> None:
    delete_cart(cart.cart_id, by=cart.shopper, trade=TRADE, now=SOON)
    before = everything()

    for story in (
        cart.seen,
        cart.place,
        lambda: remove_promo(cart.cart_id, by=cart.shopper, trade=TRADE, now=SOON),
    ):
        with pytest.raises(NotFound):
            story()

    assert everything() == before


@pytest.mark.spec("PUJ-5", "GEN-6")
def test_a_hold_that_is_let_go_leaves_the_cart_open_and_its_money_goes_back(
    cart: Basket, sandbox: Sandbox
) -> None:
    checkout = cart.place()

    release_hold(checkout.reference, by=cart.shopper, now=SOON)
    let_go = (cart.order.state, cart.asks, Allocation.objects.filter(state="held").count())
    payment = comes_in(sandbox, checkout, now=LATE)

    assert let_go == ("open", [], 0)
    assert (payment.wins, payment.reason) == (False, "too late")
    assert cart.seen(now=LATE).total.amount == TOTAL


@pytest.mark.spec("PUJ-5")
def test_letting_an_earlier_attempt_go_leaves_what_is_held_now(cart: Basket, sandbox: Sandbox) -> None:
    first = cart.place()
    expire_orders(now=HOLD_ENDS)
    cart.place(now=AFTER)

    release_hold(first.reference, by=cart.shopper, now=AFTER)

    assert cart.order.state == "placed"
    assert Allocation.objects.filter(state="held").count() == 3


@pytest.mark.spec("PUJ-5")
def test_a_cart_that_nobody_touches_for_thirty_days_is_abandoned(cart: Basket) -> None:
    in_thirty_days = NOW + timedelta(days=30)

    early = abandon_carts(now=in_thirty_days - timedelta(seconds=1))
    in_time = abandon_carts(now=in_thirty_days)

    assert (early, in_time, cart.seen(now=in_thirty_days).state) == (0, 1, "expired")
    with pytest.raises(Conflict):
        cart.place(now=in_thirty_days)
    assert abandon_carts(now=in_thirty_days) == 0


@pytest.mark.spec("PUJ-5")
def test_whoever_changes_a_cart_keeps_it(cart: Basket) -> None:
    item = cart.seen().items[0]
    later = NOW + timedelta(days=5)

    remove_item(cart.cart_id, item.id, by=cart.shopper, trade=TRADE, now=later)
    abandoned = abandon_carts(now=NOW + timedelta(days=34))

    assert (abandoned, cart.order.state) == (0, "open")


@pytest.mark.spec("PUJ-8", "GEN-11")
def test_one_line_of_three_is_refunded_at_its_share_of_the_discount(
    cart: Basket, sandbox: Sandbox, promo: str
) -> None:
    cart.cheaper_by(promo)
    comes_in(sandbox, cart.place())
    bookings = list(Booking.objects.order_by("pk"))

    owed = [
        cancel_booking(one.reference, by=cart.user, trade=TRADE, now=SOON).refund.amount for one in bookings
    ]

    seen = cart.seen()
    with pytest.raises(Conflict):
        delete_cart(cart.cart_id, by=cart.shopper, trade=TRADE, now=SOON)
    assert (seen.state, seen.total.amount) == ("completed", TOTAL - 34_980)
    assert owed == list(DISCOUNTED)
    assert sum(owed) == TOTAL - 34_980
    assert PRICES[0] - owed[0] == 9_990
    assert Order.objects.get().state == "canceled"

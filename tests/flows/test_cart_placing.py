"""From a cart to its payment: all or nothing is held, at the prices of that moment, for a while."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest

from holdfast.availability.models import Allocation
from holdfast.booking.models import Booking
from holdfast.catalog.models import Offering, Package
from holdfast.flows.carts import Wanted, carts_of, remove_item, views_of
from holdfast.flows.ending import expire_orders
from holdfast.kernel.errors import AlreadyHeld, Conflict, Invalid, NotFound, SlotTaken, Unavailable
from holdfast.orders.models import CartItem, Order, Redemption
from holdfast.payments.models import GatewayAccount
from tests.flows.books import everything
from tests.support.carts import HOLD_ENDS, PRICES, TOTAL, TRADE, Basket, comes_in, filled, three_of, wanted
from tests.support.practice import NOW, Practice, new_practice, new_user
from tests.support.sandbox import Sandbox
from tests.support.shop import another, catch_up
from tests.support.statements import count_statements
from tests.support.ways import SOON, assert_all_is_well

AFTER = HOLD_ENDS + timedelta(minutes=1)


@pytest.fixture
def promo(practice: Practice) -> str:
    practice.business.promo_codes.create(code="TENTH", percent=10)
    return "TENTH"


@pytest.fixture
def cart(practice: Practice, sandbox: Sandbox) -> Basket:
    """Three services in a cart."""
    return filled(*three_of(practice))


@pytest.mark.spec("PUJ-2", "PUJ-10")
def test_a_cart_holds_nothing_before_it_is_placed(cart: Basket) -> None:
    seen = cart.seen()

    assert (seen.state, seen.total.amount, [item.price.amount for item in seen.items]) == (
        "open",
        TOTAL,
        list(PRICES),
    )
    assert seen.note == ""
    assert not Allocation.objects.exists()
    assert (cart.lines, cart.asks, cart.payments) == ([], [], [])


@pytest.mark.spec("PUJ-4", "PUJ-10")
def test_placing_holds_all_of_it_and_payment_books_all_of_it(cart: Basket, sandbox: Sandbox) -> None:
    checkout = cart.place()
    held = list(Allocation.objects.values_list("state", flat=True))

    comes_in(sandbox, checkout)

    assert (checkout.order_id, checkout.amount.amount, bool(checkout.payment_url)) == (
        cart.cart_id,
        TOTAL,
        True,
    )
    assert held == ["held"] * 3
    bookings = Booking.objects.filter(line__order=cart.cart_id)
    assert [one.reference.partition("-")[0] for one in bookings] == ["BK"] * 3
    assert {(one.trade, one.state) for one in bookings} == {(TRADE, "confirmed")}
    assert cart.seen().state == "completed"
    assert_all_is_well()


@pytest.mark.spec("PUJ-1", "PUJ-2")
def test_a_package_has_its_own_price_and_length_and_its_line_keeps_it(
    practice: Practice, sandbox: Sandbox
) -> None:
    package = Package.objects.create(
        offering=practice.offering, name="At home", price=299_900, duration=timedelta(hours=2)
    )
    cart = filled(wanted(practice.offering, package=package))

    cart.place()

    line = cart.lines[0]
    assert (line.package, line.price, line.ends_at - line.starts_at) == (package, 299_900, timedelta(hours=2))
    assert line.title == f"{practice.offering.title} (At home)"


@pytest.mark.spec("PUJ-10")
def test_if_one_of_its_times_is_taken_nothing_of_a_cart_is_held(cart: Basket, practice: Practice) -> None:
    filled(wanted(practice.offering, "11:00")).place()
    before = everything()

    with pytest.raises(SlotTaken) as refused:
        cart.place()

    clocks = {
        f"{slot.period.start.astimezone(practice.business.zone):%H:%M}" for slot in refused.value.nearest
    }
    assert "10:30" in clocks  # beside what was taken, which is the second of them
    assert "11:00" not in clocks
    assert everything() == before
    assert cart.seen().state == "open"


@pytest.mark.spec("PUJ-10")
def test_two_things_of_one_cart_that_need_the_same_person_at_once_are_refused(
    practice: Practice, sandbox: Sandbox
) -> None:
    cart = filled(wanted(practice.offering), wanted(another(practice), "10:00"))
    before = everything()

    with pytest.raises(Invalid) as refused:
        cart.place()

    assert "at the same time" in refused.value.fields["time"][0]
    assert everything() == before


@pytest.mark.spec("PUJ-10")
def test_another_businesss_services_are_refused(cart: Basket, sandbox: Sandbox) -> None:
    elsewhere = new_practice(sandbox, slug="elsewhere")
    before = list(CartItem.objects.values())

    with pytest.raises(Invalid) as refused:
        cart.put(wanted(elsewhere.offering))

    assert list(refused.value.fields) == ["offering"]
    assert list(CartItem.objects.values()) == before


@pytest.mark.spec("PUJ-10")
def test_a_consultation_in_a_cart_is_booked_in_the_carts_own_trade(
    practice: Practice, sandbox: Sandbox
) -> None:
    puja = another(practice, title="Puja")
    Offering.objects.filter(pk=puja.pk).update(trade=TRADE)
    cart = filled(wanted(puja), wanted(practice.offering, "11:00"))

    comes_in(sandbox, cart.place())

    assert {one.trade for one in Booking.objects.all()} == {TRADE}
    assert cart.order.trade == TRADE


@pytest.mark.spec("PUJ-2")
def test_anothers_cart_is_not_there(cart: Basket) -> None:
    stranger = Basket(cart.cart_id, new_user())
    before = everything()

    for story in (stranger.seen, stranger.place, lambda: stranger.cheaper_by("TENTH")):
        with pytest.raises(NotFound):
            story()

    assert everything() == before


@pytest.mark.spec("PUJ-4")
def test_an_amount_that_is_not_the_total_is_refused_and_nothing_is_held(cart: Basket) -> None:
    before = everything()

    for wrong in (Decimal("500.00"), Decimal("3498.02"), Decimal("NaN"), Decimal("sNaN")):
        with pytest.raises(Invalid) as refused:
            cart.place(amount=wrong)
        assert refused.value.fields == {"amount": ["Payment amount must be exactly 3498.01"]}

    assert everything() == before
    assert cart.place(amount=Decimal("3498.010")).amount.amount == TOTAL
    with pytest.raises(Invalid):
        cart.place(amount=Decimal(1))


@pytest.mark.spec("PUJ-3", "GEN-10")
def test_a_promo_code_is_used_when_the_cart_is_placed(cart: Basket, sandbox: Sandbox, promo: str) -> None:
    seen = cart.cheaper_by(promo.lower())
    assert not Redemption.objects.exists()

    checkout = cart.place()

    shown = (seen.promo_code, seen.subtotal.amount, seen.discount.amount, seen.total.amount)
    assert shown == (promo, TOTAL, 34_980, TOTAL - 34_980)
    assert checkout.amount.amount == TOTAL - 34_980
    assert cart.seen().discount.amount == 34_980
    assert Redemption.objects.get().given_back_at is None


@pytest.mark.spec("PUJ-3", "GEN-10")
def test_a_promo_code_that_has_ended_since_is_said_and_stands_in_the_way(
    cart: Basket, practice: Practice, promo: str
) -> None:
    cart.cheaper_by(promo)
    practice.business.promo_codes.update(valid_until=NOW)

    with pytest.raises(Invalid):
        cart.place()

    assert (cart.seen().total.amount, cart.seen().note) == (TOTAL, "This code has expired.")
    assert not Allocation.objects.exists()


@pytest.mark.spec("PUJ-5")
def test_a_failed_payment_keeps_the_time_and_another_attempt_books_it(cart: Basket, sandbox: Sandbox) -> None:
    first = cart.place()
    comes_in(sandbox, first, outcome="fail")

    second = cart.place(now=SOON)
    comes_in(sandbox, second, now=SOON)

    assert second.reference != first.reference
    assert [payment.state for payment in cart.payments] == ["failed", "captured"]
    assert len({payment.due_id for payment in cart.payments}) == 1
    assert cart.order.state == "completed"
    assert_all_is_well()


@pytest.mark.spec("PUJ-5", "BC-23")
def test_a_gateway_that_cannot_be_asked_leaves_the_time_held_for_another_attempt(
    cart: Basket, practice: Practice, sandbox: Sandbox
) -> None:
    GatewayAccount.objects.update(base_urls={"pg": "http://127.0.0.1:1", "oauth": "http://127.0.0.1:1"})
    with pytest.raises(Unavailable):
        cart.place()
    first = (cart.order.state, [payment.state for payment in cart.payments])
    GatewayAccount.objects.update(base_urls=practice.account.base_urls)

    comes_in(sandbox, cart.place(now=SOON), now=SOON)

    assert first == ("placed", ["failed"])
    assert [payment.state for payment in cart.payments] == ["failed", "captured"]
    assert_all_is_well()


@pytest.mark.spec("PUJ-5")
def test_placing_a_placed_cart_again_answers_its_open_payment(cart: Basket, sandbox: Sandbox) -> None:
    catch_up(sandbox, now=NOW)
    first = cart.place()

    again = cart.place(now=SOON)

    assert (again.reference, again.payment_url) == (first.reference, first.payment_url)
    assert len(cart.payments) == 1


@pytest.mark.spec("PUJ-5")
def test_the_price_stands_while_the_time_is_held_and_then_it_is_todays_and_the_cart_says_so(
    cart: Basket, practice: Practice, sandbox: Sandbox
) -> None:
    first = cart.place()
    comes_in(sandbox, first, outcome="fail")
    practice.business.offerings.filter(price=PRICES[0]).update(price=PRICES[0] + 10_000)

    while_held, again = cart.seen(now=SOON), cart.place(now=SOON)
    expire_orders(now=HOLD_ENDS)
    later = cart.seen(now=AFTER)
    anew = cart.place(now=AFTER)

    assert (while_held.total.amount, while_held.note, again.amount.amount) == (TOTAL, "", TOTAL)
    assert (later.state, later.total.amount) == ("open", TOTAL + 10_000)
    assert later.note == (
        "Prices have changed since you went to pay: it was INR 3498.01 then, and is INR 3598.01 now."
    )
    assert anew.amount.amount == TOTAL + 10_000
    assert cart.asks == [TOTAL + 10_000]
    assert_all_is_well(now=AFTER)


@pytest.mark.spec("PUJ-5")
def test_a_cart_whose_hold_has_just_ended_is_placed_anew_before_any_sweep(
    cart: Basket, sandbox: Sandbox
) -> None:
    first = cart.place()

    second = cart.place(now=AFTER)

    assert second.reference != first.reference
    assert [payment.due.withdrawn_at is None for payment in cart.payments] == [False, True]
    assert sorted(Allocation.objects.values_list("state", flat=True)) == ["held"] * 3 + ["released"] * 3


@pytest.mark.spec("PUJ-5")
def test_a_cart_that_is_being_paid_cannot_be_changed(cart: Basket, practice: Practice, promo: str) -> None:
    cart.place()
    before = everything()
    item = CartItem.objects.filter(order=cart.cart_id).values_list("pk", flat=True)[0]

    stories: tuple[Callable[[], object], ...] = (
        lambda: cart.put(wanted(practice.offering, "15:00")),
        lambda: cart.cheaper_by(promo),
        lambda: remove_item(cart.cart_id, item, by=cart.shopper, trade=TRADE, now=SOON),
    )
    for story in stories:
        with pytest.raises(Conflict):
            story()

    assert everything() == before
    assert CartItem.objects.filter(order=cart.cart_id).count() == 3


@pytest.mark.spec("PUJ-5")
def test_a_paid_cart_is_not_paid_again(cart: Basket, sandbox: Sandbox) -> None:
    comes_in(sandbox, cart.place())
    before = everything()

    with pytest.raises(Conflict) as refused:
        cart.place(now=SOON)

    assert refused.value.message == "This cart has been paid for."
    assert everything() == before


@pytest.mark.spec("PUJ-4", "GEN-6")
def test_ones_own_held_time_is_named_to_a_second_cart(practice: Practice, sandbox: Sandbox) -> None:
    first = filled(wanted(practice.offering))
    checkout = first.place()

    with pytest.raises(AlreadyHeld) as refused:
        filled(wanted(practice.offering), user=first.user).place()

    assert refused.value.reference == checkout.reference


@pytest.mark.spec("PUJ-3", "PUJ-4")
def test_a_cart_that_costs_nothing_is_booked_at_once(cart: Basket, practice: Practice) -> None:
    practice.business.promo_codes.create(code="GIFT", percent=100)
    cart.cheaper_by("GIFT")

    checkout = cart.place()

    assert (checkout.payment_id, checkout.amount.amount) == (None, 0)
    assert cart.order.state == "completed"
    assert Booking.objects.filter(line__order=cart.cart_id, state="confirmed").count() == 3
    assert_all_is_well()


@pytest.mark.spec("PUJ-2")
def test_what_is_not_sold_any_more_is_said_and_refused(cart: Basket, practice: Practice) -> None:
    practice.business.offerings.filter(price=PRICES[0]).update(active=False)

    with pytest.raises(Invalid) as refused:
        cart.place()

    assert "is not offered any more" in refused.value.fields["offering"][0]
    assert cart.seen().note == refused.value.fields["offering"][0]
    assert Order.objects.get().state == "open"


def test_an_emptied_cart_costs_nothing_and_cannot_be_placed(practice: Practice, sandbox: Sandbox) -> None:
    cart = filled(wanted(practice.offering))
    item = cart.seen().items[0]

    left = remove_item(cart.cart_id, item.id, by=cart.shopper, trade=TRADE, now=NOW)
    with pytest.raises(Invalid):
        cart.place()

    assert (left.items, left.total.amount) == ((), 0)


def test_a_time_at_which_nothing_is_open_is_not_put_into_a_cart(cart: Basket, practice: Practice) -> None:
    night: Wanted = wanted(practice.offering, "03:00")

    with pytest.raises(Invalid) as refused:
        cart.put(night)

    assert list(refused.value.fields) == ["time"]
    assert len(cart.seen().items) == 3


@pytest.mark.spec("PUJ-2", "PUJ-3")
def test_three_carts_are_read_in_as_many_statements_as_one(
    practice: Practice, sandbox: Sandbox, promo: str
) -> None:
    user = new_user()
    carts = [filled(*three_of(practice), user=user) for _ in range(3)]
    for cart in carts:
        cart.cheaper_by(promo)
    every = list(carts_of(user, trade=TRADE))

    with count_statements() as of_one:
        views_of(every[:1], now=NOW)
    with count_statements() as of_all:
        seen = views_of(every, now=NOW)

    assert [cart.discount.amount for cart in seen] == [34_980] * 3
    assert len(of_all) == len(of_one), str(of_all)

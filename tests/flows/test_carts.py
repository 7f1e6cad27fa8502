"""Orders of several lines: all of it is held or none, one payment books all, and each line ends alone."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest

from holdfast.availability.models import Allocation
from holdfast.booking.models import Booking
from holdfast.catalog.models import Offering
from holdfast.catalog.terms import Terms
from holdfast.flows.actors import Shopper
from holdfast.flows.checkout import Choice, check_out
from holdfast.flows.ending import expire_orders
from holdfast.kernel.errors import AlreadyHeld, Invalid, SlotTaken
from holdfast.orders.models import Line, Order
from tests.flows.books import everything
from tests.support.practice import NOW, Practice, new_member, new_practice, new_user
from tests.support.racing import kinds, race
from tests.support.sandbox import Sandbox
from tests.support.shop import (
    CART,
    LATE,
    Story,
    at,
    bought,
    canceled,
    comes_in,
    goes_back,
    ordered,
    three_of,
    wanted,
)
from tests.support.ways import AT_ONCE, SOON, assert_all_is_well, at_the_gateway, emails
from tests.support.worker import work

PRICES = (99_900, 199_900, 50_001)
TOTAL = sum(PRICES)
# What each costs when a tenth is taken off all: the shares of the discount are to the last unit.
DISCOUNTED = (89_910, 179_910, 45_001)


@pytest.fixture
def promo(practice: Practice) -> str:
    practice.business.promo_codes.create(code="TENTH", percent=10)
    return "TENTH"


@pytest.fixture
def story(practice: Practice, sandbox: Sandbox, promo: str) -> Story:
    """Three services, paid together with a promo code over all of them."""
    return bought(sandbox, *three_of(practice), promo_code=promo)


def nothing_is_left_of_it() -> bool:
    return not (Order.objects.exists() or Line.objects.exists() or Allocation.objects.exists())


def test_all_lines_are_held_under_one_payment(practice: Practice) -> None:
    story = ordered(*three_of(practice))

    assert (story.order.total, story.payment.amount) == (TOTAL, TOTAL)
    assert story.states == ["placed", *["pending_payment"] * 3]
    assert [[state for _, state in story.keeps(which=one)] for one in range(3)] == [["held"]] * 3
    assert_all_is_well()


@pytest.mark.parametrize("terms", [CART, AT_ONCE], ids=["hold, then pay", "payment first"])
def test_one_payment_books_all_of_them(practice: Practice, sandbox: Sandbox, terms: Terms) -> None:
    story = bought(sandbox, *three_of(practice), terms=terms)

    assert story.states == ["completed", *["confirmed"] * 3]
    assert Allocation.objects.filter(state="taken").count() == 3
    assert emails() == ["confirmed"] * 3
    assert_all_is_well()


@pytest.mark.spec("BC-16")
@pytest.mark.parametrize("which", range(3))
def test_with_one_of_them_taken_none_is_held(practice: Practice, which: int) -> None:
    three = three_of(practice)
    rival = ordered(three[which])
    before = everything()

    with pytest.raises(SlotTaken) as refused:
        ordered(*three)

    assert everything() == before
    assert refused.value.nearest
    assert rival.order.state == "placed"


def test_two_lines_that_are_in_each_others_way_are_not_held(practice: Practice) -> None:
    with pytest.raises(SlotTaken):
        ordered(at(practice.offering, "10:00"), at(practice.offering, "10:00"))

    assert nothing_is_left_of_it()


def test_a_time_that_is_not_open_refuses_all_of_them(practice: Practice) -> None:
    with pytest.raises(Invalid):
        ordered(at(practice.offering, "10:00"), at(practice.offering, "06:00"))

    assert nothing_is_left_of_it()


@pytest.mark.parametrize("other", ["business", "trade"])
def test_what_cannot_be_sold_together_is_refused(practice: Practice, sandbox: Sandbox, other: str) -> None:
    foreign = new_practice(sandbox, slug="elsewhere").offering
    if other == "trade":
        Offering.objects.filter(pk=foreign.pk).update(business=practice.business, trade="puja")

    with pytest.raises(Invalid) as refused:
        ordered(at(practice.offering, "10:00"), at(foreign, "11:00"))

    assert "service" in refused.value.fields or "offering" in refused.value.fields
    assert nothing_is_left_of_it()


def test_ones_own_held_time_in_another_cart_is_pointed_out(practice: Practice) -> None:
    first, second, third = three_of(practice)
    story = ordered(first, second)
    before = everything()

    with pytest.raises(AlreadyHeld) as refused:
        ordered(second, third, user=story.user)

    assert refused.value.reference == story.payment.reference
    assert everything() == before


@pytest.mark.spec("BC-9")
def test_late_money_books_all_of_them_if_all_are_free(practice: Practice, sandbox: Sandbox) -> None:
    story = ordered(*three_of(practice))
    expire_orders(now=LATE)

    comes_in(sandbox, story.payment.reference, now=LATE)

    assert story.states == ["completed", *["confirmed"] * 3]
    assert Allocation.objects.filter(state="taken").count() == 3
    assert_all_is_well(now=LATE)


@pytest.mark.spec("BC-9", "BC-16")
def test_late_money_goes_back_whole_if_one_of_them_is_gone(practice: Practice, sandbox: Sandbox) -> None:
    three = three_of(practice)
    story = ordered(*three)
    expire_orders(now=LATE)
    ordered(three[2], now=LATE)

    late = comes_in(sandbox, story.payment.reference, now=LATE)
    goes_back(sandbox)

    assert (late.wins, late.reason) == (False, "slot_lost")
    assert at_the_gateway(sandbox, late.reference)[1] == TOTAL
    assert story.states == ["open", *["expired"] * 3]
    assert [story.keeps(which=one) for one in range(3)] == [[], [], []]
    assert_all_is_well(now=LATE)


@pytest.mark.spec("GEN-11")
@pytest.mark.parametrize("which", range(3))
def test_one_of_three_that_is_canceled_gives_back_its_exact_share_and_the_others_stand(
    story: Story, sandbox: Sandbox, which: int
) -> None:
    owed = canceled(story, which=which)
    goes_back(sandbox)

    assert owed.refund.amount == DISCOUNTED[which]
    assert at_the_gateway(sandbox, story.payment.reference)[1] == DISCOUNTED[which]
    assert [state for state in story.states if state == "confirmed"] == ["confirmed"] * 2
    assert story.order.state == "completed"
    assert story.keeps(which=which) == []
    assert Allocation.objects.filter(state="taken").count() == 2
    assert story.payment.wins
    assert_all_is_well()


@pytest.mark.spec("GEN-11")
def test_the_shares_are_by_the_notice_of_each(story: Story, sandbox: Sandbox) -> None:
    days = timedelta(days=1)
    first = story.booking.starts_at
    sandbox.advance(20 * days.total_seconds())

    back = [
        canceled(story, which=which, now=when).refund.amount
        for which, when in ((0, first - 8 * days), (1, first - 2 * days), (2, first - days / 4))
    ]

    assert back == [DISCOUNTED[0], (DISCOUNTED[1] + 1) // 2, 0]
    assert story.states == ["canceled"] * 4
    assert story.payment.left == DISCOUNTED[1] // 2 + DISCOUNTED[2]


@pytest.mark.spec("GEN-11", "BC-12")
def test_refunds_queue_while_the_gateway_has_one_in_hand_and_are_sent_one_after_the_other(
    story: Story, sandbox: Sandbox
) -> None:
    before = sandbox.calls().get("refund", 0)
    for which in range(3):
        canceled(story, which=which)
    work()
    at_first, sent = story.refunds(), sandbox.calls()["refund"] - before
    goes_back(sandbox, rounds=9)

    assert at_first == list(zip(DISCOUNTED, ("pending", "owed", "owed"), strict=True))
    assert sent == 1
    assert story.refunds() == [(amount, "succeeded") for amount in DISCOUNTED]
    assert sandbox.calls()["refund"] == before + 3
    assert at_the_gateway(sandbox, story.payment.reference)[1] == sum(DISCOUNTED)
    assert_all_is_well()


@pytest.mark.spec("GEN-11")
def test_the_order_ends_when_the_last_of_them_ends(story: Story) -> None:
    states = []
    for which in (1, 0, 2):
        canceled(story, which=which)
        states.append(story.order.state)

    assert states == ["completed", "completed", "canceled"]
    assert not story.payment.wins
    assert story.payment.left == 0
    assert_all_is_well()


@pytest.mark.spec("BC-12")
def test_all_of_them_canceled_at_once_give_back_what_was_paid(story: Story, sandbox: Sandbox) -> None:
    results = race([partial(canceled, story, which=which) for which in (0, 1, 2) * 2])
    goes_back(sandbox, rounds=9)

    assert kinds(results) == {"MoveRefused": 3, "Owed": 3}
    assert at_the_gateway(sandbox, story.payment.reference)[1] == sum(DISCOUNTED)
    assert story.states == ["canceled"] * 4
    assert_all_is_well()


def test_a_refund_that_fails_is_made_anew_before_the_next_has_its_turn(
    story: Story, sandbox: Sandbox
) -> None:
    sandbox.arm("refund_fails")
    for which in (0, 1):
        canceled(story, which=which)
    goes_back(sandbox, rounds=4)
    meanwhile = story.refunds()
    goes_back(sandbox, now=LATE + timedelta(hours=2), rounds=9)

    first, second, _ = DISCOUNTED
    assert meanwhile == [(first, "failed"), (second, "owed"), (first, "pending")]
    assert story.refunds() == [(first, "failed"), (second, "succeeded"), (first, "succeeded")]
    assert at_the_gateway(sandbox, story.payment.reference)[1] == first + second
    assert_all_is_well(now=LATE + timedelta(hours=2))


def test_a_cart_that_is_not_paid_yet_is_canceled_whole(practice: Practice) -> None:
    story = ordered(*three_of(practice))

    owed = canceled(story, which=1)

    assert owed.refund.amount == 0
    assert story.states == ["canceled"] * 4
    assert not Allocation.objects.filter(state="held").exists()
    assert_all_is_well()


def test_a_line_that_cost_nothing_stands_when_the_others_are_given_back(
    practice: Practice, sandbox: Sandbox
) -> None:
    first, second, _ = three_of(practice)
    Offering.objects.filter(pk=first.offering.pk).update(price=0)
    story = bought(sandbox, at(first.offering, "10:00"), second)

    canceled(story, which=1)
    goes_back(sandbox)

    assert story.states == ["completed", "confirmed", "canceled"]
    assert story.payment.left == 0
    assert_all_is_well()


def test_the_business_cancels_one_and_all_of_its_price_goes_back(story: Story, practice: Practice) -> None:
    just_before = story.booking.starts_at - timedelta(minutes=5)

    owed = canceled(story, by=new_member(practice, "owner"), now=just_before)

    assert (owed.refund.amount, owed.percent) == (DISCOUNTED[0], 100)
    assert story.states == ["completed", "canceled", "confirmed", "confirmed"]


@pytest.mark.spec("BC-1", "BC-16")
def test_of_those_who_want_overlapping_carts_at_once_nobody_has_half_of_one(practice: Practice) -> None:
    first, second, third = three_of(practice)
    carts = [(first, second), (second, third), (third, first), (second, first), (third, second)]

    def buy(cart: tuple[Choice, ...]) -> object:
        return check_out(wanted(*cart), by=Shopper(new_user(), None), now=NOW)

    results = race([partial(buy, cart) for cart in carts])

    assert kinds(results) == {"Checkout": 1, "SlotTaken": 4}
    assert Allocation.objects.filter(state="held").count() == 2
    assert Booking.objects.count() == 2
    assert_all_is_well(now=SOON)

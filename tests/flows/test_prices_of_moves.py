"""What a move costs or gives back: the same price, a dearer one, a cheaper one; taxes and promo codes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from holdfast.catalog.models import Business, Offering
from holdfast.flows.approval import approve_booking
from holdfast.flows.asking import StillUnknown
from holdfast.kernel.errors import Conflict, Invalid
from holdfast.kernel.period import Period
from holdfast.orders.dues import Kind
from holdfast.orders.models import Due
from tests.flows.books import everything
from tests.support.practice import NOW, Practice, new_member, new_practice
from tests.support.sandbox import Sandbox
from tests.support.shop import (
    CART,
    Story,
    another,
    at,
    bought,
    canceled,
    comes_in,
    goes_back,
    moved,
    ordered,
    paid,
    paying,
)
from tests.support.toy import authorize
from tests.support.ways import AUTHORIZE, PRICE, SOON, TRADE, assert_all_is_well, at_the_gateway

pytestmark = pytest.mark.spec("GEN-12")
DEARER, CHEAPER = PRICE + 50_000, PRICE - 50_000
DAYS = timedelta(days=1)
TEN = NOW + 12 * DAYS  # in Kolkata, on FAR
HOUR, HALF = timedelta(hours=1), timedelta(minutes=30)
AT_TEN, AT_TWO = Period(TEN, TEN + HALF), Period(TEN + 4 * HOUR, TEN + 4 * HOUR + HALF)


@pytest.fixture
def story(practice: Practice, sandbox: Sandbox) -> Story:
    """A booking for ten o'clock in twelve days, paid."""
    return bought(sandbox, at(practice.offering, "10:00"))


@pytest.fixture
def dearer(practice: Practice) -> Offering:
    return another(practice, price=DEARER)


def test_another_service_at_the_same_price_is_nothing_to_pay(story: Story, practice: Practice) -> None:
    twin = another(practice, price=PRICE)

    done = moved(story, "14:00", to=twin)

    assert (done.due, done.refund.amount) == (None, 0)
    assert (story.when, story.lines[0].offering) == (AT_TWO, twin)
    assert story.keeps() == [(AT_TWO, "taken")]
    assert story.asks() == []
    assert_all_is_well()


@pytest.mark.parametrize(("notice", "back"), [(12 * DAYS, 50_000), (2 * DAYS, 25_000)], ids=str)
def test_a_cheaper_one_gives_back_what_the_terms_say_of_the_difference(
    practice: Practice, sandbox: Sandbox, notice: timedelta, back: int
) -> None:
    now = TEN - notice
    story = bought(sandbox, at(practice.offering, "10:00"), now=NOW)
    sandbox.advance(max(0, (now - NOW).total_seconds()) + 6 * DAYS.total_seconds())

    done = moved(story, "14:00", to=another(practice, price=CHEAPER), now=now)
    goes_back(sandbox, now=now)

    assert (done.due, done.refund.amount) == (None, back)
    assert story.when == AT_TWO
    assert story.order.total == PRICE - back
    assert story.adds_up
    assert at_the_gateway(sandbox, story.payment.reference)[1] == back
    assert canceled(story, by=new_member(practice, "owner"), now=now).refund.amount == PRICE - back
    assert_all_is_well(now=now)


def test_there_and_back_costs_nothing_in_the_end(story: Story, dearer: Offering, sandbox: Sandbox) -> None:
    old = story.lines[0].offering
    moved(story, "14:00", to=dearer)
    difference = paid(sandbox, story, Kind.DIFFERENCE)

    done = moved(story, "10:00", to=old)
    goes_back(sandbox)

    assert done.refund.amount == 50_000
    assert at_the_gateway(sandbox, difference.reference)[1] == 50_000
    assert (story.when, story.order.total) == (AT_TEN, PRICE)
    with pytest.raises(Conflict, match="has been paid"):
        paying(story, Kind.DIFFERENCE)
    assert canceled(story).refund.amount == PRICE
    assert_all_is_well()


def test_the_same_service_keeps_its_price_unless_its_terms_price_the_new_time_anew(
    practice: Practice, sandbox: Sandbox
) -> None:
    keeps = bought(sandbox, at(practice.offering, "10:00"))
    reprices = bought(sandbox, at(practice.offering, "11:00"), terms=replace(CART, reschedule_reprices=True))
    Offering.objects.filter(pk=practice.offering.pk).update(price=DEARER)

    as_before, anew = moved(keeps, "14:00"), moved(reprices, "15:00")

    assert (as_before.due, keeps.when) == (None, AT_TWO)
    assert anew.due is not None
    assert anew.due.amount == 50_000
    assert_all_is_well()


def test_whoever_moves_it_for_the_business_moves_it_at_its_price(
    story: Story, dearer: Offering, practice: Practice
) -> None:
    done = moved(story, "14:00", to=dearer, by=new_member(practice, "staff"))

    assert (done.due, done.refund.amount) == (None, 0)
    assert (story.when, story.order.total) == (AT_TWO, PRICE)
    assert_all_is_well()


def test_a_booking_that_must_be_accepted_again_waits_for_it_once_the_difference_is_paid(
    practice: Practice, sandbox: Sandbox, dearer: Offering
) -> None:
    story = bought(sandbox, at(practice.offering, "10:00"), terms=replace(CART, accept_again=True))
    moved(story, "14:00", to=dearer)
    before = story.booking.state

    paid(sandbox, story, Kind.DIFFERENCE)

    booking = story.booking
    assert (before, booking.state) == ("confirmed", "pending_approval")
    assert booking.answer_by == SOON + 2 * DAYS
    assert story.when == AT_TWO
    assert_all_is_well()


def test_at_the_same_price_it_waits_to_be_accepted_at_once(practice: Practice, sandbox: Sandbox) -> None:
    story = bought(sandbox, at(practice.offering, "10:00"), terms=replace(CART, accept_again=True))

    moved(story, "14:00")

    assert (story.booking.state, story.when) == ("pending_approval", AT_TWO)
    assert_all_is_well()


@pytest.mark.spec("GEN-22")
@pytest.mark.parametrize("included", [True, False], ids=["tax included", "tax on top"])
@pytest.mark.parametrize("price", [DEARER + 1, CHEAPER - 1], ids=["dearer", "cheaper"])
def test_with_taxes_the_amounts_agree(
    practice: Practice, sandbox: Sandbox, included: bool, price: int
) -> None:
    Business.objects.update(prices_include_tax=included, tax_name="GST")
    Offering.objects.update(tax_rate=1_800)
    story = bought(sandbox, at(practice.offering, "10:00"))
    other = another(practice, price=price, tax_rate=1_800)

    done = moved(story, "14:00", to=other)
    if done.due is not None:
        paid(sandbox, story, Kind.DIFFERENCE)

    taxed = 100 if included else 118
    expected = round(PRICE * taxed / 100) + round((price - PRICE) * taxed / 100)
    assert story.order.total == expected
    assert story.adds_up
    assert sum(one.left for one in story.payments) == expected
    assert canceled(story).refund.amount == expected
    assert_all_is_well()


def test_a_free_booking_that_moves_to_a_dearer_time_is_paid_by_the_difference(
    practice: Practice, sandbox: Sandbox, dearer: Offering
) -> None:
    story = ordered(at(another(practice, price=0), "10:00"))

    moved(story, "14:00", to=dearer)
    paid(sandbox, story, Kind.DIFFERENCE)

    assert story.states == ["completed", "confirmed"]
    assert (story.when, story.order.total) == (AT_TWO, DEARER)
    assert canceled(story).refund.amount == DEARER
    assert_all_is_well()


def test_nobody_has_more_back_for_a_cheaper_time_than_a_promo_code_has_left_of_the_price(
    practice: Practice, sandbox: Sandbox
) -> None:
    practice.business.promo_codes.create(code="MOST", percent=90)
    story = bought(sandbox, at(practice.offering, "10:00"), promo_code="MOST")

    done = moved(story, "14:00", to=another(practice, price=100))

    assert done.refund.amount == PRICE // 10
    assert story.order.total == 0
    assert story.adds_up
    assert_all_is_well()


def test_of_reserved_money_nothing_goes_back_and_nothing_dearer_is_had_for_it(
    practice: Practice, toy_gateway: Sandbox, dearer: Offering
) -> None:
    story = ordered(at(practice.offering, "10:00"), terms=AUTHORIZE)
    authorize(toy_gateway, story.payment.reference)
    comes_in(toy_gateway, story.payment.reference)
    before = everything()

    with pytest.raises(Conflict, match="once it has been accepted"):
        moved(story, "14:00", to=dearer)

    assert everything() == before
    done = moved(story, "14:00", to=another(practice, price=CHEAPER))
    assert (done.due, done.refund.amount) == (None, 0)
    assert (story.booking.state, story.when) == ("pending_approval", AT_TWO)
    assert_all_is_well()


def test_going_from_one_cheaper_service_to_another_pays_out_once(
    practice: Practice, sandbox: Sandbox
) -> None:
    now = TEN - 2 * DAYS
    story = bought(sandbox, at(practice.offering, "10:00"), now=NOW)
    sandbox.advance(max(0, (now - NOW).total_seconds()) + 6 * DAYS.total_seconds())

    first = moved(story, "14:00", to=another(practice, price=CHEAPER), now=now)
    second = moved(story, "10:00", to=another(practice, price=CHEAPER), now=now)

    assert (first.refund.amount, second.refund.amount) == (25_000, 0)
    assert story.adds_up


def test_a_booking_that_is_being_accepted_is_not_moved_to_a_time_that_nobody_has_accepted(
    practice: Practice, toy_gateway: Sandbox
) -> None:
    story = ordered(at(practice.offering, "10:00"), terms=AUTHORIZE)
    authorize(toy_gateway, story.payment.reference)
    comes_in(toy_gateway, story.payment.reference)
    owner = new_member(practice, "owner")
    toy_gateway.arm("capture_500_before", only=story.payment.reference)
    with pytest.raises(StillUnknown):
        approve_booking(story.booking.reference, by=owner, trade=TRADE, now=SOON)
    before = everything()

    for user in (story.user, owner):
        with pytest.raises(Conflict, match="being answered"):
            moved(story, "14:00", by=user)

    assert everything() == before


@pytest.mark.parametrize("clock", ["14:10", "06:00"])
def test_a_time_that_is_not_open_is_refused_and_nothing_moves(
    story: Story, dearer: Offering, clock: str
) -> None:
    before = everything()

    with pytest.raises(Invalid):
        moved(story, clock, to=dearer)

    assert everything() == before
    assert not Due.objects.filter(kind=Kind.DIFFERENCE).exists()


def test_another_businesss_service_is_refused(story: Story, sandbox: Sandbox) -> None:
    foreign = new_practice(sandbox, slug="elsewhere")
    before = everything()

    with pytest.raises(Invalid):
        moved(story, "14:00", to=foreign.offering)

    assert everything() == before

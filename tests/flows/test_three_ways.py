"""Three ways to sell, each through a gateway that reserves money and one that takes it at once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from holdfast.availability.models import Allocation
from holdfast.catalog.terms import Terms
from holdfast.flows.approval import decline_unanswered
from holdfast.flows.settlement import settle
from holdfast.kernel.errors import SlotTaken
from holdfast.kernel.money import Money
from tests.flows.books import everything
from tests.support.practice import NOW, Practice
from tests.support.sandbox import Sandbox
from tests.support.ways import (
    ASKING,
    AT_ONCE,
    HOLD_AT_ONCE,
    PRICE,
    SOON,
    assert_all_is_well,
    assert_the_money_goes_back,
    at_the_gateway,
    emails,
    reserves,
    sold,
    waiting,
)

pytestmark = pytest.mark.spec("BC-7")
LATE = NOW + timedelta(minutes=20)
DAYS = timedelta(days=1)

NOT_ASKING = {"first": AT_ONCE, "hold": HOLD_AT_ONCE}


@pytest.mark.parametrize("terms", ASKING.values(), ids=ASKING)
def test_a_checkout_holds_the_time_and_is_a_booking_only_where_its_terms_say_so(
    practice: Practice, either_gateway: Sandbox, terms: Terms
) -> None:
    story = sold(practice, terms)

    booked = "pending_payment" if terms.books_at_once else ""
    assert story.stands == ("pending", "placed", booked, "held")
    assert story.movements == []
    assert emails() == []
    assert_all_is_well()


@pytest.mark.parametrize("terms", ASKING.values(), ids=ASKING)
def test_money_makes_it_wait_for_an_answer_and_its_time_is_taken(
    practice: Practice, either_gateway: Sandbox, terms: Terms
) -> None:
    story = waiting(practice, either_gateway, terms)

    got = "authorized" if reserves(either_gateway, terms) else "captured"
    assert story.stands == (got, "completed", "pending_approval", "taken")
    assert story.booking.answer_by == SOON + 2 * DAYS
    assert (story.payment.wins, story.payment.kept) == (True, Money(PRICE, "INR"))
    assert emails() == ["received"]
    assert_all_is_well()


@pytest.mark.parametrize("terms", NOT_ASKING.values(), ids=NOT_ASKING)
def test_where_nobody_need_answer_money_confirms_it(
    practice: Practice, either_gateway: Sandbox, terms: Terms
) -> None:
    story = waiting(practice, either_gateway, terms)

    assert story.stands == ("captured", "completed", "confirmed", "taken")
    assert story.booking.answer_by is None
    assert emails() == ["confirmed"]
    assert_all_is_well()


@pytest.mark.parametrize("terms", ASKING.values(), ids=ASKING)
def test_settling_twice_changes_nothing(practice: Practice, either_gateway: Sandbox, terms: Terms) -> None:
    story = waiting(practice, either_gateway, terms)
    before = everything()

    settle(story.payment.pk, now=SOON)

    assert everything() == before


@pytest.mark.spec("BC-2")
@pytest.mark.parametrize("terms", ASKING.values(), ids=ASKING)
def test_accepted_it_is_confirmed_with_its_money_taken(
    practice: Practice, either_gateway: Sandbox, terms: Terms
) -> None:
    story = waiting(practice, either_gateway, terms)

    story.approve()

    assert story.stands == ("captured", "completed", "confirmed", "taken")
    assert story.payment.captured == PRICE
    assert story.booking.answer_by is None
    assert at_the_gateway(either_gateway, story.checkout.reference)[1] == 0
    assert emails() == ["received", "confirmed"]
    assert_all_is_well()


@pytest.mark.parametrize("terms", ASKING.values(), ids=ASKING)
def test_declined_its_time_is_free_and_all_of_its_money_goes_back(
    practice: Practice, either_gateway: Sandbox, terms: Terms
) -> None:
    story = waiting(practice, either_gateway, terms)

    story.decline(why="The room is flooded.")

    got = "authorized" if reserves(either_gateway, terms) else "captured"
    assert story.stands == (got, "canceled", "declined", "released")
    assert story.order.reason == "declined"
    assert not story.payment.wins
    assert emails() == ["received", "declined"]
    assert_all_is_well()
    assert_the_money_goes_back(either_gateway, story, now=LATE)


@pytest.mark.parametrize("terms", ASKING.values(), ids=ASKING)
def test_what_nobody_answers_in_time_is_declined_by_the_clock(
    practice: Practice, either_gateway: Sandbox, terms: Terms
) -> None:
    story = waiting(practice, either_gateway, terms)
    until = story.booking.answer_by
    assert until is not None

    early = decline_unanswered(now=until - timedelta(microseconds=1))
    assert (early, story.booking.state) == (0, "pending_approval")
    late = decline_unanswered(now=until)

    assert (late, story.booking.state, story.stands[-1]) == (1, "declined", "released")
    assert emails() == ["received", "declined"]
    assert_the_money_goes_back(either_gateway, story, now=until)


@pytest.mark.spec("BC-2")
@pytest.mark.parametrize("terms", ASKING.values(), ids=ASKING)
def test_the_time_of_what_waits_is_nobody_elses_and_accepting_it_overlaps_nothing(
    practice: Practice, either_gateway: Sandbox, terms: Terms
) -> None:
    story = waiting(practice, either_gateway, terms)
    before = everything()

    for other in ASKING.values():
        with pytest.raises(SlotTaken):
            sold(practice, other, now=SOON)
    assert {name: everything()[name] for name in before} == before

    story.approve()
    assert Allocation.objects.exclude(state="released").count() == 1
    assert_all_is_well()

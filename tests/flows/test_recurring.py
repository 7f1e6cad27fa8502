"""The same hour for some weeks: all of them, none, or what is free at its price, in one transaction."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection

from holdfast.availability.models import Allocation
from holdfast.booking.models import Booking
from holdfast.catalog.models import Offering
from holdfast.flows.actors import Shopper
from holdfast.flows.checkout import Choice, Held, reserve
from holdfast.kernel.errors import Invalid, SlotTaken
from holdfast.orders.models import Line, Order, Redemption
from tests.flows.died import Died, died_after
from tests.support.practice import NOW, Practice, choice, new_practice, new_user
from tests.support.racing import kinds, race
from tests.support.sandbox import Sandbox
from tests.support.shop import Story, bought, ordered, wanted
from tests.support.ways import PRICE, SOON, assert_all_is_well

pytestmark = pytest.mark.spec("BC-16")
WEEKS = [(NOW + timedelta(days=12 + 7 * week)).date().isoformat() for week in range(4)]


def every_week(practice: Practice, clock: str = "10:00") -> list[Choice]:
    return [choice(practice.offering, day=day, at=clock) for day in WEEKS]


def days_of(story: Story) -> list[str]:
    return [line.starts_at.date().isoformat() for line in story.lines]


def test_all_weeks_that_are_free_are_booked_with_one_payment(practice: Practice, sandbox: Sandbox) -> None:
    story = bought(sandbox, *every_week(practice), or_what_is_free=True)

    assert days_of(story) == WEEKS
    assert story.states == ["completed", *["confirmed"] * 4]
    assert story.order.total == 4 * PRICE
    assert_all_is_well()


def test_one_week_is_taken_and_none_is_booked(practice: Practice) -> None:
    ordered(every_week(practice)[2])

    with pytest.raises(SlotTaken):
        ordered(*every_week(practice))

    assert Order.objects.count() == Booking.objects.count() == Allocation.objects.count() == 1


@pytest.mark.parametrize("taken", [[2], [0, 3], [0, 1, 2]], ids=str)
def test_or_what_is_free_is_booked_at_its_price(
    practice: Practice, sandbox: Sandbox, taken: list[int]
) -> None:
    for week in taken:
        ordered(every_week(practice)[week])

    story = bought(sandbox, *every_week(practice), or_what_is_free=True)

    free = [day for week, day in enumerate(WEEKS) if week not in taken]
    assert days_of(story) == free
    assert story.order.total == story.payment.captured == len(free) * PRICE
    assert story.states == ["completed", *["confirmed"] * len(free)]
    assert_all_is_well()


def test_with_none_of_them_free_none_is_booked_and_the_nearest_are_named(practice: Practice) -> None:
    for one in every_week(practice):
        ordered(one)

    with pytest.raises(SlotTaken) as refused:
        ordered(*every_week(practice), or_what_is_free=True)

    assert refused.value.nearest
    assert Order.objects.count() == 4


def test_two_that_are_in_each_others_way_come_to_one(practice: Practice, sandbox: Sandbox) -> None:
    week = every_week(practice)

    story = bought(sandbox, week[0], week[0], week[1], or_what_is_free=True)

    assert len(story.lines) == 1
    assert story.order.total == PRICE
    assert_all_is_well()


@pytest.mark.spec("GEN-10")
def test_a_promo_code_is_used_once_for_what_is_left_of_them(practice: Practice, sandbox: Sandbox) -> None:
    practice.business.promo_codes.create(code="TENTH", percent=10)
    ordered(every_week(practice)[1])

    story = bought(sandbox, *every_week(practice), or_what_is_free=True, promo_code="TENTH")

    assert story.order.total == 3 * PRICE * 9 // 10
    assert Redemption.objects.count() == 1
    assert_all_is_well()


@pytest.mark.spec("GEN-10")
def test_a_promo_code_that_is_for_more_than_is_left_refuses_all(practice: Practice) -> None:
    practice.business.promo_codes.create(code="FOUR", percent=10, minimum_total=4 * PRICE)
    ordered(every_week(practice)[1])

    with pytest.raises(Invalid) as refused:
        ordered(*every_week(practice), or_what_is_free=True, promo_code="FOUR")

    assert "promo_code" in refused.value.fields
    assert Order.objects.count() == 1
    assert not Redemption.objects.exists()


def test_a_rival_takes_one_between_the_look_and_the_claim_and_the_rest_is_booked(
    practice: Practice,
) -> None:
    """What is free is looked at without a lock, so somebody may come in between, more than once."""
    weeks = every_week(practice)
    ordered(weeks[0])
    rivals = iter(([], [partial(ordered, weeks[1])], [partial(ordered, weeks[2])]))

    def be_late(execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        is_placing = 'INSERT INTO "holdfast_orders_order"' in str(sql)
        if is_placing and (coming := next(rivals, [])):
            race(coming)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(be_late):
        story = ordered(*weeks, or_what_is_free=True)

    assert days_of(story) == WEEKS[3:]
    assert story.order.total == PRICE
    assert Allocation.objects.filter(state="held").count() == 4
    assert_all_is_well()


def test_of_many_who_want_some_of_the_same_weeks_each_week_is_sold_once(practice: Practice) -> None:
    weeks = every_week(practice)

    def buy(first: int) -> Held:
        two = weeks[first % 4], weeks[(first + 1) % 4]
        return reserve(wanted(*two, or_what_is_free=True), by=Shopper(new_user(), None), now=NOW)

    results = race([partial(buy, number) for number in range(8)])

    assert set(kinds(results)) <= {"Held", "SlotTaken"}
    booked = [line.starts_at.date().isoformat() for line in Line.objects.filter(kind="service")]
    assert sorted(booked) == WEEKS
    assert Allocation.objects.filter(state="held").count() == 4
    assert_all_is_well(now=SOON)


def test_a_process_that_dies_on_the_way_leaves_nothing_by_half(practice: Practice) -> None:
    with pytest.raises(Died), died_after('INSERT INTO "holdfast_availability_allocation"'):
        ordered(*every_week(practice), or_what_is_free=True)

    assert not Order.objects.exists()
    assert not Allocation.objects.exists()


def test_another_businesss_weeks_are_not_mixed_in(practice: Practice, sandbox: Sandbox) -> None:
    foreign = new_practice(sandbox, slug="elsewhere").offering

    with pytest.raises(Invalid):
        ordered(*every_week(practice), choice(foreign, day=WEEKS[0]), or_what_is_free=True)

    assert not Order.objects.exists()
    assert Offering.objects.count() == 2

"""Whoever comes at once, a promo code is used as often as it may be, and no oftener."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from threading import Barrier

import pytest

from holdfast.catalog.models import Offering
from holdfast.orders import promos
from holdfast.orders.models import Order, PromoCode, Redemption
from holdfast.orders.promos import redeem
from holdfast.platform.db import transaction
from holdfast.platform.models import Customer
from tests.availability.shop import crowd
from tests.orders.shop import (
    NOW,
    given_back,
    new_customer,
    new_promo,
    ordered,
    placed,
    redeemed,
    standing,
)
from tests.support.racing import kinds, race
from tests.support.without import without

LIMIT = 7
CROWD = 100
CONTROLS = 2 * LIMIT

pytestmark = pytest.mark.spec("GEN-10")


def checkouts(
    promo: PromoCode, offering: Offering, *, buyers: list[Customer], take: Callable[..., object] = redeem
) -> list[Callable[[], None]]:
    """One for each buyer: the order with its discount and its use of the code, all or nothing."""

    def story(buyer: Customer) -> None:
        with transaction():
            order = placed(offering, customer=buyer, promo=promo).order
            take(promo, order=order, customer=buyer, now=NOW)

    return [partial(story, buyer) for buyer in buyers]


def buyers(how_many: int) -> list[Customer]:
    return Customer.objects.bulk_create(Customer(name=f"Customer {one}") for one in range(how_many))


@pytest.mark.spec("BC-13")
def test_of_a_hundred_who_come_at_once_seven_use_a_code_for_seven(offering: Offering) -> None:
    promo = new_promo(offering.business, total_limit=LIMIT)

    results = crowd(checkouts(promo, offering, buyers=buyers(CROWD)))

    assert kinds(results) == {"NoneType": LIMIT, "PromoUsedUp": CROWD - LIMIT}
    assert standing(promo) == list(range(1, LIMIT + 1))
    assert Order.objects.count() == LIMIT


@pytest.mark.spec("BC-13")
def test_a_customer_at_many_windows_uses_a_code_as_often_as_one_may(offering: Offering) -> None:
    promo = new_promo(offering.business, per_customer_limit=2)
    eager, others = new_customer(), buyers(5)

    results = crowd(checkouts(promo, offering, buyers=[*others, *[eager] * 30]))

    assert kinds(results) == {"NoneType": 2 + 5, "PromoUsedUp": 28}
    uses = Redemption.objects.filter(customer=eager).order_by("m").values_list("m", flat=True)
    assert list(uses) == [1, 2]
    assert standing(promo) == list(range(1, 8))


@pytest.mark.spec("BC-13")
def test_numbers_that_are_given_back_in_a_race_are_used_again_and_no_others(offering: Offering) -> None:
    promo = new_promo(offering.business, total_limit=LIMIT)
    early = [ordered(offering, promo=promo) for _ in range(LIMIT)]
    for order in early:
        redeemed(promo, order)

    late = checkouts(promo, offering, buyers=buyers(30))
    endings: list[Callable[[], None]] = [partial(given_back, order) for order in early[:3]]
    results = race([*endings, *late])

    came_in = sum(result is None for result in results) - 3
    assert 0 <= came_in <= 3
    assert len(standing(promo)) == LIMIT - 3 + came_in
    assert set(standing(promo)) <= set(range(1, LIMIT + 1))


@pytest.mark.spec("BC-13")
def test_those_who_forget_the_lock_are_stopped_by_the_unique_number(offering: Offering) -> None:
    promo = new_promo(offering.business, total_limit=LIMIT)
    hasty = checkouts(promo, offering, buyers=buyers(40), take=promos._take_a_number)

    results = crowd(hasty)

    assert set(kinds(results)) <= {"NoneType", "IntegrityError"}
    numbered = Redemption.objects.count()
    assert 1 <= numbered <= LIMIT
    assert standing(promo) == list(range(1, numbered + 1))


@pytest.mark.spec("BC-13")
@pytest.mark.parametrize("limits", [{"total_limit": LIMIT}, {"per_customer_limit": LIMIT}], ids=str)
def test_without_lock_and_unique_number_everybody_uses_it(limits: dict[str, int], offering: Offering) -> None:
    """The negative control: all of them read the same before anybody has committed."""
    promo = new_promo(offering.business, **limits)
    eager = new_customer()
    all_have_looked = Barrier(CONTROLS)

    def take(promo: PromoCode, *, order: Order, customer: Customer, now: object) -> None:
        promos._take_a_number(promo, order=order, customer=customer, now=NOW)
        all_have_looked.wait(30)

    with without(Redemption, "one_use_a_number"), without(Redemption, "one_use_a_number_of_a_customer"):
        results = race(checkouts(promo, offering, buyers=[eager] * CONTROLS, take=take))
        uses = list(Redemption.objects.values_list("n", "m"))

    assert kinds(results) == {"NoneType": CONTROLS}
    assert uses == [(1, 1)] * CONTROLS

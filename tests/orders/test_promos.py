"""Uses of promo codes: numbered, given back, had again, and limits that change."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError

from holdfast.catalog.models import Offering
from holdfast.kernel.errors import PromoUsedUp
from holdfast.orders.models import PromoCode, Redemption
from holdfast.orders.promos import redeem
from holdfast.platform.db import transaction
from tests.orders.shop import (
    LATER,
    NOW,
    given_back,
    had_again,
    new_customer,
    new_promo,
    ordered,
    redeemed,
    standing,
)
from tests.support.statements import count_statements

LIMIT = 7

pytestmark = pytest.mark.spec("GEN-10")


# Given back, and had again


def test_the_number_of_an_order_that_ended_is_free_for_the_next(offering: Offering) -> None:
    promo = new_promo(offering.business, total_limit=2)
    first, second, third, fourth = (ordered(offering, promo=promo) for _ in range(4))
    redeemed(promo, first)
    redeemed(promo, second)

    given_back(first)
    given_back(first)
    again = redeemed(promo, third)

    assert (again.n, standing(promo)) == (1, [1, 2])
    with pytest.raises(PromoUsedUp):
        redeemed(promo, fourth)
    assert Redemption.objects.filter(order=first).get().given_back_at == LATER
    assert Redemption.objects.count() == 3


def test_a_late_order_has_its_use_again_if_nobody_else_has_it(offering: Offering) -> None:
    promo = new_promo(offering.business, total_limit=1, valid_until=NOW + timedelta(minutes=5))
    late, rival = ordered(offering, promo=promo), ordered(offering, promo=promo)
    redeemed(promo, late)
    given_back(late)

    answers = [had_again(late), had_again(late)]

    assert answers == [True, True]
    assert Redemption.objects.filter(order=late).count() == 2
    assert standing(promo) == [1]
    with pytest.raises(PromoUsedUp):
        redeemed(promo, rival)


def test_a_late_order_does_not_have_again_what_somebody_else_uses(offering: Offering) -> None:
    promo = new_promo(offering.business, total_limit=1)
    late, rival = ordered(offering, promo=promo), ordered(offering, promo=promo)
    redeemed(promo, late)
    given_back(late)
    redeemed(promo, rival)

    answer = had_again(late)

    assert answer is False
    assert Redemption.objects.get(given_back_at=None).order == rival


def test_a_late_order_without_a_code_needs_none(offering: Offering) -> None:
    order = ordered(offering)

    assert had_again(order) is True
    assert not Redemption.objects.exists()


def test_an_order_has_one_use_at_a_time(offering: Offering) -> None:
    summer = new_promo(offering.business)
    winter = new_promo(offering.business, code="WINTER")
    order = ordered(offering, promo=summer)
    redeemed(summer, order)

    with pytest.raises(IntegrityError, match="one_redemption_an_order"):
        redeemed(winter, order)

    assert Redemption.objects.get().promo == summer


# Limits that change


def test_a_limit_that_is_lowered_counts_what_stands_above_it(offering: Offering) -> None:
    promo = new_promo(offering.business, total_limit=5)
    orders = [ordered(offering, promo=promo) for _ in range(7)]
    for order in orders[:5]:
        redeemed(promo, order)
    given_back(orders[0])
    given_back(orders[1])
    PromoCode.objects.update(total_limit=4)

    redeemed(promo, orders[5])

    assert standing(promo) == [1, 3, 4, 5]
    with pytest.raises(PromoUsedUp):
        redeemed(promo, orders[6])


def test_a_limit_that_comes_later_counts_what_was_used_before(offering: Offering) -> None:
    promo = new_promo(offering.business)
    customer = new_customer()
    orders = [ordered(offering, customer=customer, promo=promo) for _ in range(4)]
    for order in orders[:2]:
        redeemed(promo, order)

    PromoCode.objects.update(per_customer_limit=3)
    third = redeemed(promo, orders[2])

    assert (third.n, third.m) == (3, 3)
    with pytest.raises(PromoUsedUp):
        redeemed(promo, orders[3])


def test_using_a_code_takes_two_statements_however_often_it_was_used(offering: Offering) -> None:
    promo = new_promo(offering.business, total_limit=LIMIT, per_customer_limit=3)
    orders = [ordered(offering, promo=promo) for _ in range(LIMIT)]
    costs = []

    for order in orders:
        with transaction(), count_statements() as statements:
            redeem(promo, order=order, customer=order.customer, now=NOW)
        costs.append([sql.split()[0] for sql in statements if sql != "BEGIN"])

    assert costs == [["SELECT", "INSERT"]] * LIMIT

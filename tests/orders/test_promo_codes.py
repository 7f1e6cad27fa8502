"""Promo codes as they are typed, and as they are kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.db.transaction import atomic

from holdfast.catalog.models import Business, Offering
from holdfast.kernel.errors import Invalid
from holdfast.orders.models import PromoCode, Redemption
from holdfast.orders.queries import promo_for
from tests.orders.shop import (
    DAYS,
    NOW,
    given_back,
    new_business,
    new_customer,
    new_offering,
    new_promo,
    ordered,
    redeemed,
)

pytestmark = pytest.mark.spec("GEN-10")


# Looked up


def test_a_code_is_found_however_it_is_typed(business: Business, offering: Offering) -> None:
    promo = new_promo(business, code="Diwali-25")

    found = promo_for(business.pk, " dIWALI-25 ", offerings=[offering], customer=new_customer(), now=NOW)

    assert found == promo


@pytest.mark.parametrize(
    ("over", "sentence"),
    [
        ({"active": False}, "We do not know this code."),
        ({"valid_from": NOW + timedelta(seconds=1)}, "We do not know this code."),
        ({"valid_until": NOW}, "This code has expired."),
    ],
    ids=["inactive", "too early", "too late"],
)
def test_a_code_outside_of_its_time_is_refused(
    over: dict[str, Any], sentence: str, business: Business, offering: Offering
) -> None:
    new_promo(business, **over)

    with pytest.raises(Invalid) as refused:
        promo_for(business.pk, "SUMMER", offerings=[offering], customer=new_customer(), now=NOW)

    assert refused.value.fields == {"promo_code": [sentence]}


def test_a_code_is_valid_from_its_first_moment_on(business: Business, offering: Offering) -> None:
    promo = new_promo(business, valid_from=NOW, valid_until=NOW + DAYS)

    assert promo_for(business.pk, "SUMMER", offerings=[offering], customer=None, now=NOW) == promo


def test_a_code_of_another_business_is_not_known(offering: Offering) -> None:
    new_promo(new_business(slug="other"))

    with pytest.raises(Invalid) as refused:
        promo_for(offering.business_id, "SUMMER", offerings=[offering], customer=new_customer(), now=NOW)

    assert refused.value.fields == {"promo_code": ["We do not know this code."]}


def test_a_code_for_other_offerings_is_refused_and_for_one_of_them_taken(offering: Offering) -> None:
    dearer = new_offering(offering.business, 500_000)
    promo = new_promo(offering.business, dearer)

    with pytest.raises(Invalid) as refused:
        promo_for(offering.business_id, "SUMMER", offerings=[offering], customer=None, now=NOW)
    taken = promo_for(offering.business_id, "SUMMER", offerings=[offering, dearer], customer=None, now=NOW)

    assert refused.value.fields == {"promo_code": ["This code is not for what you have chosen."]}
    assert taken == promo


@pytest.mark.parametrize("limits", [{"total_limit": 1}, {"per_customer_limit": 1}], ids=str)
def test_a_code_that_is_used_up_is_refused_until_it_is_given_back(
    limits: dict[str, int], offering: Offering
) -> None:
    promo, customer = new_promo(offering.business, **limits), new_customer()
    order = ordered(offering, customer=customer, promo=promo)
    redeemed(promo, order)

    with pytest.raises(Invalid) as refused:
        promo_for(offering.business_id, "SUMMER", offerings=[offering], customer=customer, now=NOW)
    given_back(order)
    taken = promo_for(offering.business_id, "SUMMER", offerings=[offering], customer=customer, now=NOW)

    assert refused.value.fields == {"promo_code": ["This code has been used as often as it may be."]}
    assert taken == promo


# What the database refuses


@pytest.mark.parametrize(
    ("over", "refusal"),
    [
        ({"code": "summer"}, "a_business_has_a_code_once"),
        ({"code": "two words"}, "a_code_is_easily_typed"),
        ({"code": "A", "percent": 10, "amount": 100}, "worth_a_percentage_or_an_amount"),
        ({"code": "A", "percent": None}, "worth_a_percentage_or_an_amount"),
        ({"code": "A", "percent": 101}, "worth_a_percentage_or_an_amount"),
        ({"code": "A", "percent": None, "amount": 0}, "worth_a_percentage_or_an_amount"),
        ({"code": "A", "valid_from": NOW, "valid_until": NOW}, "a_code_ends_after_it_starts"),
        ({"code": "A", "total_limit": 0}, "a_code_may_be_used_once"),
        ({"code": "A", "per_customer_limit": 0}, "a_code_may_be_used_once"),
    ],
    ids=str,
)
def test_a_code_that_makes_no_sense_is_refused(
    over: dict[str, Any], refusal: str, business: Business
) -> None:
    new_promo(business)

    with pytest.raises(IntegrityError, match=refusal), atomic():
        new_promo(business, **{"percent": 10, **over})

    assert PromoCode.objects.get().code == "SUMMER"


@pytest.mark.parametrize(
    "statement",
    ["UPDATE {} SET n = 2", "UPDATE {} SET m = 2", "UPDATE {} SET order_id = 2", "DELETE FROM {}"],
)
def test_a_use_stays_what_it_was(statement: str, offering: Offering) -> None:
    promo = new_promo(offering.business)
    redeemed(promo, ordered(offering, promo=promo))
    before = list(Redemption.objects.values())

    with pytest.raises(IntegrityError, match="only grows"), connection.cursor() as cursor:
        cursor.execute(statement.format(Redemption._meta.db_table))

    assert list(Redemption.objects.values()) == before

"""Promo codes are edited in the admin, and what the engine cannot work with is refused in sentences."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from holdfast.orders.models import PromoCode
from tests.desk.conftest import Books
from tests.support.practice import Practice, new_practice
from tests.support.sandbox import Sandbox

pytestmark = [pytest.mark.spec("GEN-16"), pytest.mark.spec("GEN-10")]

ADD = "/admin/holdfast_orders/promocode/add/"
NEW_YEAR = datetime(2030, 1, 1, tzinfo=UTC)
TAKEN = 302  # a form that was taken leads on


def promo_form(practice: Practice, **over: Any) -> dict[str, Any]:
    return {
        "business": practice.business.pk,
        "code": "SUMMER",
        "percent": 10,
        "minimum_total": 0,
        "active": "on",
    } | over


def test_a_promo_code_is_made_with_all_its_limits(practice: Practice, admins_browser: Client) -> None:
    limits = {
        "percent": "",
        "amount": 5000,
        "total_limit": 7,
        "per_customer_limit": 1,
        "minimum_total": 20_000,
        "valid_from_0": "2030-01-01",
        "valid_from_1": "00:00:00",
        "valid_until_0": "2030-02-01",
        "valid_until_1": "00:00:00",
        "offerings": [practice.offering.pk],
    }

    answer = admins_browser.post(ADD, promo_form(practice, **limits))

    assert answer.status_code == TAKEN
    made = PromoCode.objects.get()
    assert (made.code, made.percent, made.amount, made.minimum_total) == ("SUMMER", None, 5000, 20_000)
    assert (made.total_limit, made.per_customer_limit) == (7, 1)
    assert (made.valid_from, made.valid_until) == (NEW_YEAR, NEW_YEAR + timedelta(days=31))
    assert list(made.offerings.all()) == [practice.offering]


@pytest.mark.parametrize(
    ("over", "sentence"),
    [
        ({"code": "diwali"}, "This business has this code already."),
        ({"code": "TEN PERCENT"}, "A code is of letters, digits, hyphens and underscores."),
        ({"percent": ""}, "Give a percentage from 1 to 100, or else an amount."),
        ({"percent": 101}, "Give a percentage from 1 to 100, or else an amount."),
        ({"amount": 500}, "Give a percentage from 1 to 100, or else an amount."),
        ({"total_limit": 0}, "A limit is 1 at least. To stop a code, make it inactive."),
        (
            {
                "valid_from_0": "2030-02-01",
                "valid_from_1": "00:00:00",
                "valid_until_0": "2030-01-01",
                "valid_until_1": "00:00:00",
            },
            "It must end after it starts.",
        ),
    ],
    ids=str,
)
def test_a_promo_code_that_makes_no_sense_is_refused_in_a_sentence(
    over: dict[str, Any], sentence: str, books: Books, admins_browser: Client
) -> None:
    answer = admins_browser.post(ADD, promo_form(books.practice, **over))

    assert answer.status_code == 200
    assert answer.context["adminform"].form.non_field_errors() == [sentence]
    assert PromoCode.objects.get().code == "DIWALI"


def test_a_promo_code_is_for_offerings_of_its_own_business(
    practice: Practice, sandbox: Sandbox, admins_browser: Client
) -> None:
    other = new_practice(sandbox, slug="other")

    answer = admins_browser.post(ADD, promo_form(practice, offerings=[other.offering.pk]))

    assert list(answer.context["adminform"].form.errors) == ["offerings"]
    assert not PromoCode.objects.exists()


def test_a_code_stays_with_its_business_and_does_not_take_anothers_name(
    books: Books, sandbox: Sandbox, admins_browser: Client
) -> None:
    other = new_practice(sandbox, slug="other")
    promo = PromoCode.objects.create(business=books.practice.business, code="SUMMER", percent=10)
    page = f"/admin/holdfast_orders/promocode/{promo.pk}/change/"

    taken = admins_browser.post(page, promo_form(other, active=""))
    refused = admins_browser.post(page, promo_form(books.practice, code="Diwali"))

    promo.refresh_from_db()
    assert (taken.status_code, refused.status_code) == (TAKEN, 200)
    assert (promo.business, promo.code, promo.active) == (books.practice.business, "SUMMER", False)


def test_the_list_says_how_often_each_code_was_used(books: Books, admins_browser: Client) -> None:
    PromoCode.objects.update(total_limit=7)

    answer = admins_browser.get("/admin/holdfast_orders/promocode/", {"q": "DIWALI"})

    assert "1 of 7" in answer.content.decode()

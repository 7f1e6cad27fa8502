"""The pujas on offer: with their packages, by category, by words, and when they can be held."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from holdfast.catalog.models import Offering, Package
from tests.support.practice import DAY, Api
from tests.support.statements import count_statements
from tests.support.temple import Temple

P = "/api/puja"


def titles(**asked: Any) -> list[str]:
    return [found["title"] for found in Api().get(f"{P}/services/", asked).json()["results"]]


def another_puja(temple: Temple, title: str, **over: Any) -> Offering:
    return Offering.objects.create(
        business=temple.practice.business,
        trade="puja",
        title=title,
        price=50_000,
        duration=timedelta(minutes=60),
        **over,
    )


@pytest.mark.spec("PUJ-1")
def test_a_puja_is_shown_with_its_packages(temple: Temple) -> None:
    listed = Api().get(f"{P}/services/").json()
    one = Api().get(f"{P}/services/{temple.puja.pk}/").json()

    assert (listed["count"], listed["results"]) == (1, [one])
    assert one == {
        "id": temple.puja.pk,
        "title": "Satyanarayan Puja",
        "description": "For a new house or a new year.",
        "category": "Prosperity",
        "price": "999.00",
        "currency": "INR",
        "duration": 30,
        "languages": ["Sanskrit"],
        "image": None,
        "packages": [
            {
                "id": temple.basic.pk,
                "name": "Basic",
                "price": "999.00",
                "currency": "INR",
                "location": "At the temple",
                "language": "Hindi",
                "duration": 30,
                "description": "",
            },
            {
                "id": temple.grand.pk,
                "name": "Grand",
                "price": "1999.00",
                "currency": "INR",
                "location": "At your home",
                "language": "Sanskrit",
                "duration": 120,
                "description": "With havan.",
            },
        ],
    }


@pytest.mark.spec("PUJ-1")
def test_what_is_no_longer_sold_is_not_shown(temple: Temple) -> None:
    Package.objects.filter(pk=temple.grand.pk).update(active=False)
    gone = another_puja(temple, "Old puja", active=False)

    assert titles() == ["Satyanarayan Puja"]
    shown = Api().get(f"{P}/services/{temple.puja.pk}/").json()["packages"]
    assert [package["name"] for package in shown] == ["Basic"]
    assert Api().get(f"{P}/services/{gone.pk}/").status_code == 404
    assert Api().get(f"{P}/services/{temple.consultation.pk}/").status_code == 404


@pytest.mark.spec("PUJ-1")
@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"category": "Prosperity"}, ["Satyanarayan Puja"]),
        ({"category": "peace"}, ["Shanti Path"]),
        ({"category": "War"}, []),
        ({"search": "new year"}, ["Satyanarayan Puja"]),
        ({"search": "PUJA havan"}, ["Satyanarayan Puja"]),
        ({"search": "your home"}, ["Satyanarayan Puja"]),
        ({"search": "peace"}, ["Shanti Path"]),
        ({"search": "shanti havan"}, []),
        ({"search": " "}, ["Shanti Path", "Satyanarayan Puja"]),
        ({"business": "jyoti", "search": "path"}, ["Shanti Path"]),
        ({"business": "elsewhere"}, []),
    ],
)
def test_pujas_are_found_by_category_by_business_and_by_words(
    temple: Temple, asked: dict[str, str], found: list[str]
) -> None:
    another_puja(temple, "Shanti Path", category="Peace")

    assert titles(**asked) == found


@pytest.mark.spec("PUJ-1")
def test_categories_are_listed_with_how_many_are_in_each(temple: Temple) -> None:
    for title, category in (("Shanti Path", "Peace"), ("Lakshmi Puja", "Prosperity"), ("Havan", "")):
        another_puja(temple, title, category=category)

    answer = Api().get(f"{P}/categories/")

    assert answer.json() == {
        "categories": [{"name": "Peace", "services": 1}, {"name": "Prosperity", "services": 2}]
    }


@pytest.mark.spec("PUJ-1", "GEN-9b")
def test_a_longer_package_is_free_where_it_fits(temple: Temple) -> None:
    slots = f"{P}/services/{temple.puja.pk}/slots/?date={DAY}"

    short = Api().get(slots).json()["slots"]
    long = Api().get(f"{slots}&package={temple.grand.pk}").json()["slots"]

    assert (short[-1]["start_time"], short[-1]["end_time"]) == ("18:30", "19:00")
    assert (long[-1]["start_time"], long[-1]["end_time"]) == ("17:00", "19:00")


@pytest.mark.spec("PUJ-1", "GEN-5")
def test_an_unknown_package_has_no_slots(temple: Temple) -> None:
    other = Package.objects.create(offering=another_puja(temple, "Shanti Path"), name="Only", price=1)
    slots = f"{P}/services/{temple.puja.pk}/slots/?date={DAY}&package="

    answers = [Api().get(f"{slots}{package}") for package in (other.pk, 999_999)]

    assert [answer.status_code for answer in answers] == [400, 400]
    assert answers[0].json() == {"package": ["There is no such package of this service."]}


@pytest.mark.spec("PUJ-1")
@pytest.mark.parametrize("pujas", [1, 3])
def test_a_list_of_pujas_takes_the_same_statements_however_long_it_is(temple: Temple, pujas: int) -> None:
    for number in range(1, pujas):
        Package.objects.create(offering=another_puja(temple, f"Puja {number}"), name="Only", price=1)

    with count_statements() as statements:
        assert len(titles()) == pujas

    assert len(statements) == 4, statements  # the limit, the count, the page, its packages

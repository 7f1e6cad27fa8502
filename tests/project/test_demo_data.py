"""The demo's businesses: of every trade, with a past and a future, made once, and their books agree."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from holdfast.booking.models import Booking
from holdfast.catalog.models import Business, Offering, Package
from holdfast.flows.audit import look_for_wrongs
from holdfast.orders.models import Order, PromoCode
from holdfast.payments.models import GatewayAccount, Payment, Transaction
from holdfast.platform.models import Transition, User
from holdfast.project.demo_data import SHOPS, seed_demo
from holdfast.project.demo_data.people import NAMES
from holdfast.project.surfaces import SURFACES
from tests.support.statements import count_statements

pytestmark = [pytest.mark.spec("OPS-1"), pytest.mark.usefixtures("cheap_passwords", "db")]
NOW = datetime.combine(datetime.now(UTC).date(), time(9), tzinfo=UTC)


def everything() -> dict[str, list[Any]]:
    """What there is, row by row."""
    tables = (Business, Offering, Package, PromoCode, User, Order, Booking, Payment, Transaction, Transition)
    return {table.__name__: list(table.objects.order_by("pk").values()) for table in tables}


@pytest.mark.parametrize(
    "hour", [0, pytest.param(9, marks=pytest.mark.long), 18, pytest.param(23, marks=pytest.mark.long)]
)
def test_at_whatever_hour_it_is_made_the_books_agree(hour: int) -> None:
    now = NOW.replace(hour=hour)

    seed_demo(now=now)

    assert look_for_wrongs(now=now) == []
    assert Booking.objects.count() == sum(len(shop.visits) + len(shop.sojourns) for shop in SHOPS)


def test_starting_again_changes_nothing_and_costs_little() -> None:
    seed_demo(now=NOW)
    before = everything()

    with count_statements() as statements:
        seed_demo(now=NOW + timedelta(days=1))

    assert everything() == before
    assert len(statements) <= 60


def test_what_a_person_has_changed_stays_but_the_sandbox_is_found_anew(settings: Any) -> None:
    seed_demo(now=NOW)
    Business.objects.filter(slug="shanti-temple").update(name="Another name")
    settings.HOLDFAST_SANDBOX_URL = "http://127.0.0.1:29999"

    seed_demo(now=NOW)

    assert Business.objects.get(slug="shanti-temple").name == "Another name"
    addresses = GatewayAccount.objects.filter(gateway="phonepe").values_list("base_urls", flat=True)
    assert {urls["pg"] for urls in addresses} == {"http://127.0.0.1:29999/phonepe/apis/pg-sandbox"}


def test_every_trade_is_sold_with_a_past_and_a_future() -> None:
    seed_demo(now=NOW)

    sold = set(Offering.objects.values_list("trade", flat=True))
    states = Counter(Booking.objects.values_list("state", flat=True))
    assert sold == {surface.trade for surface in SURFACES}
    assert {"completed", "confirmed", "canceled", "no_show"} <= set(states)
    for shop in SHOPS[1:]:
        there = Booking.objects.filter(business__slug=shop.slug)
        assert there.filter(starts_at__lt=NOW).exists()
        assert there.filter(starts_at__gt=NOW, state="confirmed").exists()


def test_nobody_is_written_to_about_a_past_that_was_made_up() -> None:
    seed_demo(now=NOW)

    assert not ProcrastinateJob.objects.filter(args__kind="email").exists()


def test_the_temple_sells_pujas_in_packages_and_a_consultation_and_knows_a_code() -> None:
    seed_demo(now=NOW)

    temple = Business.objects.get(slug="shanti-temple")
    pujas = temple.offerings.filter(trade="puja")
    assert all(puja.packages.exists() and puja.category for puja in pujas)
    assert temple.offerings.filter(trade="astrology").exists()
    assert temple.promo_codes.get().code == "DISCOUNT10"


def test_everybody_can_sign_in(client: Any) -> None:
    seed_demo(now=NOW)

    signed_in = [client.login(username=email, password="holdfast-demo") for email in NAMES]

    assert all(signed_in)
    assert User.objects.get(email="admin@demo.test").is_superuser


@pytest.mark.spec("HOT-1", "HOT-8")
def test_a_hotel_has_guests_in_its_rooms_and_some_who_wait_for_its_answer() -> None:
    seed_demo(now=NOW)

    for slug in ("lake-view", "old-mill"):
        there = Booking.objects.filter(business__slug=slug)
        here = there.filter(state="in_progress", stay__room__isnull=False)
        assert here.exists()
        assert there.filter(state="pending_approval").exists()
        assert there.filter(state="completed", stay__checked_out_at__isnull=False).exists()
    gateways = GatewayAccount.objects.filter(business__slug="old-mill").order_by("position")
    assert [account.gateway for account in gateways][:2] == ["stripe", "phonepe"]


@pytest.mark.spec("COA-1")
def test_the_first_course_that_is_listed_is_one_to_one_and_another_is_a_class(client: Any) -> None:
    seed_demo(now=NOW)

    courses = client.get("/booking/api/courses/").json()["results"]

    assert (courses[0]["is_class"], courses[0]["business"]) == (False, "sportif-academy")
    assert any(course["is_class"] and course["places"] > 1 for course in courses)
    assert all(course["coach"]["profile"] for course in courses)

"""The agenda: a day or a week, of everybody or of one, with the money of each and what one press does."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from holdfast.booking.models import Booking
from holdfast.catalog.models import Provider, Resource
from holdfast.flows.actors import Shopper
from holdfast.flows.blocks import block
from holdfast.flows.callers import Caller
from holdfast.flows.checkout import reserve
from holdfast.flows.counter import Pays, Wanted, book_at_the_counter
from holdfast.flows.pay_links import link_for, pay_by_link
from holdfast.flows.recording import Method, Taken
from holdfast.kernel.clock import utc_now
from holdfast.kernel.money import Money
from holdfast.kernel.period import Period
from holdfast.orders.models import Due
from holdfast.platform.models import User
from holdfast.surfaces.astrology.terms import TERMS
from tests.desk.conftest import browser_of
from tests.support.practice import NOW, Practice, choice, new_member, new_practice, new_user, wish
from tests.support.sandbox import Sandbox
from tests.support.statements import count_statements
from tests.support.ways import HOLD, waiting

pytestmark = pytest.mark.spec("DESK-3")
DAY = (NOW + timedelta(days=1)).date().isoformat()
CASH = Taken(Money(199_900, "INR"), Method.CASH)
QUARTER = Taken(Money(49_975, "INR"), Method.CASH)
DEPOSIT = replace(TERMS, deposit_percent=25, balance_before=3600)


def booked_in(practice: Practice, staff: User, at: str, pays: Pays, **said: Any) -> Booking:
    chosen = choice(practice.offering, day=DAY, at=at)
    told: dict[str, Any] = {"terms": TERMS, "caller": Caller(name="A caller", phone="98765 43210")}
    wanted = Wanted(chosen.offering, chosen.starts_at, pays=pays, **(told | said))
    return book_at_the_counter(wanted, by=staff, now=NOW)


def day_of(user: User, **asked: str) -> Any:
    return browser_of(user).get("/desk/", {"date": DAY} | asked)


def money_on(page: Any) -> list[str]:
    return [entry.money for entry in page.context["appointments"]]


@pytest.mark.spec("DESK-4")
def test_each_booking_says_what_has_become_of_its_money(
    practice: Practice, staff: User, sandbox: Sandbox
) -> None:
    booked_in(practice, staff, "10:00", Pays.NOW, taken=CASH)
    booked_in(practice, staff, "11:00", Pays.NOW, taken=QUARTER, terms=DEPOSIT)
    booked_in(practice, staff, "12:00", Pays.ON_THE_SPOT)
    opened = booked_in(practice, staff, "13:00", Pays.LATER)
    due = Due.objects.get(order=opened.line.order_id)
    key = link_for(opened.reference, due.pk, by=staff, trade="astrology", now=NOW).split("/")[-2]
    pay_by_link(key, now=NOW)

    page = day_of(staff)

    assert money_on(page) == ["paid", "part paid", "unpaid", "waiting"]
    assert page.content.decode().count('class="state money"') == 4


def test_what_can_be_done_by_one_press_is_there_and_nothing_else(
    practice: Practice, staff: User, sandbox: Sandbox
) -> None:
    asked = waiting(practice, sandbox, HOLD)
    confirmed = booked_in(practice, staff, "12:00", Pays.ON_THE_SPOT)
    over = utc_now() - timedelta(hours=2)
    Booking.objects.filter(pk=confirmed.pk).update(starts_at=over, ends_at=over + timedelta(minutes=30))
    local = over.astimezone(practice.business.zone).date().isoformat()

    there = browser_of(staff).get("/desk/", {"date": asked.booking.starts_at.date().isoformat()})
    past = browser_of(staff).get("/desk/", {"date": local})

    assert f"/desk/bookings/{asked.booking.reference}/accept/" in there.content.decode()
    assert [entry.can for entry in there.context["appointments"]] == [(("accept", "Accept"),)]
    assert [entry.can for entry in past.context["appointments"]] == [
        (("complete", "It is done"), ("miss", "Nobody came"))
    ]


def test_a_press_does_it(practice: Practice, staff: User, sandbox: Sandbox) -> None:
    story = waiting(practice, sandbox, HOLD)

    answer = browser_of(staff).post(f"/desk/bookings/{story.booking.reference}/accept/")

    assert answer.status_code == 303
    assert story.booking.state == "confirmed"


def test_a_week_shows_its_seven_days(practice: Practice, staff: User) -> None:
    booking = booked_in(practice, staff, "10:00", Pays.ON_THE_SPOT)

    page = day_of(staff, view="week")

    days = page.context["week"]
    local = booking.starts_at.astimezone(practice.business.zone).date()
    assert [day.day.weekday() for day in days] == list(range(7))
    assert [day.day for day in days if day.entries] == [local]
    assert f"/desk/bookings/{booking.reference}/" in page.content.decode()
    assert page.context["after"] - page.context["day"] == timedelta(days=7)


def test_one_provider_is_shown_alone(practice: Practice, staff: User) -> None:
    booked_in(practice, staff, "10:00", Pays.ON_THE_SPOT)
    colleague = Resource.objects.create(business=practice.business, kind="person", name="A colleague")
    other = Provider.objects.create(resource=colleague)
    own = Provider.objects.get(resource=practice.person)

    everybody, first, second = (
        day_of(staff),
        day_of(staff, provider=str(own.pk)),
        day_of(staff, provider=str(other.pk)),
    )

    assert [len(page.context["appointments"]) for page in (everybody, first, second)] == [1, 1, 0]
    assert "A colleague" in everybody.content.decode()


@pytest.mark.spec("GEN-2")
@pytest.mark.spec("BC-19")
def test_a_provider_of_another_business_is_not_there(
    practice: Practice, staff: User, sandbox: Sandbox
) -> None:
    theirs = Provider.objects.get(resource=new_practice(sandbox, slug="other").person)

    assert day_of(staff, provider=str(theirs.pk)).status_code == 404


@pytest.mark.spec("DESK-2")
def test_blocks_stand_on_the_days_that_they_meet(practice: Practice, staff: User) -> None:
    start = NOW + timedelta(days=1, hours=2)
    block(practice.person, Period(start, start + timedelta(hours=3)), by="staff:1", now=NOW, why="Dentist")

    there, elsewhere = day_of(staff), day_of(staff, date=(NOW + timedelta(days=3)).date().isoformat())

    assert "Astrologer is blocked: Dentist" in there.content.decode()
    assert elsewhere.context["blocks"] == []


@pytest.mark.spec("GEN-2")
def test_a_provider_sees_no_colleagues_blocks(practice: Practice) -> None:
    colleague = new_member(practice, "provider")
    start = NOW + timedelta(days=1, hours=2)
    block(practice.person, Period(start, start + timedelta(hours=3)), by="staff:1", now=NOW, why="Dentist")

    page = day_of(colleague)

    assert page.context["blocks"] == []
    assert "Dentist" not in page.content.decode()


def test_an_unpaid_reservation_of_a_customers_own_is_unpaid(practice: Practice, staff: User) -> None:
    held = replace(wish(practice, day=DAY), terms=replace(HOLD, reserve_for=7200))

    reserve(held, by=Shopper(new_user(), None), now=NOW)

    assert money_on(day_of(staff)) == ["unpaid"]


def test_a_week_costs_as_much_with_three_bookings_as_with_one(practice: Practice, staff: User) -> None:
    browser = browser_of(staff)
    booked_in(practice, staff, "10:00", Pays.NOW, taken=CASH)
    browser.get("/desk/", {"date": DAY, "view": "week"})
    with count_statements() as with_one:
        browser.get("/desk/", {"date": DAY, "view": "week"})
    for at in ("11:00", "12:00"):
        booked_in(practice, staff, at, Pays.NOW, taken=CASH)

    with count_statements() as with_three:
        page = browser.get("/desk/", {"date": DAY, "view": "week"})

    assert len(page.context["appointments"]) == 3
    assert len(with_three) == len(with_one), with_three

"""Blocking time at the desk: what it would touch, who may, and what lifting gives back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from holdfast.availability.models import Allocation, Block
from holdfast.booking.models import Booking
from holdfast.catalog.models import Provider, Resource
from holdfast.kernel.clock import utc_now
from holdfast.platform.models import User
from tests.desk.conftest import browser_of
from tests.support.booked import booked
from tests.support.practice import DAY as TOMORROW
from tests.support.practice import Practice, held, new_member, new_practice, new_user
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.spec("DESK-2")
DAY = (utc_now() + timedelta(days=2)).date().isoformat()  # pages live by the real clock
AFTERNOON = {"do": "block", "first": DAY, "opens": "13:00", "closes": "18:00", "why": "Dentist"}


def send(browser: Client, resource: Resource, **said: str) -> Any:
    told = {"business": resource.business.slug, "resource": str(resource.pk)}
    return browser.post("/desk/block/", told | AFTERNOON | said)


def text_of(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def wall(resource: Resource, hour: str, *, day: str = DAY) -> datetime:
    return datetime.fromisoformat(f"{day}T{hour}").replace(tzinfo=resource.business.zone)


def test_an_afternoon_is_blocked_and_shown(practice: Practice, staff: User) -> None:
    browser = browser_of(staff)

    answer = send(browser, practice.person)
    after = text_of(browser.get(answer["Location"]))

    made = Block.objects.get()
    assert answer.status_code == 303
    assert (made.period.lower, made.period.upper) == (
        wall(practice.person, "13:00"),
        wall(practice.person, "18:00"),
    )
    assert (made.created_by, made.why) == (f"staff:{staff.pk}", "Dentist")
    assert f"/desk/blocks/{made.pk}/lift/" in after
    assert "Dentist" in after
    assert "In the way" not in after


def test_without_hours_it_is_all_of_the_days(practice: Practice, staff: User) -> None:
    last = (datetime.fromisoformat(DAY) + timedelta(days=2)).date().isoformat()
    after = (datetime.fromisoformat(DAY) + timedelta(days=3)).date().isoformat()

    send(browser_of(staff), practice.person, opens="", closes="", last=last)

    made = Block.objects.get()
    assert (made.period.lower, made.period.upper) == (
        wall(practice.person, "00:00"),
        wall(practice.person, "00:00", day=after),
    )


def test_what_it_would_touch_is_shown_before_with_links(
    practice: Practice, staff: User, sandbox: Sandbox
) -> None:
    reference = booked(practice, sandbox, user=new_user(name="Lata"), day=DAY, at="14:00", now=utc_now())
    held(practice, day=DAY, at="16:00", now=utc_now())

    page = text_of(send(browser_of(staff), practice.person, do="show"))

    assert f"/desk/bookings/{reference}/" in page
    assert "Gemstone Consultation, Lata" in page
    assert "an unpaid hold" in page
    assert Block.objects.count() == 0


def test_nobody_who_is_booked_is_thrown_out(practice: Practice, staff: User, sandbox: Sandbox) -> None:
    reference = booked(practice, sandbox, day=DAY, at="14:00", now=utc_now())
    kept = list(Allocation.objects.values_list("owner", "state"))

    page = send(browser_of(staff), practice.person)

    assert page.status_code == 409
    assert f"/desk/bookings/{reference}/" in text_of(page)
    assert Block.objects.count() == 0
    assert list(Allocation.objects.values_list("owner", "state")) == kept
    assert Booking.objects.get().state == "confirmed"


def test_a_blocked_time_is_not_free_until_it_is_lifted(practice: Practice, staff: User) -> None:
    browser = browser_of(staff)
    send(browser, practice.person)
    blocked = text_of(browser.get("/desk/book/", {"date": DAY}))

    answer = browser.post(f"/desk/blocks/{Block.objects.get().pk}/lift/")
    lifted = text_of(browser.get("/desk/book/", {"date": DAY}))

    assert answer.status_code == 303
    assert 'value="14:00"' not in blocked
    assert 'value="14:00"' in lifted
    assert Block.objects.get().lifted_by == f"staff:{staff.pk}"


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"first": ""}, "Please choose a day."),
        ({"first": "2030-02-30"}, "Please choose a day."),
        ({"opens": "25:00"}, "Write it as 14:00."),
        ({"closes": "noon"}, "Write it as 18:00."),
        ({"closes": "12:00"}, "It must end after it begins, and within a year."),
        ({"last": "2099-01-01"}, "It must end after it begins, and within a year."),
        ({"first": "2020-01-01", "last": "2020-01-01"}, "This is over."),
    ],
)
def test_what_cannot_be_blocked_is_said_and_nothing_is(
    practice: Practice, staff: User, said: dict[str, str], message: str
) -> None:
    page = send(browser_of(staff), practice.person, **said)

    assert page.status_code == 400
    assert message in text_of(page)
    assert Block.objects.count() == 0


@pytest.mark.spec("GEN-2")
@pytest.mark.spec("BC-19")
def test_a_provider_blocks_their_own_time_and_nobody_elses(practice: Practice, astrologer: User) -> None:
    colleague = Resource.objects.create(business=practice.business, kind="person", name="A colleague")
    Provider.objects.create(resource=colleague, user=new_member(practice, "provider"))
    browser = browser_of(astrologer)

    own, theirs = send(browser, practice.person), send(browser, colleague)

    assert (own.status_code, theirs.status_code) == (303, 200)
    assert [one.resource for one in Block.objects.all()] == [practice.person]


@pytest.mark.spec("GEN-2")
@pytest.mark.spec("BC-19")
def test_another_businesss_time_is_neither_blocked_nor_lifted(
    practice: Practice, staff: User, sandbox: Sandbox
) -> None:
    send(browser_of(staff), practice.person)
    block = Block.objects.get()
    other = browser_of(new_member(new_practice(sandbox, slug="other"), "owner"))
    colleague = browser_of(new_member(practice, "provider"))

    answers = [
        send(other, practice.person, first=TOMORROW).status_code,
        other.post(f"/desk/blocks/{block.pk}/lift/").status_code,
        colleague.post(f"/desk/blocks/{block.pk}/lift/").status_code,
        browser_of(new_user()).post(f"/desk/blocks/{block.pk}/lift/").status_code,
        Client().post(f"/desk/blocks/{block.pk}/lift/").status_code,
    ]

    assert answers == [404, 404, 404, 403, 302]
    assert Block.objects.get().lifted_at is None

"""Private calendars to subscribe to: made on a page, read under an address that is a secret."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from icalendar import Calendar

from holdfast.catalog.models import Member, Provider
from holdfast.flows.cancellation import cancel_booking
from holdfast.flows.feeds import calendar_under, feeds_of, make_feed
from holdfast.kernel.errors import NotFound
from holdfast.notifications.models import CalendarFeed
from holdfast.platform.models import User
from tests.support.booked import booked
from tests.support.meeting import without_locks
from tests.support.practice import NOW, Practice, new_member, new_practice, new_user
from tests.support.sandbox import Sandbox
from tests.support.without import without

pytestmark = pytest.mark.spec("GEN-13")
START = NOW + timedelta(days=1)
PAGE = "/account/calendars/"


@pytest.fixture
def reference(practice: Practice, sandbox: Sandbox, customer: User) -> str:
    return booked(practice, sandbox, user=customer, now=NOW - timedelta(days=1))


def browser_of(user: User) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


def key_of(address: str) -> str:
    return address.rsplit("/", 1)[1].removesuffix(".ics")


def read(user: User, scope: str, business: str = "") -> list[Any]:
    """What a calendar of this user shows just now."""
    key = key_of(make_feed(user, scope, business=business, now=NOW))
    return events(calendar_under(key, now=NOW))


def events(content: bytes) -> list[Any]:
    return list(Calendar.from_ical(content).walk("VEVENT"))


def test_an_address_is_made_on_the_account_page_and_shown_once(customer: User, reference: str) -> None:
    browser = browser_of(customer)

    made = browser.post(PAGE, {"scope": "customer", "business": ""})
    later = browser.get(PAGE)

    address = made.context["address"]
    assert address.startswith("http://testserver/calendar/")
    assert address in made.content.decode()
    assert made["Cache-Control"] == "no-store"
    assert address not in later.content.decode()
    assert "Make a new address" in later.content.decode()
    assert "calendars" in browser.get("/account/").content.decode()


def test_a_calendar_program_reads_it_without_signing_in(customer: User, reference: str) -> None:
    address = browser_of(customer).post(PAGE, {"scope": "customer", "business": ""}).context["address"]

    answer = Client().get(address)
    again = Client().get(address, headers={"If-None-Match": answer["ETag"]})

    event = events(answer.content)[0]
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    assert (answer["Cache-Control"], answer["Referrer-Policy"]) == ("no-store", "no-referrer")
    assert (event["UID"], event.start) == (f"{reference}@localhost", START)
    assert again.status_code == 304


def test_the_key_is_kept_as_a_digest_and_has_at_least_128_bits(customer: User) -> None:
    key = key_of(make_feed(customer, "customer", now=NOW))

    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(f)::text FROM holdfast_notifications_calendarfeed f")
        (kept,) = cursor.fetchone() or ("",)

    assert key not in kept
    assert len(key) * 6 >= 128


def test_a_new_address_ends_the_one_before(customer: User, reference: str) -> None:
    old = key_of(make_feed(customer, "customer", now=NOW))

    new = key_of(make_feed(customer, "customer", now=NOW))

    assert calendar_under(new, now=NOW)
    with pytest.raises(NotFound):
        calendar_under(old, now=NOW)
    assert Client().get(f"/calendar/{old}.ics").status_code == 404


def test_a_canceled_booking_is_shown_no_more(customer: User, reference: str) -> None:
    cancel_booking(reference, by=customer, trade="astrology", now=NOW)

    assert read(customer, "customer") == []


@pytest.mark.spec("GEN-2")
def test_everybody_sees_their_own(
    practice: Practice, sandbox: Sandbox, customer: User, reference: str
) -> None:
    astrologer, staff = new_member(practice, "provider"), new_member(practice, "staff")
    Provider.objects.filter(resource=practice.person).update(user=astrologer)
    other = new_practice(sandbox, slug="other")
    booked(other, sandbox, now=NOW)

    shown = {
        "customer": read(customer, "customer"),
        "astrologer": read(astrologer, "provider"),
        "staff": read(staff, "business", "jyoti"),
        "stranger": read(new_user(), "customer"),
    }

    references = {who: [event["UID"] for event in events] for who, events in shown.items()}
    mine = [f"{reference}@localhost"]
    assert references == {"customer": mine, "astrologer": mine, "staff": mine, "stranger": []}
    assert "customer" in shown["staff"][0]["SUMMARY"]


@pytest.mark.spec("GEN-2")
@pytest.mark.parametrize(
    ("scope", "business"), [("business", "jyoti"), ("business", "other"), ("provider", ""), ("all", "")]
)
def test_nobody_is_given_a_calendar_that_is_not_theirs(
    practice: Practice, customer: User, scope: str, business: str
) -> None:
    answer = browser_of(customer).post(PAGE, {"scope": scope, "business": business})

    assert answer.status_code == 404
    assert not CalendarFeed.objects.exists()


@pytest.mark.spec("GEN-2")
def test_who_leaves_a_business_reads_its_calendar_no_more(practice: Practice, reference: str) -> None:
    staff = new_member(practice, "staff")
    key = key_of(make_feed(staff, "business", business="jyoti", now=NOW))
    before = calendar_under(key, now=NOW)

    Member.objects.filter(user=staff).delete()

    assert reference.encode() in before.replace(b"\r\n ", b"")
    with pytest.raises(NotFound):
        calendar_under(key, now=NOW)


def test_an_account_that_is_closed_has_no_calendar(customer: User, reference: str) -> None:
    key = key_of(make_feed(customer, "customer", now=NOW))

    User.objects.filter(pk=customer.pk).update(is_active=False)

    with pytest.raises(NotFound):
        calendar_under(key, now=NOW)


def test_a_calendar_begins_some_weeks_ago(customer: User, reference: str) -> None:
    key = key_of(make_feed(customer, "customer", now=NOW))

    long_after = Calendar.from_ical(calendar_under(key, now=START + timedelta(days=61)))

    assert long_after.walk("VEVENT") == []


def test_who_may_have_which(practice: Practice) -> None:
    owner = new_member(practice, "owner")
    Provider.objects.filter(resource=practice.person).update(user=owner)

    names = [feed.name for feed in feeds_of(owner)]

    assert names == ["What you have booked", "What you give", "All of Jyoti"]


INSERT = 'INSERT INTO "holdfast_notifications_calendarfeed"'


def test_two_addresses_asked_for_at_once_leave_one_that_works(customer: User) -> None:
    ask = partial(make_feed, customer, "customer", now=NOW)

    made = without_locks(ask, ask, meet_before=INSERT)

    assert CalendarFeed.objects.count() == 1
    assert sum(is_good(str(address)) for address in made) == 1


def test_without_the_constraint_both_would_work(customer: User) -> None:
    """The negative control."""
    ask = partial(make_feed, customer, "customer", now=NOW)

    with without(CalendarFeed, "one_feed_of_a_kind"):
        made = without_locks(ask, ask, meet_before=INSERT)
        good = sum(is_good(str(address)) for address in made)

    assert good == 2


def is_good(address: str) -> bool:
    return Client().get(address).status_code == 200

"""The documented sequence of a lesson, typed as it stands but for ids and dates, against the running demo."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.newcomer import PASSWORD, Demo

pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.spec("COA-2", "COA-3", "COA-4", "COA-5", "COA-6", "COA-7"),
]
INDIA = timedelta(hours=5, minutes=30)


class Person:
    """Somebody of the demo, with a bearer token."""

    def __init__(self, demo: Demo, email: str) -> None:
        self.demo, self.email = demo, email
        self.headers = {"Authorization": f"Bearer {demo.token_of(email)}"}

    def post(self, path: str, body: Any = None) -> httpx.Response:
        return self.demo.http.post(f"/booking/api{path}", json=body or {}, headers=self.headers)

    def get(self, path: str) -> Any:
        return self.demo.http.get(f"/booking/api{path}", headers=self.headers).json()


@pytest.fixture
def customer(demo: Demo) -> Person:
    return Person(demo, "customer@demo.test")


@pytest.fixture
def coach(demo: Demo) -> Person:
    return Person(demo, "coach2@demo.test")


def first_course(demo: Demo) -> dict[str, Any]:
    listed: dict[str, Any] = demo.http.get("/booking/api/courses/").json()["results"][0]
    return listed


def soonest(demo: Demo, course: int) -> dict[str, str]:
    """The first free time from now on: within half an hour, for the course is given round the clock."""
    today = (datetime.now(UTC) + INDIA).date()
    for day in (today, today + timedelta(days=1)):
        told = demo.http.get(f"/booking/api/course/{course}/slots/", params={"date": day.isoformat()}).json()
        for slot in told["slots"]:
            return {"date": day.isoformat(), "start_time": slot["start_time"]}
    pytest.fail("nothing is free")


def paid(customer: Person, booking: int, *, how: str = "pay") -> dict[str, Any]:
    """Begin to pay, pay at the gateway, and prove it."""
    started = customer.post(f"/booking/{booking}/{how}/").json()
    httpx.post(started["payment_url"], data={"outcome": "pay"}, follow_redirects=False)
    told = {"payment_id": started["payment_id"], "payment_method": "credit_card"}
    answer = customer.post(f"/booking/{booking}/mark-paid/", told)
    assert answer.status_code == 200, answer.text
    marked: dict[str, Any] = answer.json()
    return marked


def test_the_sequence_ends_with_a_lesson_that_is_done(demo: Demo, customer: Person, coach: Person) -> None:
    course = first_course(demo)
    when = soonest(demo, course["id"])

    made = customer.post(f"/course/{course['id']}/create/", when).json()
    marked = paid(customer, made["booking_id"])
    accepted = coach.post(f"/booking/{made['booking_id']}/accept/").json()
    begin_at_the_desk(coach, made["booking_id"])
    done = coach.post(f"/booking/{made['booking_id']}/done/").json()

    assert (made["success"], made["message"]) == (True, "Booking created successfully")
    assert made["start_datetime"] == f"{when['date']}T{when['start_time']}:00"
    assert (marked["success"], marked["status"]) == (True, "paid")
    assert marked["message"] == "Booking marked as paid successfully"
    assert (accepted["status"], done["status"]) == ("confirmed", "done")
    listed = customer.get("/bookings/?role=user&status=done")["bookings"]
    assert made["booking_id"] in [booking["id"] for booking in listed]


@contextmanager
def browser_of(person: Person) -> Iterator[httpx.Client]:
    """A browser in which somebody has signed in."""
    url = person.demo.url
    with httpx.Client(base_url=url, timeout=60, follow_redirects=True) as browser:
        page = browser.get("/sign-in/")
        who = {"username": person.email, "password": PASSWORD}
        form = {**who, "csrfmiddlewaretoken": page.cookies["csrftoken"]}
        browser.post("/sign-in/", data=form, headers={"Referer": url})
        yield browser


def begin_at_the_desk(coach: Person, booking: int) -> None:
    """The coach need not wait for the clock: whoever has come early can begin."""
    reference = coach.get(f"/booking/{booking}/")["reference"]
    with browser_of(coach) as browser:
        token = {"csrfmiddlewaretoken": browser.cookies["csrftoken"]}
        address = f"/desk/bookings/{reference}/begin/"
        answer = browser.post(address, data=token, headers={"Referer": coach.demo.url})
        assert answer.status_code == 200, answer.text


def at_nine(demo: Demo, *, ahead: int) -> tuple[int, dict[str, str]]:
    """The documented time, of the documented day so many days from now."""
    day = (datetime.now(UTC).date() + timedelta(days=ahead)).isoformat()
    return first_course(demo)["id"], {"date": day, "start_time": "09:00"}


def test_the_five_documented_cases(demo: Demo, customer: Person, coach: Person) -> None:
    course, when = at_nine(demo, ahead=11)
    other = Person(demo, "other@demo.test")

    made = customer.post(f"/course/{course}/create/", when).json()
    booking = made["booking_id"]
    first = customer.get(f"/booking/{booking}/")["status"]
    unpaid = customer.post(f"/booking/{booking}/mark-paid/", {"payment_id": "PAY-12345"})
    strangers = other.post(f"/booking/{booking}/mark-paid/")
    marked = paid(customer, booking)
    again = customer.post(f"/booking/{booking}/mark-paid/")
    canceled = customer.post(f"/booking/{booking}/cancel/").json()

    assert made["end_datetime"] == f"{when['date']}T09:30:00"
    assert (first, marked["status"], canceled["status"]) == ("pending", "paid", "canceled")
    assert unpaid.status_code in (400, 402)
    assert (strangers.status_code, strangers.json()["error"]) == (
        403,
        "You are not authorized to update this booking",
    )
    assert (again.status_code, again.json()["error"]) == (
        400,
        "Only pending bookings can be marked as paid. Current status: paid",
    )


def test_a_time_that_is_booked_conflicts_in_the_documented_words(demo: Demo, customer: Person) -> None:
    course, when = at_nine(demo, ahead=12)
    other = Person(demo, "other@demo.test")
    customer.post(f"/course/{course}/create/", when)

    answer = other.post(f"/course/{course}/create/", when)

    assert answer.status_code == 409
    assert answer.json()["error"] == "This time slot conflicts with an existing booking"
    assert answer.json()["nearest_slots"]


def test_what_is_not_there_is_not_found_in_the_documented_words(customer: Person) -> None:
    answer = customer.post("/booking/999999/mark-paid/")

    assert (answer.status_code, answer.json()) == (404, {"error": "Booking not found"})


def test_a_coach_sees_what_was_booked_with_them_as_documented(
    demo: Demo, customer: Person, coach: Person
) -> None:
    course, when = at_nine(demo, ahead=13)
    booking = customer.post(f"/course/{course}/create/", when).json()["booking_id"]

    told = coach.get("/bookings/?role=coach&status=pending")

    (listed,) = [one for one in told["bookings"] if one["id"] == booking]
    assert told["count"] >= 1
    assert (listed["user_name"], listed["course_title"]) == ("A customer", "Training plan, online")
    assert (listed["date"], listed["start_time"], listed["end_time"]) == (when["date"], "09:00", "09:30")
    assert (listed["status"], listed["coach_name"]) == ("pending", "The second coach")


@pytest.mark.spec("GEN-13")
def test_every_link_of_every_mail_leads_to_a_page(demo: Demo, customer: Person, coach: Person) -> None:
    course, when = at_nine(demo, ahead=14)
    booking = customer.post(f"/course/{course}/create/", when).json()["booking_id"]
    started = customer.post(f"/booking/{booking}/pay/").json()
    httpx.post(started["payment_url"], data={"outcome": "fail"}, follow_redirects=False)
    mail_named(demo, "not_paid.")
    paid(customer, booking, how="retry-payment")
    coach.post(f"/booking/{booking}/accept/")
    mail_named(demo, f"confirmed.booking.{booking}.")

    links = {link for file in (demo.home / "mail").glob("*.eml") for link in links_of(file, demo.url)}

    with browser_of(customer) as customers, browser_of(Person(demo, "staff@demo.test")) as staffs:
        for link in sorted(links):
            browser = staffs if "/desk/" in link else customers
            assert browser.get(link).status_code == 200, link
    assert f"{demo.url}/payment/confirm/{booking}/" in links


def mail_named(demo: Demo, start: str) -> None:
    """Come back when the worker has sent a mail whose Message-ID begins so."""
    for _ in range(300):  # it looks for work twice a second
        if any((demo.home / "mail").glob(f"{start}*")):
            return
        demo.rows("SELECT pg_sleep(0.1)")
    pytest.fail(f"no mail {start} was sent")


def links_of(file: Path, url: str) -> list[str]:
    mail = message_from_bytes(file.read_bytes(), policy=policy.default)
    text = mail.get_body(("plain",))
    assert text is not None
    return [word for word in text.get_content().split() if word.startswith(url)]

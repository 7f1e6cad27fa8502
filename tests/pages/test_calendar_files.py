"""Calendar files that go along with mail, as a calendar program reads them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from icalendar import Calendar

from holdfast.catalog.models import Provider
from holdfast.flows.approval import decline_unanswered
from holdfast.flows.cancellation import cancel_booking
from holdfast.flows.rescheduling import reschedule_booking
from holdfast.notifications.ics import Appointment, Person, feed, invitation
from holdfast.platform.models import User
from tests.support.booked import booked
from tests.support.practice import DAY, NOW, Practice, new_member, new_user
from tests.support.sandbox import Sandbox
from tests.support.ways import HOLD, waiting
from tests.support.worker import work

pytestmark = pytest.mark.spec("GEN-13")
START = NOW + timedelta(days=1)  # ten o'clock on DAY, in Kolkata
HALF_AN_HOUR = timedelta(minutes=30)
BEFORE = NOW - timedelta(days=1)


def files() -> list[tuple[str, str, Any]]:
    """Whom each file was sent to, its type, and what is in it; in the order of the mails."""
    sent = [(message.to[0], part) for message in mail.outbox for part in message.attachments]
    return [
        (to, part["Content-Type"], Calendar.from_ical(part.get_payload(decode=True))) for to, part in sent
    ]


def the_event(calendar: Any) -> Any:
    (event,) = calendar.walk("VEVENT")
    return event


@pytest.fixture
def reference(practice: Practice, sandbox: Sandbox, customer: User) -> str:
    practice.business.email = "hello@jyoti.test"
    practice.business.save()
    practice.offering.place = "12, Temple Road; second floor"
    practice.offering.save()
    return booked(practice, sandbox, user=customer, now=BEFORE)


def test_a_confirmation_brings_the_appointment_as_a_file(reference: str) -> None:
    work()

    ((to, kind, calendar),) = files()
    event = the_event(calendar)
    assert (to, calendar["METHOD"]) == ("user@example.com", "REQUEST")
    assert kind == 'text/calendar; charset="utf-8"; method="REQUEST"'
    assert (event.start, event.end) == (START, START + HALF_AN_HOUR)
    assert (event["UID"], event["STATUS"]) == (f"{reference}@localhost", "CONFIRMED")
    assert event["SUMMARY"] == "Gemstone Consultation (Jyoti)"
    assert event["LOCATION"] == "12, Temple Road; second floor"
    assert event["ORGANIZER"] == "mailto:hello@jyoti.test"
    assert event["URL"] == f"http://testserver/confirmation?astro_book_id={reference}"
    assert reference in event["DESCRIPTION"]


def test_a_move_changes_the_same_entry_and_a_cancellation_takes_it_out(
    customer: User, reference: str
) -> None:
    reschedule_booking(
        reference, datetime.fromisoformat(f"{DAY}T14:00"), by=customer, trade="astrology", now=BEFORE
    )
    work()
    cancel_booking(reference, by=customer, trade="astrology", now=BEFORE)
    work()

    calendars = [calendar for _, _, calendar in files()]
    events = [the_event(calendar) for calendar in calendars]
    assert {event["UID"] for event in events} == {f"{reference}@localhost"}
    assert calendars[-1]["METHOD"] == "CANCEL"
    assert [event["STATUS"] for event in events] == ["CONFIRMED", "CONFIRMED", "CANCELLED"]
    assert events[1].start == START + 4 * timedelta(hours=1)
    assert events[1]["SEQUENCE"] < events[2]["SEQUENCE"]


def test_what_was_never_confirmed_is_in_nobodys_calendar(practice: Practice, sandbox: Sandbox) -> None:
    story = waiting(practice, sandbox, HOLD)
    story.decline()

    work()

    assert {message.subject.split(":")[0] for message in mail.outbox} >= {"Received", "Declined"}
    assert files() == []


def test_who_gives_it_is_told_with_a_file_of_their_own(
    practice: Practice, sandbox: Sandbox, customer: User
) -> None:
    astrologer = new_member(practice, "provider")
    Provider.objects.filter(resource=practice.person).update(user=astrologer)
    reference = booked(practice, sandbox, user=customer, now=BEFORE)
    cancel_booking(reference, by=customer, trade="astrology", now=BEFORE)

    work()

    told = [message for message in mail.outbox if message.to == [astrologer.email]]
    assert [message.subject.split(":")[0] for message in told] == ["Booked with you", "Canceled"]
    assert all(reference in message.body for message in told)
    (event, _) = [the_event(calendar) for to, _, calendar in files() if to == astrologer.email]
    assert event["SUMMARY"] == "Gemstone Consultation: A customer"
    assert event["URL"] == f"http://testserver/desk/bookings/{reference}/"


def test_who_gives_it_is_asked_to_answer_beside_the_business(practice: Practice, sandbox: Sandbox) -> None:
    practice.business.email = "hello@jyoti.test"
    practice.business.save()
    astrologer = new_member(practice, "provider")
    Provider.objects.filter(resource=practice.person).update(user=astrologer)
    waiting(practice, sandbox, replace(HOLD, provider_word="coach"))

    work()

    asked = {message.to[0] for message in mail.outbox if message.subject.startswith("Please answer")}
    (received,) = [message for message in mail.outbox if message.subject.startswith("Received")]
    assert asked == {"hello@jyoti.test", astrologer.email}
    assert "your coach answers by" in received.body
    assert "Coach:     Astrologer" in received.body


def test_who_gives_it_hears_when_the_clock_has_declined_it(practice: Practice, sandbox: Sandbox) -> None:
    coach = new_member(practice, "provider")
    Provider.objects.filter(resource=practice.person).update(user=coach)
    story = waiting(practice, sandbox, HOLD)
    until = story.booking.answer_by
    assert until is not None
    decline_unanswered(now=until)

    work()

    (told,) = [one for one in mail.outbox if one.to == [coach.email] and one.subject.startswith("Declined")]
    assert "nobody has answered in time" in told.body
    assert not told.attachments


def test_who_has_no_account_or_may_not_sign_in_is_not_written_to(
    practice: Practice, sandbox: Sandbox
) -> None:
    gone = new_user(is_active=False)
    Provider.objects.filter(resource=practice.person).update(user=gone)
    booked(practice, sandbox, now=BEFORE)

    work()

    assert [message.to for message in mail.outbox] == [["user@example.com"]]


def an_appointment(**over: Any) -> Appointment:
    given: dict[str, Any] = {
        "uid": "X@localhost",
        "sequence": 1,
        "starts_at": START,
        "ends_at": START + HALF_AN_HOUR,
        "changed_at": BEFORE,
        "title": "A reading",
        "status": "CONFIRMED",
        "said": "With somebody\nReference: X",
        "place": "",
        "page": "http://testserver/x",
    }
    return Appointment(**given | over)


HOSTILE = 'x"; \r\nBEGIN:VALARM\r\nEND:VALARM\n,ö\\n;'


def test_what_people_write_stays_text() -> None:
    one = an_appointment(title=HOSTILE, place=HOSTILE, said=HOSTILE)

    content = invitation(
        one, organizer=Person(HOSTILE, "a@example.com"), guest=Person(HOSTILE, "b@example.com"), now=NOW
    )

    event = the_event(Calendar.from_ical(content))
    assert [part.name for part in Calendar.from_ical(content).walk()] == ["VCALENDAR", "VEVENT"]
    assert "ö" in event["SUMMARY"]
    assert max(len(line) for line in content.split(b"\r\n")) <= 75


def test_a_name_of_several_lines_is_written_on_one() -> None:
    two_lines = Person("A\ncaller", "caller@example.com")

    content = invitation(an_appointment(), organizer=two_lines, guest=two_lines, now=NOW)

    event = the_event(Calendar.from_ical(content))
    assert event["ATTENDEE"].params["CN"] == event["ORGANIZER"].params["CN"] == "A caller"


@pytest.mark.parametrize(
    ("local", "zone_offset"),
    [
        ("2027-03-27T10:00", 1),  # Europe/Berlin, the day before the clocks go forward
        ("2027-03-28T10:00", 2),
        ("2027-10-30T10:00", 2),
        ("2027-10-31T10:00", 1),
    ],
)
def test_a_time_is_the_same_moment_before_and_after_the_clocks_change(local: str, zone_offset: int) -> None:
    starts_at = datetime.fromisoformat(local).replace(tzinfo=ZoneInfo("Europe/Berlin"))
    one = an_appointment(starts_at=starts_at, ends_at=starts_at + HALF_AN_HOUR)

    read = the_event(Calendar.from_ical(feed([one], name="x")))

    assert read.start == starts_at
    assert read.start == datetime.fromisoformat(local).replace(tzinfo=UTC) - timedelta(hours=zone_offset)
    assert read.end - read.start == HALF_AN_HOUR


def test_the_same_appointments_are_the_same_bytes() -> None:
    assert feed([an_appointment()], name="x") == feed([an_appointment()], name="x")

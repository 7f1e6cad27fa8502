"""Reminders: a day and two hours before, once for every start that a booking has."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.core import mail
from django.db import connection

from holdfast.booking.models import Booking
from holdfast.catalog.terms import Way
from holdfast.flows.actors import Shopper
from holdfast.flows.cancellation import cancel_booking
from holdfast.flows.checkout import reserve
from holdfast.flows.recording import Method, Taken, record_payment
from holdfast.flows.reminding import remind
from holdfast.flows.rescheduling import reschedule_booking
from holdfast.notifications.models import Email
from holdfast.platform.models import User
from holdfast.surfaces.astrology.terms import TERMS
from tests.support.booked import booked
from tests.support.database import empty_database
from tests.support.meeting import without_locks
from tests.support.practice import DAY, NOW, Practice, new_member, new_practice, new_user, wish
from tests.support.sandbox import Sandbox
from tests.support.statements import count_statements
from tests.support.worker import work

pytestmark = pytest.mark.spec("GEN-13")
START = NOW + timedelta(days=1)  # ten o'clock on DAY, in Kolkata
A_MINUTE, AN_HOUR, A_DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NEXT_DAY = (datetime.fromisoformat(DAY) + A_DAY).date().isoformat()


@pytest.fixture
def reference(practice: Practice, sandbox: Sandbox, customer: User) -> str:
    """The customer's booking for ten o'clock, made and paid for two days before, and told of."""
    made = booked(practice, sandbox, user=customer, now=NOW - A_DAY)
    work()
    mail.outbox.clear()
    return made


def reminded(*moments: datetime) -> list[str]:
    """The subjects of what is sent when these are reminded at, one after the other."""
    for now in moments:
        remind(now=now)
        work()
    return [str(message.subject) for message in mail.outbox]


def by_hand(practice: Practice, *, day: str, now: datetime) -> None:
    """Booked for ten o'clock, and paid in cash: the sandbox knows only its own time."""
    terms = replace(TERMS, way=Way.HOLD_THEN_PAY)
    made = reserve(replace(wish(practice, day=day), terms=terms), by=Shopper(new_user(), None), now=now)
    taken = Taken(made.placed.due.money, Method.CASH)
    record_payment(
        made.bookings[0].reference, taken, by=new_member(practice, "staff"), trade="astrology", now=now
    )


def sent() -> list[Any]:
    return list(mail.outbox)


def reminders() -> int:
    return Email.objects.filter(kind__startswith="reminder").count()


def test_whoever_has_booked_is_reminded_a_day_and_two_hours_before(reference: str) -> None:
    too_early = reminded(START - A_DAY - A_MINUTE)

    subjects = reminded(START - A_DAY, START - 3 * AN_HOUR, START - 2 * AN_HOUR, START - A_MINUTE)

    assert too_early == []
    assert len(subjects) == 2
    assert all(subject.startswith("Reminder: Gemstone Consultation, ") for subject in subjects)
    assert all("10:00–10:30 (Asia/Kolkata time)" in message.body for message in mail.outbox)
    booking = Booking.objects.get()
    named = [message.extra_headers["Message-ID"] for message in mail.outbox]
    step = int(START.timestamp())
    assert named == [f"<reminder_{when}.booking.{booking.pk}.{step}@localhost>" for when in ("24h", "2h")]


def test_a_reminder_says_where_it_is(practice: Practice, reference: str) -> None:
    practice.offering.place = "https://meet.example/room"
    practice.offering.save()

    reminded(START - 2 * AN_HOUR)

    (message,) = sent()
    ((html, _),) = message.alternatives
    assert "Where:     https://meet.example/room" in message.body
    assert '<a href="https://meet.example/room"' in html


def test_after_a_pause_only_the_nearer_of_the_two_is_sent(reference: str) -> None:
    subjects = reminded(START - AN_HOUR, START - AN_HOUR + A_MINUTE)

    assert len(subjects) == 1
    assert list(Email.objects.filter(kind__startswith="rem").values_list("kind", flat=True)) == [
        "reminder_2h"
    ]


def test_who_books_at_the_last_moment_is_not_reminded_of_what_was_said_just_now(
    practice: Practice, sandbox: Sandbox, customer: User
) -> None:
    booked(practice, sandbox, user=customer, now=START - 3 * AN_HOUR)

    remind(now=START - 3 * AN_HOUR + A_MINUTE)
    before = reminders()
    remind(now=START - 2 * AN_HOUR)

    assert before == 0
    assert list(Email.objects.filter(kind__startswith="rem").values_list("kind", flat=True)) == [
        "reminder_2h"
    ]


def test_a_booking_that_moves_is_reminded_of_at_its_new_time_and_no_more_at_the_old(
    customer: User, reference: str
) -> None:
    reminded(START - A_DAY)
    moved_at = START - A_DAY + A_MINUTE
    reschedule_booking(
        reference,
        datetime.fromisoformat(f"{NEXT_DAY}T12:00"),
        by=customer,
        trade="astrology",
        now=moved_at - 2 * A_MINUTE,
    )
    work()
    mail.outbox.clear()

    at_the_old = reminded(START - 2 * AN_HOUR, START + A_MINUTE)
    at_the_new = reminded(START + 2 * AN_HOUR, START + A_DAY)

    assert at_the_old == []
    assert len(at_the_new) == 2
    assert all("12:00–12:30" in message.body for message in mail.outbox)


def test_one_that_moves_before_its_reminder_is_sent_is_not_reminded_of_where_it_was(
    customer: User, reference: str
) -> None:
    remind(now=START - A_DAY)
    reschedule_booking(
        reference,
        datetime.fromisoformat(f"{NEXT_DAY}T12:00"),
        by=customer,
        trade="astrology",
        now=START - A_DAY,
    )

    work()

    assert [message.subject.split(":")[0] for message in mail.outbox] == ["Moved"]


def test_nobody_is_reminded_of_what_is_canceled(customer: User, reference: str) -> None:
    remind(now=START - A_DAY)
    cancel_booking(reference, by=customer, trade="astrology", now=START - A_DAY)

    work()
    later = remind(now=START - AN_HOUR)

    assert [message.subject.split(":")[0] for message in mail.outbox] == ["Canceled"]
    assert later == 0


def test_the_sweep_costs_the_same_with_nothing_to_say_however_many_are_booked(
    practice: Practice, sandbox: Sandbox, reference: str
) -> None:
    with count_statements() as one:
        remind(now=START - 2 * A_DAY)
    for number in range(3):
        booked(practice, sandbox, at=f"1{number + 1}:00", now=NOW - A_DAY)

    with count_statements() as four:
        remind(now=START - 2 * A_DAY)

    assert len(four) == len(one) == 2


INSERT = 'INSERT INTO "holdfast_notifications_email"'


def test_two_sweeps_at_once_remind_once(reference: str) -> None:
    sweep = partial(remind, now=START - A_DAY)

    without_locks(sweep, sweep, meet_before=INSERT)
    work()

    assert (reminders(), len(mail.outbox)) == (1, 1)


def test_without_the_unique_name_they_would_write_it_down_twice(reference: str) -> None:
    """The negative control."""
    sweep = partial(remind, now=START - A_DAY)

    with without_unique_names():
        without_locks(sweep, sweep, meet_before=INSERT)
        written = reminders()

    assert written == 2


@contextmanager
def without_unique_names() -> Iterator[None]:
    table = Email._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname FROM pg_constraint WHERE contype = 'u' AND conrelid = %s::regclass", [table]
        )
        found: Any = cursor.fetchone()
        cursor.execute(f'ALTER TABLE "{table}" DROP CONSTRAINT "{found[0]}"')
    try:
        yield
    finally:
        empty_database()
        with connection.cursor() as cursor:
            cursor.execute(f'ALTER TABLE "{table}" ADD CONSTRAINT "{found[0]}" UNIQUE (message_id)')


def test_the_hours_are_hours_also_when_clocks_change(
    sandbox: Sandbox, db: None, cheap_passwords: None
) -> None:
    practice = new_practice(sandbox, slug="berlin")
    practice.business.timezone = "Europe/Berlin"
    practice.business.save()
    change = datetime.fromisoformat("2027-03-28T01:00:00+00:00")  # from two to three o'clock
    by_hand(practice, day="2027-03-28", now=change - 10 * A_DAY)
    start = Booking.objects.get().starts_at

    reminded(start - A_DAY - A_MINUTE)
    before = reminders()
    reminded(start - A_DAY)

    assert start == datetime.fromisoformat("2027-03-28T08:00:00+00:00")
    assert (before, reminders()) == (0, 1)
    assert "10:00–10:30 (Europe/Berlin time)" in mail.outbox[-1].body

"""Mail as a real mail server gets it: whole, well formed, and once, whatever the server says at first."""

from __future__ import annotations

import pytest
from django.db import connection

from holdfast.booking.models import Booking
from holdfast.notifications.models import Email
from holdfast.notifications.sending import Mail
from tests.support.booked import booked
from tests.support.practice import Practice
from tests.support.sandbox import Sandbox
from tests.support.smtp import BARE_LF, Mailroom, mailroom
from tests.support.worker import work

__all__ = ["mailroom"]
pytestmark = pytest.mark.spec("GEN-13")


@pytest.fixture
def booking(practice: Practice, sandbox: Sandbox) -> Booking:
    """One that is confirmed, and whose mail waits to be sent."""
    booked(practice, sandbox)
    return Booking.objects.get()


def work_again() -> None:
    """The worker, once what has failed is due again."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET scheduled_at = now() WHERE status = 'todo'")
    work()


def test_a_confirmation_is_text_html_and_a_calendar_file(booking: Booking, mailroom: Mailroom) -> None:
    work()

    (message,) = mailroom.taken
    assert message["To"] == "user@example.com"
    assert message["Message-ID"] == f"<confirmed.booking.{booking.pk}@localhost>"
    assert message["Subject"].startswith("Confirmed: Gemstone Consultation, ")
    assert [part.get_content_type() for part in message.walk() if not part.is_multipart()] == [
        "text/plain",
        "text/html",
        "text/calendar",
    ]
    for part in message.walk():
        if not part.is_multipart():
            assert booking.reference in part.get_content().replace("\r\n ", "")


def test_no_line_of_it_ends_in_a_bare_line_feed_or_is_too_long(booking: Booking, mailroom: Mailroom) -> None:
    work()

    (raw,) = mailroom.raw
    assert not BARE_LF.search(raw)
    assert max(map(len, raw.split(b"\r\n"))) <= 998


@pytest.mark.parametrize("at_first", ["451 Try again later", "554 No", "421 Too busy", None])
def test_what_the_server_does_not_take_at_first_it_is_sent_again_and_takes_once(
    booking: Booking, mailroom: Mailroom, at_first: str | None
) -> None:
    mailroom.says = [at_first]

    work()
    refused = (mailroom.asked, len(mailroom.raw), Email.objects.filter(sent_at=None).count())
    work_again()
    work_again()

    assert refused == (1, 0, 1)
    assert (mailroom.asked, len(mailroom.taken)) == (2, 1)
    assert Email.objects.get().sent_at is not None


@pytest.mark.spec("HOT-7")
@pytest.mark.parametrize(
    "subject",
    [
        "Payment authorized — awaiting hotel confirmation (HB-7K2M4Q9ZT1B8X0CD)",
        "Booking Confirmed - HB-7K2M4Q9ZT1B8X0CD",
        "Bestätigt: Zimmer für übermorgen — नमस्ते, " + "ü" * 90,
    ],
)
def test_a_subject_arrives_to_the_letter(db: None, mailroom: Mailroom, subject: str) -> None:
    Mail(subject, "body", to=["guest@example.com"]).send()

    (message,) = mailroom.taken
    assert message["Subject"] == subject
    assert max(map(len, mailroom.raw[0].split(b"\r\n"))) <= 78


def test_an_answer_that_was_lost_leads_to_a_repeat_under_the_same_name(
    booking: Booking, mailroom: Mailroom
) -> None:
    work()
    Email.objects.update(sent_at=None)  # as if the worker had died before it could note it
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'todo' WHERE args->>'kind' = 'email'")
    work_again()

    first, second = mailroom.taken
    assert first["Message-ID"] == second["Message-ID"]

"""A mail is written down before it is sent: a database that can keep nothing sends nothing twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.core import mail
from django.db import DatabaseError, connection

from holdfast.booking.models import Booking
from holdfast.notifications.email import deliver
from holdfast.notifications.models import Email
from tests.flows.died import Died, died_after
from tests.flows.door import LATER
from tests.support.booked import booked
from tests.support.practice import Practice
from tests.support.sandbox import Sandbox

TABLE = '"holdfast_notifications_email"'


@pytest.fixture
def booking(practice: Practice, sandbox: Sandbox) -> int:
    booked(practice, sandbox)
    return Booking.objects.get().line_id


@contextmanager
def no_room() -> Iterator[None]:
    """The table takes no row more."""
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {TABLE} ADD CONSTRAINT no_room CHECK (false) NOT VALID")
        try:
            yield
        finally:
            cursor.execute(f"ALTER TABLE {TABLE} DROP CONSTRAINT no_room")


def test_what_cannot_be_written_down_is_not_sent_until_it_can(booking: int) -> None:
    with no_room():
        for _ in range(3):
            with pytest.raises(DatabaseError):
                deliver("confirmed", booking=booking, now=LATER)
    sent_without_room = len(mail.outbox)
    deliver("confirmed", booking=booking, now=LATER)

    assert sent_without_room == 0
    assert len(mail.outbox) == 1
    assert Email.objects.get().sent_at == LATER


def test_a_mail_that_was_written_down_and_not_sent_is_sent_by_the_next(booking: int) -> None:
    with pytest.raises(Died), died_after(f"INSERT INTO {TABLE}"):
        deliver("confirmed", booking=booking, now=LATER)
    sent_before = len(mail.outbox)
    for _ in range(2):
        deliver("confirmed", booking=booking, now=LATER)

    assert (sent_before, len(mail.outbox), Email.objects.count()) == (0, 1, 1)

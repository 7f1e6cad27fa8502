"""The cursor misses nothing, in whatever order transactions commit."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from django.db import connection

from holdfast.booking.models import Booking
from holdfast.flows.approval import decline_booking
from holdfast.flows.following import Cursor, changes_after, latest
from holdfast.kernel.clock import utc_now
from holdfast.notifications.live import channel_of
from holdfast.platform.models import Transition, User
from holdfast.platform.waking import LATEST
from holdfast.surfaces.hotels.terms import TRADE
from tests.live.moves import a_booking, move
from tests.support.academy import Academy
from tests.support.hotel import Hotel, authorized
from tests.support.processes import database_of_the_tests
from tests.support.sandbox import Sandbox
from tests.support.ways import SOON

MOVED = """
    INSERT INTO holdfast_platform_transition
        (subject, subject_id, seq, before, event, after, actor, reason, at)
    VALUES ('booking', %s, 1, 'pending_payment', 'cancel', 'canceled', 'clock', '', now()) RETURNING id
"""


@pytest.fixture
def slow() -> Iterator[psycopg.Connection]:
    """Another transaction, which takes its time."""
    with psycopg.connect(database_of_the_tests()) as other:
        yield other
        other.rollback()


def position() -> Cursor:
    with connection.cursor() as asked:
        asked.execute(LATEST)
        return latest(asked.fetchone())


def read(cursor: Cursor) -> tuple[list[str], Cursor]:
    """The bookings that have moved since, and how far one has come."""
    found = changes_after(cursor, limit=100)
    return [change.update.reference for change in found], found[-1].cursor if found else cursor


def two(academy: Academy, customer: User) -> tuple[Booking, Booking]:
    return a_booking(academy, customer, at="10:00"), a_booking(academy, customer, at="11:00")


@pytest.mark.spec("BC-27", "HOT-7")
def test_what_commits_late_is_read_in_its_turn(
    academy: Academy, customer: User, slow: psycopg.Connection
) -> None:
    late, prompt = two(academy, customer)
    cursor = position()
    slow.execute(MOVED, [late.pk])
    move(prompt, "cancel")

    meanwhile, cursor = read(cursor)
    slow.commit()
    afterwards, cursor = read(cursor)

    assert meanwhile == []
    assert afterwards == [late.reference, prompt.reference]
    assert read(cursor) == ([], cursor)


@pytest.mark.spec("BC-27")
def test_a_cursor_on_ids_alone_would_lose_it(
    academy: Academy, customer: User, slow: psycopg.Connection
) -> None:
    late, prompt = two(academy, customer)
    rows = Transition.objects.filter(subject="booking", seq=1)
    slow.execute(MOVED, [late.pk])
    move(prompt, "cancel")

    highest, whose = rows.values_list("id", "subject_id").get()
    slow.commit()

    assert whose == prompt.pk
    assert rows.filter(id__gt=highest).count() == 0, (
        "the late one has a lower id, and nobody comes back for it"
    )
    assert rows.count() == 2


@pytest.mark.spec("HOT-3", "HOT-7")
def test_a_stay_is_told_of_from_its_hold_to_its_answer(
    hotel: Hotel, reserving: Sandbox, speeches: None
) -> None:
    cursor = position()
    seen = authorized(hotel, reserving)
    decline_booking(seen.booking_id, by=hotel.staff, trade=TRADE, now=SOON)

    told = [change.update.data for change in changes_after(cursor, limit=10)]

    assert [(one["booking_id"], one["status"]) for one in told] == [
        (seen.booking_id, status) for status in ("PENDING_PAYMENT", "PENDING_APPROVAL", "DECLINED")
    ]
    assert channel_of(hotel.business.slug, trade=TRADE) == "hotel-lake-view"


def test_an_open_transaction_that_has_written_nothing_holds_nobody_up(
    academy: Academy, customer: User, slow: psycopg.Connection
) -> None:
    booking, _ = two(academy, customer)
    cursor = position()
    slow.execute("SELECT 1")
    move(booking, "cancel")

    assert read(cursor)[0] == [booking.reference]


@pytest.mark.parametrize("written", ["", "7", "7-", "-7", "7-x", "7-7-7", "9" * 30 + "-1", "7 -1"])
def test_what_is_no_cursor_is_none(written: str) -> None:
    assert Cursor.read(written) is None
    assert Cursor.read("744-31") == Cursor(744, 31)
    assert str(Cursor(744, 31)) == "744-31"


def test_what_is_read_is_found_by_an_index(academy: Academy, customer: User) -> None:
    booking = a_booking(academy, customer)
    Transition.objects.bulk_create(
        Transition(
            subject="other", subject_id=n, seq=0, event="create", after="open", actor="x", at=utc_now()
        )
        for n in range(2000)
    )
    with connection.cursor() as asked:
        asked.execute("ANALYZE holdfast_platform_transition")
        asked.execute(f"EXPLAIN {LATEST}")
        plan = "\n".join(line for (line,) in asked.fetchall())

    assert booking.state == "pending_payment"
    assert "bookings_to_follow" in plan

"""Each check of ``make prove`` says nothing of clean books, and speaks when they are wrong."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from procrastinate.contrib.django.models import ProcrastinateJob

from holdfast.availability.models import Allocation
from holdfast.booking.models import Booking
from holdfast.flows.cancellation import cancel_booking
from holdfast.payments.models import Payment
from prove.books import Account, differences
from prove.checks import CHECKS
from prove.customer import Seen
from prove.killer import Kill
from prove.mailbox import Mail, Mailbox
from tests.prove.known import after, found
from tests.support.booked import booked
from tests.support.carts import TRADE, comes_in, filled, three_of
from tests.support.practice import NOW, Practice
from tests.support.sandbox import Sandbox
from tests.support.without import without

PAID = 199900
HAS_ITS_MONEY = "every live booking has its money"


@pytest.fixture
def reference(practice: Practice, sandbox: Sandbox, mailbox: Mailbox) -> str:
    """A booking that is paid for, and whose customer has been told."""
    made = booked(practice, sandbox)
    mailbox.mails.append(Mail(f"confirmed.booking.{Booking.objects.get().pk}", taken_at=100))
    return made


def test_clean_books_make_no_check_speak(reference: str, mailbox: Mailbox) -> None:
    seen = Seen(told=[("payment", reference)])

    with after(mailbox, seen=seen) as known:
        assert found(known) == []


def test_books_differ_by_what_one_side_has_and_the_other_has_not() -> None:
    theirs = {"same": Account(500), "more": Account(500), "theirs": Account(300, 300), "unpaid": Account()}
    ours = {"same": Account(500), "more": Account(400, 50), "ours": Account(70)}

    assert differences(theirs, ours) == {"more": 150, "theirs": 600, "ours": 70}


def test_money_that_pays_nothing_is_found(reference: str, mailbox: Mailbox) -> None:
    Payment.objects.update(wins=False)

    with after(mailbox) as known:
        wrong = found(known)

    assert "every captured payment has its booking, its refund or its quarantine" in wrong
    assert "the audit is clean" in wrong


def test_a_live_booking_whose_money_has_left_is_found(reference: str, mailbox: Mailbox) -> None:
    Payment.objects.update(refunded=PAID)

    with after(mailbox) as known:
        assert HAS_ITS_MONEY in found(known)


@pytest.mark.spec("PUJ-5")
def test_a_cart_keeps_exactly_what_its_live_lines_cost(
    practice: Practice, sandbox: Sandbox, mailbox: Mailbox
) -> None:
    practice.business.promo_codes.create(code="TENTH", percent=10)
    cart = filled(*three_of(practice))
    cart.cheaper_by("TENTH")
    comes_in(sandbox, cart.place())
    first = Booking.objects.order_by("pk")[0]
    cancel_booking(first.reference, by=cart.user, trade=TRADE, now=NOW)

    with after(mailbox) as known:
        clean = CHECKS[HAS_ITS_MONEY](known)
        Payment.objects.update(refunding=0)  # as if what goes back had never been sent
        wrong = CHECKS[HAS_ITS_MONEY](known)

    assert clean == []
    assert len(wrong) == 1
    assert wrong[0].count("is confirmed") == 2


def test_one_time_that_two_have_is_found(reference: str, mailbox: Mailbox) -> None:
    kept = Allocation.objects.get()
    twin = {name: getattr(kept, name) for name in ("resource_id", "seat", "period", "state", "created_at")}

    with without(Allocation, "no_seat_twice"):
        Allocation.objects.create(owner="line:0", shared_by="another", **twin)
        with after(mailbox) as known:
            wrong = found(known)

    assert "no slot is sold twice" in wrong


@pytest.mark.parametrize(
    ("killed_at", "is_wrong"),
    [
        pytest.param(100.5, False, id="a kill right after the mail server's answer explains a repeat"),
        pytest.param(98.0, True, id="an earlier one does not"),
        pytest.param(130.0, True, id="nor one long after it"),
    ],
)
def test_a_repeated_email_is_found_unless_a_kill_explains_it(
    killed_at: float, is_wrong: bool, reference: str, mailbox: Mailbox
) -> None:
    mailbox.mails.append(Mail(mailbox.mails[0].id, taken_at=140))

    with after(mailbox, kills=(Kill("worker", killed_at, killed_at + 1),)) as known:
        wrong = found(known)

    assert wrong == (["no email is sent twice"] if is_wrong else [])


def test_a_kill_of_the_web_server_explains_no_repeated_email(reference: str, mailbox: Mailbox) -> None:
    mailbox.mails.append(Mail(mailbox.mails[0].id, taken_at=140))

    with after(mailbox, kills=(Kill("web", 100.5, 101),)) as known:
        assert found(known) == ["no email is sent twice"]


def test_a_booking_without_its_email_is_found(reference: str, mailbox: Mailbox) -> None:
    mailbox.mails.clear()

    with after(mailbox) as known:
        assert found(known) == ["every booking has its email"]


def test_a_booking_that_somebody_was_told_of_and_that_is_gone_is_found(
    reference: str, mailbox: Mailbox
) -> None:
    seen = Seen(told=[("payment", "ASTRO_BOOK_GONE")], canceled=[reference])

    with after(mailbox, seen=seen) as known:
        assert found(known) == ["what customers were told is true"]
        assert CHECKS["what customers were told is true"](known) == [
            "ASTRO_BOOK_GONE of payment is gone",
            f"{reference} is confirmed",
        ]


@pytest.mark.parametrize("status", ["failed", "doing"])
def test_a_job_that_is_stuck_is_found(status: str, reference: str, mailbox: Mailbox) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = %s::procrastinate_job_status", [status])
    assert ProcrastinateJob.objects.exists()

    with after(mailbox) as known:
        assert "no job is stuck" in found(known)


def test_a_message_that_nobody_has_fetched_for_a_minute_is_found(reference: str, mailbox: Mailbox) -> None:
    long_ago = NOW - timedelta(days=30)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET scheduled_at = %s", [long_ago])

    with after(mailbox) as known:
        assert found(known) == ["no job is stuck"]


@pytest.mark.parametrize(
    ("killed", "is_wrong"),
    [
        pytest.param("PostgreSQL", False, id="PostgreSQL was killed then"),
        pytest.param("web", True, id="something else was"),
    ],
)
def test_a_turn_of_the_clock_may_break_off_with_the_database_only(
    killed: str, is_wrong: bool, reference: str, mailbox: Mailbox
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET queue_name = 'clock', status = 'failed'")
        cursor.execute("SELECT extract(epoch FROM max(at))::float FROM procrastinate_events")
        (at,) = cursor.fetchone()

    with after(mailbox, kills=(Kill(killed, at - 3, at - 2),)) as known:
        assert ("no job is stuck" in found(known)) is is_wrong

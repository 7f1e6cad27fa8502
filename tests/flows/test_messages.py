"""What follows from a change: written with it, gone with it, delivered once, and never lost to a kill."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from procrastinate.contrib.django.models import ProcrastinateJob

from holdfast.booking.models import Booking
from holdfast.flows.reconciliation import reconcile
from holdfast.flows.settlement import settle
from holdfast.flows.tasks import HEARTBEAT_LOST_AFTER, expire_held_orders, take_back_stalled_jobs
from holdfast.notifications.models import Email
from holdfast.payments.models import Payment
from holdfast.platform.db import transaction
from holdfast.platform.outbox import post
from tests.flows.books import jobs, nothing_booked, standing_of
from tests.flows.died import Died, died_after, died_before
from tests.flows.door import LATER, deliver_sent
from tests.support.practice import NOW, Practice, held, payment_of
from tests.support.sandbox import Sandbox
from tests.support.worker import work


@pytest.mark.spec("BC-20")
def test_a_message_dies_with_the_change_that_it_belongs_to(db: None) -> None:
    with pytest.raises(Died), died_after("procrastinate_defer_job"), transaction():
        post("email", name="confirmed", booking=1)

    assert jobs() == {}


STEPS = (
    'UPDATE "holdfast_availability_allocation"',
    'UPDATE "holdfast_payments_payment"',
    'INSERT INTO "holdfast_payments_transaction"',
    'UPDATE "holdfast_orders_order"',
    'INSERT INTO "holdfast_booking_booking"',
    "procrastinate_defer_job",
)


@pytest.mark.spec("BC-20", "BC-7", "AST-4")
@pytest.mark.parametrize("step", STEPS)
def test_a_settlement_that_is_killed_at_any_step_leaves_nothing_and_is_made_whole_by_the_next(
    practice: Practice, sandbox: Sandbox, step: str
) -> None:
    checkout = held(practice)
    sandbox.settle(checkout.reference)

    with pytest.raises(Died), died_after(step):
        settle(payment_of(checkout).pk, now=LATER)
    assert standing_of(checkout.reference) == ("pending", "placed", "held")
    assert nothing_booked()
    assert jobs() == {}
    settle(payment_of(checkout).pk, now=LATER)

    assert standing_of(checkout.reference) == ("captured", "completed", "taken")
    assert jobs() == {"email": 1}


CHECKOUT_STEPS = (
    'INSERT INTO "holdfast_orders_order"',
    'INSERT INTO "holdfast_availability_allocation"',
    'INSERT INTO "holdfast_payments_payment"',
    'INSERT INTO "holdfast_platform_transition"',
)


@pytest.mark.spec("BC-7")
@pytest.mark.parametrize("step", CHECKOUT_STEPS)
def test_a_checkout_that_is_killed_before_it_is_written_down_was_never_made(
    practice: Practice, sandbox: Sandbox, step: str
) -> None:
    before = sandbox.calls().get("pay", 0)

    with pytest.raises(Died), died_after(step):
        held(practice)

    assert sandbox.calls().get("pay", 0) == before
    assert held(practice).payment_url


@pytest.mark.spec("BC-7")
def test_a_checkout_that_is_killed_when_the_gateway_has_answered_recovers(
    practice: Practice, sandbox: Sandbox
) -> None:
    with pytest.raises(Died), died_before("WITH moved AS"):
        held(practice)
    reference = Payment.objects.get().reference
    assert standing_of(reference) == ("created", "placed", "held")
    sandbox.settle(reference)

    reconcile(now=NOW + timedelta(seconds=22))

    assert standing_of(reference) == ("captured", "completed", "taken")


@pytest.mark.spec("BC-11")
def test_a_mail_is_sent_once_however_often_its_message_is_delivered(
    practice: Practice, sandbox: Sandbox
) -> None:
    checkout = held(practice)
    sandbox.settle(checkout.reference)
    settle(payment_of(checkout).pk, now=LATER)
    with transaction():
        post("email", name="confirmed", booking=Booking.objects.get().pk)
    assert jobs() == {"email": 2}

    work()

    assert len(mail.outbox) == Email.objects.count() == 1
    booking = Booking.objects.get()
    assert mail.outbox[0].extra_headers["Message-ID"].startswith(f"<confirmed.booking.{booking.pk}@")


@pytest.mark.spec("BC-20")
def test_a_mail_that_could_not_be_sent_is_tried_again_and_not_recorded(
    practice: Practice, sandbox: Sandbox, settings: Any
) -> None:
    checkout = held(practice)
    sandbox.settle(checkout.reference)
    settle(payment_of(checkout).pk, now=LATER)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1

    work()

    assert not Email.objects.exclude(sent_at=None).exists()
    job = ProcrastinateJob.objects.get()
    assert (job.status, job.attempts) == ("todo", 1)
    assert job.scheduled_at
    assert standing_of(checkout.reference) == ("captured", "completed", "taken")


@pytest.mark.spec("BC-28")
def test_no_trigger_notifies_when_a_message_is_written(practice: Practice, sandbox: Sandbox) -> None:
    with connection.cursor() as cursor:
        cursor.execute("LISTEN procrastinate_any_queue")
        cursor.execute('LISTEN "procrastinate_queue_v1#messages"')
        cursor.execute('LISTEN "procrastinate_any_queue_v1"')
        cursor.execute("SELECT pg_listening_channels()")
        assert len(cursor.fetchall()) == 3

    checkout = held(practice)
    sandbox.settle(checkout.reference)
    deliver_sent(sandbox, checkout.reference)
    settle(payment_of(checkout).pk, now=LATER)

    assert jobs() == {"gateway_event": 1, "email": 1}
    connection.ensure_connection()
    assert connection.connection is not None
    assert list(connection.connection.notifies(timeout=0)) == []


def stalled(task: str, *, heartbeat_ago: timedelta, **job: Any) -> int:
    """A job that a worker began, whose last sign of life is so long ago."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat) "
            "VALUES (now() - make_interval(secs => %s)) RETURNING id",
            [heartbeat_ago.total_seconds()],
        )
        worker = cursor.fetchone()[0]
        columns = {"queue_name": "messages", "lock": None, "queueing_lock": None, "args": "{}"} | job
        names = ", ".join(columns)
        cursor.execute(
            f"INSERT INTO procrastinate_jobs (task_name, status, worker_id, {names}) "
            f"VALUES (%s, 'doing', %s, {', '.join(['%s'] * len(columns))}) RETURNING id",
            [task, worker, *columns.values()],
        )
        return int(cursor.fetchone()[0])


def take_back() -> None:
    """The clock's own task, by a worker that lives."""
    take_back_stalled_jobs.configure().defer(timestamp=0)
    work("clock")


DEAD = HEARTBEAT_LOST_AFTER + timedelta(seconds=5)


@pytest.mark.spec("BC-26")
def test_the_job_of_a_killed_worker_is_taken_back_and_done(practice: Practice, sandbox: Sandbox) -> None:
    checkout = held(practice)
    sandbox.settle(checkout.reference)
    settle(payment_of(checkout).pk, now=LATER)
    payload = ProcrastinateJob.objects.get().args
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")
    stalled("deliver", heartbeat_ago=DEAD, args=json.dumps(payload))
    work()
    assert mail.outbox == []

    take_back()
    work()

    assert len(mail.outbox) == 1
    assert not ProcrastinateJob.objects.filter(status__in=("todo", "doing")).exists()


@pytest.mark.spec("BC-26")
def test_the_job_of_a_worker_that_lives_is_left_to_it(db: None) -> None:
    job = stalled("deliver", heartbeat_ago=timedelta(seconds=5))

    take_back()

    assert ProcrastinateJob.objects.get(pk=job).status == "doing"


@pytest.mark.spec("BC-26")
def test_the_clocks_work_of_a_killed_worker_does_not_stop_the_clock(db: None) -> None:
    lock = {"queue_name": "clock", "lock": "expire_orders", "queueing_lock": "expire_orders"}
    dead = stalled("expire_orders", heartbeat_ago=DEAD, **lock)
    next_turn = expire_held_orders.configure().defer(timestamp=0)
    other = stalled("deliver", heartbeat_ago=DEAD)

    take_back()

    assert not ProcrastinateJob.objects.filter(pk=dead).exists()
    assert ProcrastinateJob.objects.get(pk=next_turn).status == "succeeded"
    assert ProcrastinateJob.objects.get(pk=other).status == "todo"

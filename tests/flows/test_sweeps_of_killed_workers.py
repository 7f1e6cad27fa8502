"""A worker that is killed while it looks at payments: the next one looks at once, and only once at a time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection
from procrastinate.contrib.django.models import ProcrastinateJob

from holdfast.flows import tasks
from holdfast.flows.tasks import SWEEPING, reconcile_payments
from holdfast.kernel.clock import utc_now
from holdfast.payments.models import Payment
from holdfast.payments.queries import due_for_a_look
from tests.support.practice import Practice, held
from tests.support.sandbox import Sandbox
from tests.support.worker import work

JUST_NOW = timedelta(seconds=5)  # the killed worker's last sign of life: nobody can know that it is dead


@pytest.fixture
def paid(practice: Practice, sandbox: Sandbox) -> Payment:
    """Money that only a look at its gateway can tell us of; and the look is due."""
    checkout = held(practice)
    sandbox.settle(checkout.reference)
    Payment.objects.update(next_look_at=utc_now())
    return Payment.objects.get()


@pytest.fixture
def another_sweeps() -> Iterator[None]:
    with SWEEPING:
        yield


def killed_while_it_looked(*, lock: str | None) -> None:
    """What a killed worker leaves: a turn of the clock that is still being done, as the queue sees it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat) "
            "VALUES (now() - make_interval(secs => %s)) RETURNING id",
            [JUST_NOW.total_seconds()],
        )
        worker = cursor.fetchone()[0]
        cursor.execute(
            "INSERT INTO procrastinate_jobs (task_name, queue_name, lock, status, worker_id, args) "
            "VALUES ('reconcile', 'clock', %s, 'doing', %s, '{}')",
            [lock, worker],
        )


@pytest.mark.spec("BC-26")
def test_a_sweep_that_died_with_its_worker_keeps_nobody_from_the_next(paid: Payment) -> None:
    killed_while_it_looked(lock=reconcile_payments.lock)
    turn = reconcile_payments.configure().defer(timestamp=0)

    work("clock")

    assert ProcrastinateJob.objects.get(pk=turn).status == "succeeded"
    paid.refresh_from_db()
    assert paid.state == "captured"


def test_with_a_lock_of_the_queue_nobody_would_look(paid: Payment) -> None:
    killed_while_it_looked(lock="reconcile")
    turn = reconcile_payments.configure(lock="reconcile").defer(timestamp=0)

    work("clock")

    assert ProcrastinateJob.objects.get(pk=turn).status == "todo"
    paid.refresh_from_db()
    assert paid.state == "pending"


def test_a_process_that_sweeps_does_not_begin_a_second_time(paid: Payment, another_sweeps: None) -> None:
    turn = reconcile_payments.configure().defer(timestamp=0)

    work("clock")

    assert ProcrastinateJob.objects.get(pk=turn).status == "succeeded"
    paid.refresh_from_db()
    assert paid.state == "pending"


def test_a_turn_that_has_lasted_its_time_leaves_the_rest_to_the_next(
    practice: Practice, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "A_TURN", timedelta(0))
    for at in ("10:00", "11:00"):
        sandbox.settle(held(practice, at=at).reference)
    Payment.objects.update(next_look_at=utc_now())

    states = []
    for turn in range(2):
        reconcile_payments.configure().defer(timestamp=turn)
        work("clock")
        states.append(sorted(Payment.objects.values_list("state", flat=True)))

    assert states == [["captured", "pending"], ["captured", "captured"]]


def test_no_plan_of_the_database_claims_more_payments_than_a_turn_asked_for(
    practice: Practice, sandbox: Sandbox
) -> None:
    for at in ("10:00", "11:00", "12:00"):
        held(practice, at=at)
    Payment.objects.update(next_look_at=utc_now())

    with connection.cursor() as cursor:  # a plan that it may choose by itself while the table is small
        cursor.execute(f"ANALYZE {Payment._meta.db_table}")
        for other in ("hashjoin", "mergejoin", "hashagg", "sort", "material"):
            cursor.execute(f"SET enable_{other} = off")
    claimed = due_for_a_look(now=utc_now(), limit=1, lease=timedelta(minutes=1))

    assert len(claimed) == 1

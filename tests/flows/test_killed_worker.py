"""A worker that is killed in the middle of a job: the job is another's, and is done once."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from django.core import mail
from django.db import connection
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.exceptions import AlreadyEnqueued
from psycopg.conninfo import make_conninfo

from holdfast.flows.settlement import settle
from holdfast.flows.tasks import HEARTBEAT_LOST_AFTER, take_back_stalled_jobs
from holdfast.notifications.models import Email
from tests.flows.door import LATER
from tests.support.practice import Practice, held, payment_of
from tests.support.sandbox import Sandbox
from tests.support.worker import work

BEGINS_WITHIN = 60  # seconds; it takes about two


@contextmanager
def mail_server_that_never_answers() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(BEGINS_WITHIN)
        yield server


def start_worker(*, mail_port: int) -> subprocess.Popen[bytes]:
    """The worker process on the tests' database, which sends its mail to ``mail_port``."""
    parameters = connection.get_connection_params()
    names = {"host", "port", "user", "password", "dbname"} & set(parameters)
    conninfo = make_conninfo("", **{name: parameters[name] for name in names})
    settings = {
        "DATABASE_URL": conninfo,
        "DATABASE_DIRECT_URL": conninfo,
        "HOLDFAST_SMTP_HOST": "127.0.0.1",
        "HOLDFAST_SMTP_PORT": str(mail_port),
        "HOLDFAST_SMTP_TLS": "0",
    }
    return subprocess.Popen([sys.executable, "-m", "holdfast.project.worker"], env=os.environ | settings)


@pytest.mark.spec("BC-26")
def test_a_mail_whose_worker_is_killed_while_it_sends_is_sent_by_the_next(
    practice: Practice, sandbox: Sandbox
) -> None:
    checkout = held(practice)
    sandbox.settle(checkout.reference)
    settle(payment_of(checkout).pk, now=LATER)
    message = ProcrastinateJob.objects.get().pk

    with mail_server_that_never_answers() as server:
        worker = start_worker(mail_port=server.getsockname()[1])
        try:
            at_the_door, _ = server.accept()
        finally:
            worker.kill()
            worker.wait()
        at_the_door.close()
    assert ProcrastinateJob.objects.get(pk=message).status == "doing"
    work()
    assert mail.outbox == []
    a_while_passes()
    with suppress(AlreadyEnqueued):  # the killed worker's clock may have been as far as that
        take_back_stalled_jobs.configure().defer(timestamp=0)
    work("clock")
    work()

    assert len(mail.outbox) == Email.objects.count() == 1
    assert ProcrastinateJob.objects.get(pk=message).status == "succeeded"


def a_while_passes() -> None:
    """The killed worker's last sign of life grows old."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE procrastinate_workers SET last_heartbeat = last_heartbeat - make_interval(secs => %s)",
            [HEARTBEAT_LOST_AFTER.total_seconds() + 5],
        )

"""What the worker does: deliver messages, and by the clock look for what is due.

Every periodic task passes ``now`` in; everything may run twice.
"""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import structlog
from procrastinate import JobContext, RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.jobs import Status

from holdfast.kernel.clock import utc_now
from holdfast.platform.connections import connections_returned
from holdfast.platform.orphans import sweep_orphans
from holdfast.platform.outbox import DELIVER, QUEUE
from holdfast.platform.tidying import tidy_up

from . import handlers
from .approval import decline_unanswered, warn_of_deadlines
from .audit import audit
from .ending import abandon_carts, expire_orders
from .moving import expire_moves
from .reconciliation import reconcile
from .reminding import remind

log = structlog.get_logger(__name__)

# A worker that has not been heard of for so long is dead, and what it was doing is free again.
HEARTBEAT_LOST_AFTER = timedelta(seconds=30)
# Shorter than a worker waits for its jobs when it is to stop (project/worker.py); the next turn goes on.
A_TURN = timedelta(seconds=6)
# One sweep in each process, or a slow gateway would have all its hands. A lock in the queue would do that as
# well, but a killed worker keeps it until it is found to be dead, and nobody would look at any payment.
SWEEPING = threading.Lock()
AGAIN = RetryStrategy(max_attempts=12, exponential_wait=3)


@app.task(name=DELIVER, retry=AGAIN, queue=QUEUE)
def deliver(kind: str, payload: dict[str, Any]) -> None:
    """Deliver one message of the outbox."""
    with connections_returned():
        handlers.handle(kind, payload, now=utc_now())


@app.periodic(cron="* * * * * */2")
@app.task(name="reconcile", queue="clock", queueing_lock="reconcile")
def reconcile_payments(timestamp: int) -> None:
    if not SWEEPING.acquire(blocking=False):
        return
    try:
        with connections_returned():
            # Each with its own now: a slow gateway would make a whole batch's leases too short.
            ends_at = utc_now() + A_TURN
            while reconcile(now=utc_now(), limit=1) and utc_now() < ends_at:
                pass
    finally:
        SWEEPING.release()


@app.periodic(cron="* * * * * */5")
@app.task(name="expire_orders", queue="clock", lock="expire_orders", queueing_lock="expire_orders")
def expire_held_orders(timestamp: int) -> None:
    with connections_returned():
        expire_orders(now=utc_now())
        expire_moves(now=utc_now())
        decline_unanswered(now=utc_now())


@app.periodic(cron="*/5 * * * *")
@app.task(name="warn", queue="clock", lock="warn", queueing_lock="warn")
def warn_the_business(timestamp: int) -> None:
    with connections_returned():
        warn_of_deadlines(now=utc_now())


@app.periodic(cron="* * * * *")
@app.task(name="remind", queue="clock", lock="remind", queueing_lock="remind")
def remind_the_customers(timestamp: int) -> None:
    with connections_returned():
        remind(now=utc_now())


@app.periodic(cron="40 * * * *")
@app.task(name="abandon_carts", queue="clock", lock="abandon_carts", queueing_lock="abandon_carts")
def abandon_left_carts(timestamp: int) -> None:
    with connections_returned():
        while abandon_carts(now=utc_now()):
            pass


@app.periodic(cron="*/10 * * * *")
@app.task(name="tidy", queue="clock", queueing_lock="tidy")
def tidy(timestamp: int) -> None:
    with connections_returned():
        tidy_up(now=utc_now())


@app.periodic(cron="30 2 * * *")
@app.task(name="audit", queue="clock", lock="audit", queueing_lock="audit")
def audit_the_books(timestamp: int) -> None:
    with connections_returned():
        audit(now=utc_now())


@app.periodic(cron="15 3 * * *")
@app.task(name="sweep_orphans", queue="clock", lock="sweep_orphans", queueing_lock="sweep_orphans")
def sweep_orphaned_files(timestamp: int) -> None:
    with connections_returned():
        sweep_orphans(now=utc_now())


@app.periodic(cron="* * * * * */5")
@app.task(
    name="take_back_stalled_jobs", queue="clock", queueing_lock="take_back_stalled_jobs", pass_context=True
)
async def take_back_stalled_jobs(context: JobContext, timestamp: int) -> None:
    """A killed worker's jobs stay ``doing`` for ever unless somebody takes them back."""
    manager = context.app.job_manager
    stalled = await manager.get_stalled_jobs(seconds_since_heartbeat=HEARTBEAT_LOST_AFTER.total_seconds())
    for job in stalled:
        log.warning("stalled_job_taken_back", job=job.id, task=job.task_name)
        if job.queueing_lock:
            # Periodic: its next turn may be queued already, and no two of them can be. That one serves.
            await manager.finish_job(job, status=Status.FAILED, delete_job=True)
        else:
            await manager.retry_job(job, retry_at=utc_now())

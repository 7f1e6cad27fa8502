"""After the storm: the gateway behaves, the worker catches up, and then the following two days go by.

The days go by in this process: reconciler and sweeper take ``now`` as an argument, and the gateway's clock
can be pushed ahead as well. Meanwhile the worker, which knows only the real time, is not there; what it had
put off is due when it comes back.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta

import psycopg

from holdfast.flows.approval import decline_unanswered
from holdfast.flows.ending import expire_orders
from holdfast.flows.moving import expire_moves
from holdfast.flows.reconciliation import reconcile
from holdfast.kernel.clock import utc_now

from .stack import Stack
from .watch import look

CAUGHT_UP_WITHIN = 180.0  # seconds
# What could not be delivered is tried again later and later.
TRIED_AGAIN_WITHIN = timedelta(minutes=10)
A_BATCH = 50
# Beyond the longest hold and the gateway's own expiry; the looks at money that comes late; both times at
# which a refund that failed is tried anew, and the minute after which each is asked about; the end of it all.
LATER = tuple(
    timedelta(minutes=minutes)
    for minutes in (
        3,
        8,
        13,
        15,
        22,
        40,
        65,
        67,
        69,
        180,
        60 * 13 + 10,
        60 * 13 + 12,
        60 * 26,
        60 * 50,
        60 * 50 + 2,
        60 * 50 + 4,
    )
)
PUT_OFF = """
    UPDATE procrastinate_jobs SET scheduled_at = scheduled_at - %s
    WHERE task_name = 'deliver' AND status = 'todo'
"""
WAITING = """
    SELECT count(*) FROM procrastinate_jobs
    WHERE task_name = 'deliver'
      AND (status = 'doing' OR status = 'todo' AND coalesce(scheduled_at, now()) <= now() + %s)
"""


def wait_until_the_books_balance(stack: Stack) -> float:
    """Come back when nothing but late money is open any more, or patience ends; the seconds that it took."""
    began_at = time.monotonic()
    while time.monotonic() - began_at < CAUGHT_UP_WITHIN:
        seen = look(stack)
        if not seen.open - seen.late:
            break
        time.sleep(0.5)
    return time.monotonic() - began_at


def let_two_days_pass(stack: Stack) -> datetime:
    """Everything that falls due in two days falls due; answers when that was."""
    began_at = utc_now()
    passed = timedelta(0)
    for after in LATER:
        stack.sandbox.advance((after - passed).total_seconds())
        passed = after
        now = began_at + after
        expire_orders(now=now)
        expire_moves(now=now)
        decline_unanswered(now=now)
        while reconcile(now=now, limit=A_BATCH):
            pass
    with psycopg.connect(stack.database_url) as connection:
        connection.execute(PUT_OFF, [passed])
    return began_at + passed


def wait_until_all_is_delivered(stack: Stack) -> float:
    """Every message has been handled, those of killed workers too, or patience has ended; the seconds."""
    began_at = time.monotonic()
    while time.monotonic() - began_at < TRIED_AGAIN_WITHIN.total_seconds():
        with psycopg.connect(stack.database_url) as connection:
            if connection.execute(WAITING, [TRIED_AGAIN_WITHIN]).fetchone() == (0,):
                break
        time.sleep(0.5)
    return time.monotonic() - began_at

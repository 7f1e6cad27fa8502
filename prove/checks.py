"""What must be true when all is over. Each check answers what is not, in sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from holdfast.flows.audit import look_for_wrongs

from .books import Accounts, differences
from .customer import Seen
from .killer import Kill
from .mailbox import Mailbox

# The commit comes within this after the mail server's answer, if it comes at all.
COMMITS_WITHIN = 10.0
DATABASE = ("PostgreSQL", "a backend of PostgreSQL")
CAN_LOSE_A_COMMIT = ("worker", *DATABASE)
TROUBLE = "trouble"  # the database refuses for a while, and loses no commit
NOTICED_WITHIN = 30.0  # seconds from the server's restart to the moment in which a job is noted as failed
ONCE = ("confirmed", "canceled", "quarantined")  # whatever their step
TELL_OF_IT = ("confirmed", "received", "authorized")  # one of them is sent of every booking that is paid


@dataclass(frozen=True)
class After:
    """Everything that is known when all is over. ``now`` is as late as the clock was pushed."""

    theirs: Accounts
    ours: Accounts
    connection: psycopg.Connection[tuple[Any, ...]]
    seen: Seen
    mailbox: Mailbox
    kills: Sequence[Kill]
    now: datetime

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql).fetchall()


def money_that_differs(after: After) -> list[str]:
    """The gateway's ledger equals ours, payment by payment."""
    wrong = differences(after.theirs, after.ours)
    return [
        f"{reference}: the gateway says {after.theirs.get(reference)}, we say {after.ours.get(reference)}"
        for reference in sorted(wrong)
    ]


def money_without_an_answer(after: After) -> list[str]:
    """Every captured payment has its booking, has gone back, or waits in quarantine."""
    rows = after.rows("""
        SELECT p.reference, p.state, p.captured, p.refunding, p.refunded, p.reversed
        FROM holdfast_payments_payment p
        WHERE p.captured > p.refunded + p.reversed AND NOT p.quarantined AND NOT (p.wins AND EXISTS (
            SELECT FROM holdfast_orders_line l JOIN holdfast_booking_booking b ON b.line_id = l.id
            WHERE l.order_id = p.order_id))
    """)
    return [f"{row[0]} pays nothing and has not gone back: {row[1:]}" for row in rows]


def live_bookings_without_money(after: After) -> list[str]:
    """What an order's live bookings cost is what is left of the money for it, and no more and no less. It may
    be only reserved while somebody is to answer.
    """
    rows = after.rows("""
        WITH costs AS (
            SELECT l.order_id, sum(l.price + coalesce(parts.price, 0)) AS price,
                string_agg(b.reference || ' is ' || b.state, ', ' ORDER BY b.line_id) AS told
            FROM holdfast_booking_booking b JOIN holdfast_orders_line l ON l.id = b.line_id
            LEFT JOIN LATERAL (
                SELECT sum(p.price) AS price FROM holdfast_orders_line p WHERE p.of_id = l.id
            ) parts ON true
            WHERE b.state IN ('pending_approval', 'confirmed', 'in_progress', 'completed')
            GROUP BY l.order_id
        ), kept AS (
            SELECT order_id, sum(CASE state WHEN 'authorized' THEN authorized
                ELSE captured - refunding - refunded - reversed END) AS money
            FROM holdfast_payments_payment WHERE wins GROUP BY order_id
        )
        SELECT told, price, coalesce(money, 0) FROM costs LEFT JOIN kept USING (order_id)
        WHERE price <> coalesce(money, 0)
    """)
    return [f"{told}: it costs {price}, and {money} is there for it" for told, price, money in rows]


def money_taken_that_nobody_accepted(after: After) -> list[str]:
    """Where money is reserved first, it was one of the staff who had it taken."""
    rows = after.rows("""
        SELECT p.reference, p.captured
        FROM holdfast_payments_payment p
        JOIN holdfast_payments_gatewayaccount a ON a.id = p.account_id AND a.gateway = 'stripe'
        WHERE p.captured > 0 AND NOT EXISTS (
            SELECT FROM holdfast_payments_transaction t
            JOIN holdfast_platform_transition m ON m.subject = 'transaction' AND m.subject_id = t.id
            WHERE t.payment_id = p.id AND t.kind = 'capture' AND m.before = '' AND m.actor LIKE 'staff:%')
    """)
    return [f"{captured} of {reference} was taken, and nobody had accepted" for reference, captured in rows]


def confirmed_before_the_money_was_taken(after: After) -> list[str]:
    rows = after.rows("""
        SELECT b.reference, b.state, p.reference
        FROM holdfast_booking_booking b
        JOIN holdfast_orders_line l ON l.id = b.line_id
        JOIN holdfast_payments_payment p ON p.order_id = l.order_id AND p.wins AND p.state = 'authorized'
        WHERE b.state IN ('confirmed', 'in_progress', 'completed')
    """)
    return [f"{booking} is {state}, and {payment} is only reserved" for booking, state, payment in rows]


def rooms_oversold(after: After) -> list[str]:
    """Each night of each stay is counted by the calendar of its hotel, against how many rooms there are."""
    rows = after.rows("""
        SELECT o.title, night::date::text, count(*), r.capacity
        FROM holdfast_booking_booking b
        JOIN holdfast_orders_line l ON l.id = b.line_id
        JOIN holdfast_catalog_offering o ON o.id = l.offering_id AND o.by_night
        JOIN holdfast_catalog_business h ON h.id = o.business_id
        JOIN holdfast_catalog_offering_resources x ON x.offering_id = o.id
        JOIN holdfast_catalog_resource r ON r.id = x.resource_id
        CROSS JOIN LATERAL generate_series(
            date_trunc('day', b.starts_at AT TIME ZONE h.timezone),
            date_trunc('day', b.ends_at AT TIME ZONE h.timezone) - interval '1 day',
            interval '1 day') AS night
        WHERE b.state IN ('pending_payment', 'pending_approval', 'confirmed', 'in_progress')
        GROUP BY o.id, o.title, night, r.capacity HAVING count(*) > r.capacity
    """)
    return [f"{title}: {sold} of {rooms} rooms are sold on {night}" for title, night, sold, rooms in rows]


def slots_sold_twice(after: After) -> list[str]:
    """Every live booking against every other of the same person, by its own times: no index, no trick."""
    rows = after.rows("""
        SELECT a.reference, b.reference
        FROM holdfast_booking_booking a JOIN holdfast_booking_booking b
          ON a.provider_id = b.provider_id AND a.line_id < b.line_id
         AND a.starts_at < b.ends_at AND b.starts_at < a.ends_at
        WHERE a.state IN ('confirmed', 'in_progress') AND b.state IN ('confirmed', 'in_progress')
        UNION ALL
        SELECT a.owner, b.owner
        FROM holdfast_availability_allocation a JOIN holdfast_availability_allocation b
          ON a.resource_id = b.resource_id AND a.seat = b.seat AND a.id < b.id
         AND lower(a.period) < upper(b.period) AND lower(b.period) < upper(a.period)
         AND a.shared_by <> b.shared_by
        WHERE a.state <> 'released' AND b.state <> 'released'
    """)
    return [f"{one} and {other} have one time" for one, other in rows]


def emails_sent_twice(after: After) -> list[str]:
    """A repeat is possible only when a kill came between the mail server's answer and our commit."""
    return [f"{name} was sent {count} times" for name, count in repeated(after).items() if count > 1]


def repeated(after: After) -> Counter[str]:
    """How often each message was sent, those not counted that a kill can explain."""
    counted = Counter[str]()
    for name, mails in after.mailbox.by_id().items():
        unexplained = [mail for mail in mails[:-1] if not lost_its_commit(mail.taken_at, after.kills)]
        counted[_fact(name)] += 1 + len(unexplained)
    return counted


def lost_its_commit(taken_at: float, kills: Sequence[Kill]) -> bool:
    """Whether a mail was taken just before a kill that kept it from being noted, or while all was down."""
    return any(
        kill.name in CAN_LOSE_A_COMMIT and kill.at - COMMITS_WITHIN <= taken_at <= kill.back_at
        for kill in kills
    )


def _fact(name: str) -> str:
    """``canceled.booking.7.2`` is about the fact ``canceled.booking.7``."""
    return ".".join(name.split(".")[:3]) if name.partition(".")[0] in ONCE else name


def bookings_that_nobody_was_told_of(after: After) -> list[str]:
    sent = after.mailbox.by_id()
    told = {".".join(name.split(".")[:3]) for name in sent}
    rows = after.rows("""
        SELECT b.line_id, b.reference FROM holdfast_booking_booking b WHERE EXISTS (
            SELECT FROM holdfast_platform_transition t WHERE t.subject = 'booking'
            AND t.subject_id = b.line_id AND t.after IN ('confirmed', 'pending_approval'))
    """)
    return [
        f"{name} has no email"
        for line, name in rows
        if not any(f"{email}.booking.{line}" in told for email in TELL_OF_IT)
    ]


def promises_broken(after: After) -> list[str]:
    """Whoever was told that it is booked has that booking; whoever canceled one has it canceled.

    Some trades name a booking by its reference, and some by its number.
    """
    rows = after.rows("SELECT reference, line_id::text, state FROM holdfast_booking_booking")
    states = {name: state for *names, state in rows for name in names}
    lost = [
        f"{booking} of {payment} is gone" for payment, booking in after.seen.told if booking not in states
    ]
    kept = [f"{name} is {states.get(name)}" for name in after.seen.canceled if states.get(name) != "canceled"]
    return lost + kept


def jobs_stuck(after: After) -> list[str]:
    """None ``doing`` without a worker that lives, none given up, none left behind.

    A turn of the clock that broke off because PostgreSQL was killed is over, and the next one does its work.
    """
    rows = after.rows("""
        SELECT j.id, j.task_name, j.status::text, j.args::text,
            j.queue_name = 'clock' AND j.status = 'failed',
            (SELECT extract(epoch FROM max(e.at)) FROM procrastinate_events e WHERE e.job_id = j.id)
        FROM procrastinate_jobs j LEFT JOIN procrastinate_workers w ON w.id = j.worker_id
        WHERE j.status IN ('failed', 'aborted', 'cancelled')
           OR j.status = 'doing' AND (w.id IS NULL OR w.last_heartbeat < now() - interval '1 minute')
           OR j.status = 'todo' AND coalesce(j.scheduled_at, now()) < now() - interval '1 minute'
    """)
    return [
        f"job {number}: {task} {status} {said}"
        for number, task, status, said, is_turn, at in rows
        if not (is_turn and _broke_off(float(at), after.kills))
    ]


def _broke_off(at: float, kills: Sequence[Kill]) -> bool:
    return any(
        kill.name in (*DATABASE, TROUBLE) and kill.at - 1 <= at <= kill.back_at + NOTICED_WITHIN
        for kill in kills
    )


def audit_findings(after: After) -> list[str]:
    return [
        f"{wrong.check}: {wrong.subject} {wrong.subject_id} {wrong.what}"
        for wrong in look_for_wrongs(now=after.now)
    ]


CHECKS: dict[str, Callable[[After], list[str]]] = {
    "the gateway's ledger equals ours": money_that_differs,
    "every captured payment has its booking, its refund or its quarantine": money_without_an_answer,
    "every live booking has its money": live_bookings_without_money,
    "nothing is confirmed before its money is taken": confirmed_before_the_money_was_taken,
    "nothing reserved is taken that nobody has accepted": money_taken_that_nobody_accepted,
    "no slot is sold twice": slots_sold_twice,
    "no room type is sold beyond its rooms any night": rooms_oversold,
    "no email is sent twice": emails_sent_twice,
    "every booking has its email": bookings_that_nobody_was_told_of,
    "what customers were told is true": promises_broken,
    "no job is stuck": jobs_stuck,
    "the audit is clean": audit_findings,
}

"""The nightly audit: proves that the books agree, and says of what does not that it does not.

Every check is one read-only statement that answers the rows which are wrong: subject, id, and what is
wrong with it. Clean books answer nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import structlog
from django.db import connection
from django.db.backends.utils import CursorWrapper

from holdfast.platform.db import transaction
from holdfast.platform.models import Finding

log = structlog.get_logger(__name__)

CHECKS = {
    "seat sold twice": """
        SELECT 'allocation', a.id, format('%%s overlaps %%s', a.owner, b.owner)
        FROM holdfast_availability_allocation a
        JOIN holdfast_availability_allocation b
          ON b.resource_id = a.resource_id AND b.seat = a.seat AND b.period && a.period
         AND b.id > a.id AND b.shared_by <> a.shared_by
        WHERE a.state IN ('held', 'taken') AND b.state IN ('held', 'taken')
    """,
    "booking without its time": """
        SELECT 'booking', b.line_id, format('%%s is %%s and keeps no time then', b.reference, b.state)
        FROM holdfast_booking_booking b
        WHERE b.state IN ('pending_approval', 'confirmed', 'in_progress') AND NOT EXISTS (
            SELECT FROM holdfast_availability_allocation a
            WHERE a.owner = 'line:' || b.line_id AND a.state = 'taken'
              AND a.period && tstzrange(b.starts_at, b.ends_at))
    """,
    "time taken for no booking": """
        SELECT 'allocation', a.id, format('%%s is taken and no live booking is made of it', a.owner)
        FROM holdfast_availability_allocation a
        WHERE a.state = 'taken' AND a.owner LIKE 'line:%%' AND NOT EXISTS (
            SELECT FROM holdfast_booking_booking b
            WHERE 'line:' || b.line_id = a.owner
              AND b.state IN ('pending_payment', 'pending_approval', 'confirmed', 'in_progress', 'completed',
                              'no_show'))
    """,
    "booking without its money": """
        SELECT 'booking', b.line_id, format('%%s is %%s and nothing has paid for it', b.reference, b.state)
        FROM holdfast_booking_booking b
        JOIN holdfast_orders_line l ON l.id = b.line_id
        JOIN holdfast_orders_order o ON o.id = l.order_id
        WHERE b.state IN ('confirmed', 'in_progress', 'completed', 'no_show')
          AND o.terms_placed ->> 'way' = 'payment_first' AND NOT EXISTS (
            SELECT FROM holdfast_payments_payment p
            WHERE p.order_id = o.id AND p.wins AND p.captured = p.amount)
    """,
    "winning payment without its booking": """
        SELECT 'payment', p.id, format('%%s has won and there is no booking of it', p.reference)
        FROM holdfast_payments_payment p
        WHERE p.wins AND NOT EXISTS (
            SELECT FROM holdfast_orders_line l JOIN holdfast_booking_booking b ON b.line_id = l.id
            WHERE l.order_id = p.order_id)
    """,
    # received = booked + refunded + refund due + quarantined, payment by payment.
    "money without an answer": """
        SELECT 'payment', p.id, format('%%s of %%s taken by %%s pays nothing and is not on its way back',
            p.captured - p.refunded - p.refunding, p.captured, p.reference)
        FROM holdfast_payments_payment p
        WHERE NOT p.wins AND NOT p.quarantined AND p.captured > p.refunded + p.refunding
    """,
    # A part of a payment that wins, which was to go back and has not: nothing else would tell.
    "refund that came to nothing": """
        SELECT 'payment', p.id, format('%%s of %%s was to go back, and was refused',
            t.amount, p.reference)
        FROM holdfast_payments_payment p
        JOIN LATERAL (
            SELECT * FROM holdfast_payments_transaction
            WHERE payment_id = p.id AND kind = 'refund' ORDER BY id DESC LIMIT 1
        ) t ON t.state = 'failed'
        WHERE p.wins
    """,
    "totals that do not add up": """
        SELECT 'payment', p.id, format('%%s says captured %%s, refunding %%s, refunded %%s; not so its rows',
            p.reference, p.captured, p.refunding, p.refunded)
        FROM holdfast_payments_payment p
        LEFT JOIN (
            SELECT payment_id,
                coalesce(sum(amount) FILTER (WHERE kind = 'purchase' AND state = 'succeeded'), 0) AS captured,
                coalesce(sum(amount) FILTER (WHERE kind = 'refund' AND state IN ('pending', 'unknown')), 0)
                    AS refunding,
                coalesce(sum(amount) FILTER (WHERE kind = 'refund' AND state = 'succeeded'), 0) AS refunded
            FROM holdfast_payments_transaction GROUP BY payment_id
        ) t ON t.payment_id = p.id
        WHERE (p.captured, p.refunding, p.refunded)
           IS DISTINCT FROM (coalesce(t.captured, 0), coalesce(t.refunding, 0), coalesce(t.refunded, 0))
    """,
    "undecided payment that nobody looks at": """
        SELECT 'payment', p.id, format('%%s is %%s and no look is due', p.reference, p.state)
        FROM holdfast_payments_payment p
        WHERE p.next_look_at IS NULL AND (p.state IN ('created', 'pending') OR p.refunding > 0)
    """,
    "payment undecided for a day": """
        SELECT 'payment', p.id, format('%%s has been %%s since %%s', p.reference, p.state, p.created_at)
        FROM holdfast_payments_payment p
        WHERE p.state IN ('created', 'pending') AND p.created_at < %(now)s - interval '1 day'
    """,
    "message that was given up": """
        SELECT 'job', j.id, format('%%s was tried %%s times', j.args ->> 'kind', j.attempts)
        FROM procrastinate_jobs j
        WHERE j.status = 'failed' AND j.task_name = 'deliver'
    """,
    "order placed beyond its hold": """
        SELECT 'order', o.id, format('its hold ended at %%s', o.expires_at)
        FROM holdfast_orders_order o
        WHERE o.state = 'placed' AND o.expires_at < %(now)s - interval '10 minutes'
    """,
}


@dataclass(frozen=True, order=True)
class Wrong:
    """One thing that does not agree."""

    check: str
    subject: str
    subject_id: int
    what: str


def look_for_wrongs(*, now: datetime) -> list[Wrong]:
    """Run every check on one snapshot of the books. Changes nothing."""
    with transaction(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        return [wrong for check in CHECKS for wrong in wrongs(check, cursor, now=now)]


def wrongs(check: str, cursor: CursorWrapper, *, now: datetime) -> list[Wrong]:
    """What one check finds in the transaction that the cursor is in."""
    cursor.execute(CHECKS[check], {"now": now})
    return [Wrong(check, *row) for row in cursor.fetchall()]


def audit(*, now: datetime) -> list[Wrong]:
    """Run the checks, keep what they find as findings, and close the findings that are gone."""
    found = look_for_wrongs(now=now)
    with transaction():
        for wrong in found:
            Finding.objects.update_or_create(
                check_name=wrong.check,
                subject=wrong.subject,
                subject_id=wrong.subject_id,
                closed_at=None,
                defaults={"what": wrong.what[:300], "last_seen_at": now},
                create_defaults={"what": wrong.what[:300], "last_seen_at": now, "found_at": now},
            )
        Finding.objects.filter(closed_at=None, last_seen_at__lt=now).update(closed_at=now)
    (log.error if found else log.info)("audited", wrongs=len(found))
    return found

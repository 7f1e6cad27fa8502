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
    # By its terms a booking has all of its money, or the deposit, or the money is reserved; or it is free, or
    # is paid for on the spot, or all that was paid first has been given back and is asked for no more.
    "booking without its money": """
        SELECT 'booking', b.line_id, format('%%s is %%s and nothing has paid for it', b.reference, b.state)
        FROM holdfast_booking_booking b
        JOIN holdfast_orders_line l ON l.id = b.line_id
        JOIN holdfast_orders_order o ON o.id = l.order_id
        WHERE b.state IN ('pending_approval', 'confirmed', 'in_progress', 'completed', 'no_show')
          AND (SELECT sum(price) FROM holdfast_orders_line WHERE id = l.id OR of_id = l.id) > 0
          AND NOT coalesce((o.terms_placed ->> 'on_the_spot')::boolean, false)
          AND NOT EXISTS (
            SELECT FROM holdfast_orders_due d
            WHERE d.order_id = o.id AND d.kind = 'full' AND d.amount = 0
          ) AND NOT EXISTS (
            SELECT FROM holdfast_payments_payment p JOIN holdfast_orders_due d ON d.id = p.due_id
            WHERE p.order_id = o.id AND d.kind IN ('full', 'deposit') AND d.withdrawn_at IS NOT NULL
              AND p.won_at IS NOT NULL AND p.captured = p.refunding + p.refunded + p.reversed
          ) AND NOT EXISTS (
            SELECT FROM holdfast_payments_payment p JOIN holdfast_orders_due d ON d.id = p.due_id
            WHERE p.order_id = o.id AND p.wins AND d.kind IN ('full', 'deposit')
              AND (p.captured = p.amount OR p.accepted_by <> ''
                OR p.state = 'authorized' AND p.authorized = p.amount AND b.state = 'pending_approval'))
    """,
    "confirmed on money that is only reserved": """
        SELECT 'booking', b.line_id, format('%%s is %%s and %%s has not been taken', b.reference, b.state,
            p.reference)
        FROM holdfast_booking_booking b
        JOIN holdfast_orders_line l ON l.id = b.line_id
        JOIN holdfast_payments_payment p ON p.order_id = l.order_id AND p.wins
        JOIN holdfast_orders_due d ON d.id = p.due_id AND d.kind IN ('full', 'deposit')
        WHERE p.state = 'authorized' AND b.state IN ('confirmed', 'in_progress', 'completed', 'no_show')
    """,
    # One that was canceled may keep part of its money; what was never booked, or is no longer, keeps none.
    "winning payment without its booking": """
        SELECT 'payment', p.id, format('%%s has won and there is no booking of it', p.reference)
        FROM holdfast_payments_payment p
        WHERE p.wins AND NOT EXISTS (
            SELECT FROM holdfast_orders_line l JOIN holdfast_booking_booking b ON b.line_id = l.id
            WHERE l.order_id = p.order_id AND b.state NOT IN ('pending_payment', 'expired'))
    """,
    # received = booked + refunded + refund due + reversed + quarantined, payment by payment.
    "money without an answer": """
        SELECT 'payment', p.id, format('%%s of %%s taken by %%s pays nothing and is not on its way back',
            p.captured - p.refunded - p.refunding - p.reversed, p.captured, p.reference)
        FROM holdfast_payments_payment p
        WHERE NOT p.wins AND NOT p.quarantined AND p.captured > p.refunded + p.refunding + p.reversed
    """,
    "reserved money that nobody sets free": """
        SELECT 'payment', p.id, format('%%s of %%s pays nothing and is not being set free',
            p.authorized, p.reference)
        FROM holdfast_payments_payment p
        WHERE p.state = 'authorized' AND NOT p.wins AND NOT p.quarantined AND NOT EXISTS (
            SELECT FROM holdfast_payments_transaction t
            WHERE t.payment_id = p.id AND t.kind = 'void' AND t.state IN ('pending', 'unknown'))
    """,
    "total that its lines do not make": """
        SELECT 'order', o.id, format('the lines make %%s, the order says %%s', sum(l.price), o.total)
        FROM holdfast_orders_order o JOIN holdfast_orders_line l ON l.order_id = o.id
        WHERE l.withdrawn_at IS NULL
        GROUP BY o.id HAVING sum(l.price) <> o.total
    """,
    "promo code used by what ended unpaid": """
        SELECT 'order', o.id, format('it is %%s and keeps a use of a promo code', o.state)
        FROM holdfast_orders_order o JOIN holdfast_orders_redemption r ON r.order_id = o.id
        WHERE r.given_back_at IS NULL AND o.state IN ('expired', 'open')
    """,
    "approval that nobody has given in time": """
        SELECT 'booking', b.line_id, format('%%s was to be answered by %%s', b.reference, b.answer_by)
        FROM holdfast_booking_booking b
        WHERE b.state = 'pending_approval' AND b.answer_by < %(now)s - interval '10 minutes'
    """,
    "move that waits beyond its hold": """
        SELECT 'booking', r.booking_id, format('its hold ended at %%s', r.expires_at)
        FROM holdfast_booking_rescheduling r
        WHERE r.state = 'waiting' AND r.expires_at < %(now)s - interval '10 minutes'
    """,
    "refund by hand that nobody has made": """
        SELECT 'payment', t.payment_id, format('%%s of %%s waits for a person since %%s', t.amount,
            p.reference, t.created_at)
        FROM holdfast_payments_transaction t JOIN holdfast_payments_payment p ON p.id = t.payment_id
        WHERE t.kind = 'refund' AND t.by_hand AND t.state IN ('owed', 'pending')
          AND t.created_at < %(now)s - interval '7 days'
    """,
    # A part of a payment that wins, which was to go back and has not: nothing else would tell. Unless
    # somebody has given it back at the gateway since.
    "refund that came to nothing": """
        SELECT 'payment', p.id, format('%%s of %%s was to go back, and was refused',
            t.amount, p.reference)
        FROM holdfast_payments_payment p
        JOIN LATERAL (
            SELECT * FROM holdfast_payments_transaction
            WHERE payment_id = p.id AND kind = 'refund' ORDER BY id DESC LIMIT 1
        ) t ON t.state = 'failed'
        WHERE p.wins AND NOT EXISTS (
            SELECT FROM holdfast_payments_transaction made
            WHERE made.payment_id = p.id AND made.kind = 'reversal' AND made.id > t.id
              AND made.amount >= t.amount)
    """,
    "totals that do not add up": """
        SELECT 'payment', p.id, format('%%s says captured %%s, refunding %%s, refunded %%s, reversed %%s;'
            ' not so its rows', p.reference, p.captured, p.refunding, p.refunded, p.reversed)
        FROM holdfast_payments_payment p
        LEFT JOIN (
            SELECT payment_id,
                coalesce(sum(amount) FILTER (WHERE kind IN ('purchase', 'capture') AND done), 0) AS captured,
                coalesce(sum(amount) FILTER (WHERE kind = 'refund' AND open), 0) AS refunding,
                coalesce(sum(amount) FILTER (WHERE kind = 'refund' AND done), 0)
                    - coalesce(sum(amount) FILTER (WHERE kind = 'refund_failed' AND done), 0) AS refunded,
                coalesce(sum(amount) FILTER (WHERE kind = 'reversal' AND done), 0)
                    + coalesce(sum(amount) FILTER (WHERE kind = 'dispute' AND (open OR done)), 0)
                    - coalesce(sum(amount) FILTER (WHERE kind = 'dispute_won' AND done), 0) AS reversed
            FROM (
                SELECT *, state = 'succeeded' AS done, state IN ('owed', 'pending', 'unknown') AS open
                FROM holdfast_payments_transaction
            ) movement GROUP BY payment_id
        ) t ON t.payment_id = p.id
        WHERE (p.captured, p.refunding, p.refunded, p.reversed)
           IS DISTINCT FROM (coalesce(t.captured, 0), coalesce(t.refunding, 0), coalesce(t.refunded, 0),
                coalesce(t.reversed, 0))
    """,
    "undecided payment that nobody looks at": """
        SELECT 'payment', p.id, format('%%s is %%s and no look is due', p.reference, p.state)
        FROM holdfast_payments_payment p
        WHERE p.next_look_at IS NULL AND (p.state IN ('created', 'pending', 'authorized') OR EXISTS (
            SELECT FROM holdfast_payments_transaction t
            WHERE t.payment_id = p.id AND t.kind = 'refund' AND NOT t.by_hand
              AND t.state IN ('pending', 'unknown')))
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

"""The audit: clean books answer nothing, and every kind of wrong is found."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.db.transaction import atomic, set_rollback

from holdfast.flows.audit import CHECKS, audit, wrongs
from holdfast.flows.settlement import settle
from holdfast.payments.models import Payment
from holdfast.platform.models import Finding
from tests.support.practice import NOW, Practice, held, payment_of
from tests.support.sandbox import Sandbox

LATER = NOW + timedelta(minutes=1)

# What SQL typed by hand would have to do, the triggers and constraints once set aside, for a check to speak.
WRONGS = {
    "seat sold twice": """
        ALTER TABLE holdfast_availability_allocation DROP CONSTRAINT no_seat_twice;
        INSERT INTO holdfast_availability_allocation
            (resource_id, seat, period, owner, shared_by, state, created_at)
        SELECT resource_id, seat, period, 'block:1', 'block:1', 'taken', now()
        FROM holdfast_availability_allocation
    """,
    "booking without its time": "UPDATE holdfast_availability_allocation SET state = 'released'",
    "time taken for no booking": "UPDATE holdfast_booking_booking SET state = 'canceled'",
    "booking without its money": "UPDATE holdfast_payments_payment SET wins = false",
    "winning payment without its booking": "DELETE FROM holdfast_booking_booking",
    "money without an answer": "UPDATE holdfast_payments_payment SET wins = false",
    "refund that came to nothing": """
        INSERT INTO holdfast_payments_transaction
            (payment_id, kind, amount, key, gateway_reference, word, reason, state, seq, by_hand,
             created_at)
        SELECT id, 'refund', 1, 'R1', '', '', 'canceled', 'failed', 1, false, now()
        FROM holdfast_payments_payment
    """,
    "totals that do not add up": "UPDATE holdfast_payments_payment SET captured = captured + 1",
    "undecided payment that nobody looks at": """
        UPDATE holdfast_payments_payment SET state = 'pending', next_look_at = NULL
    """,
    "payment undecided for a day": """
        UPDATE holdfast_payments_payment SET state = 'pending', created_at = created_at - interval '2 days'
    """,
    "message that was given up": """
        INSERT INTO procrastinate_jobs (queue_name, task_name, args, status, attempts)
        VALUES ('messages', 'deliver', '{"kind": "email"}', 'failed', 12)
    """,
    "confirmed on money that is only reserved": """
        UPDATE holdfast_payments_payment SET state = 'authorized', authorized = amount, captured = 0
    """,
    "reserved money that nobody sets free": """
        UPDATE holdfast_payments_payment SET state = 'authorized', wins = false
    """,
    "total that its lines do not make": "UPDATE holdfast_orders_order SET total = total + 1",
    "promo code used by what ended unpaid": """
        INSERT INTO holdfast_orders_promocode (business_id, code, percent, minimum_total, active)
        SELECT business_id, 'DIWALI', 10, 0, true FROM holdfast_orders_order;
        INSERT INTO holdfast_orders_redemption (promo_id, order_id, customer_id, n, m, redeemed_at)
        SELECT p.id, o.id, o.customer_id, 1, 1, now()
        FROM holdfast_orders_order o, holdfast_orders_promocode p;
        UPDATE holdfast_orders_order SET state = 'expired'
    """,
    "approval that nobody has given in time": """
        UPDATE holdfast_booking_booking SET state = 'pending_approval', answer_by = '2026-11-20T00:00:00Z'
    """,
    "move that waits beyond its hold": """
        INSERT INTO holdfast_booking_rescheduling
            (booking_id, due_id, offering_id, starts_at, ends_at, dearer_by, by, state, seq, expires_at,
             created_at)
        SELECT b.line_id, d.id, l.offering_id, b.starts_at, b.ends_at, 1, 'nobody', 'waiting', 0,
            '2026-11-20T00:00:00Z', now()
        FROM holdfast_booking_booking b JOIN holdfast_orders_line l ON l.id = b.line_id
        JOIN holdfast_orders_due d ON d.order_id = l.order_id
    """,
    "refund by hand that nobody has made": """
        INSERT INTO holdfast_payments_transaction
            (payment_id, kind, amount, key, gateway_reference, word, reason, state, seq, by_hand, created_at)
        SELECT id, 'refund', 1, 'R1', '', '', 'canceled', 'pending', 0, true, '2026-11-01T00:00:00Z'
        FROM holdfast_payments_payment
    """,
    "order placed beyond its hold": """
        UPDATE holdfast_orders_order SET state = 'placed', expires_at = '2026-11-20T00:00:00Z'
    """,
}


@pytest.fixture
def paid(practice: Practice, sandbox: Sandbox) -> None:
    checkout = held(practice)
    sandbox.settle(checkout.reference)
    settle(payment_of(checkout).pk, now=LATER)


def test_the_books_of_a_paid_booking_agree(paid: None) -> None:
    assert audit(now=LATER) == []
    assert not Finding.objects.exists()


@pytest.mark.spec("BC-7")
@pytest.mark.parametrize("check", CHECKS)
def test_every_kind_of_wrong_is_found(paid: None, check: str) -> None:
    with atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(WRONGS[check])
        found = wrongs(check, cursor, now=LATER)
        set_rollback(True)

    assert found
    assert audit(now=LATER) == []


@pytest.mark.spec("BC-7")
@pytest.mark.parametrize("state", ["pending_payment", "expired"])
def test_money_that_pays_for_a_booking_that_is_none_is_found(paid: None, state: str) -> None:
    check = "winning payment without its booking"
    with atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE holdfast_booking_booking SET state = %s", [state])
        found = wrongs(check, cursor, now=LATER)
        set_rollback(True)

    assert [(wrong.subject, wrong.subject_id) for wrong in found] == [("payment", Payment.objects.get().pk)]


def test_a_finding_stays_open_until_an_audit_no_longer_finds_it(paid: None) -> None:
    Payment.objects.update(wins=False)
    audit(now=LATER)
    audit(now=LATER + timedelta(days=1))
    assert Finding.objects.filter(closed_at=None, found_at=LATER).count() == 2

    Payment.objects.update(wins=True)
    audit(now=LATER + timedelta(days=2))

    assert not Finding.objects.filter(closed_at=None).exists()
    assert Finding.objects.count() == 2

"""What a booking costs in statements: each is a round trip, and a promise of docs/bench.md."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.db.transaction import atomic

from holdfast.availability.queries import free_slots
from holdfast.flows.settlement import settle
from holdfast.kernel.clock import utc_now
from holdfast.platform.models import User
from tests.support.booked import api_of
from tests.support.carts import Basket, filled, three_of
from tests.support.practice import NOW, Api, Practice, held, new_user, payment_of
from tests.support.sandbox import Sandbox
from tests.support.statements import count_statements
from tests.support.ways import FAR

A_REQUEST, A_SETTLEMENT, FREE_SLOTS = 20, 16, 4
A_CART, A_CARTS_SETTLEMENT = 32, 26
PLACE = "/api/payments/process-cart/"
FURTHER = (NOW + timedelta(days=13)).date().isoformat()
A_MONTH = timedelta(days=30)
# As log_statement tells it: what came alone, and what came with its values beside it.
EXECUTED = re.compile(r"(?:statement|execute \S+): (.*)", re.DOTALL)


def open_day() -> str:
    return (utc_now() + timedelta(days=2)).date().isoformat()


def test_a_booking_request_takes_no_more_statements_than_promised(api: Api, practice: Practice) -> None:
    first = api.book(practice, preferred_date=open_day(), preferred_time="10:00")

    with count_statements() as statements:
        second = api.book(practice, preferred_date=open_day(), preferred_time="11:00")

    assert (first.status_code, second.status_code) == (200, 200)
    assert len(statements) <= A_REQUEST, str(statements)


def test_a_settlement_takes_no_more_statements_than_promised(practice: Practice, sandbox: Sandbox) -> None:
    checkout = held(practice)
    payment = payment_of(checkout)
    sandbox.settle(checkout.reference)

    with count_statements() as statements:
        settle(payment.pk, now=NOW + timedelta(minutes=1))

    assert payment_of(checkout).wins
    assert len(statements) <= A_SETTLEMENT, str(statements)


def a_full_cart(practice: Practice, user: User, *, day: str) -> Basket:
    """Three services and a promo code, which has limits of both kinds."""
    cart = filled(*three_of(practice, day=day), user=user)
    cart.cheaper_by("TENTH")
    return cart


@pytest.mark.spec("PUJ-4")
def test_a_cart_with_three_lines_and_a_promo_code_takes_no_more_statements_than_promised(
    practice: Practice, sandbox: Sandbox
) -> None:
    practice.business.promo_codes.create(code="TENTH", percent=10, total_limit=99, per_customer_limit=9)
    user = new_user()
    first, second = (a_full_cart(practice, user, day=day) for day in (FAR, FURTHER))
    api_of(user).send(PLACE, {"cart_id": first.cart_id})  # whatever is only done once has been done then

    with count_statements() as request:
        answer = api_of(user).send(PLACE, {"cart_id": second.cart_id})
    payment = second.payments[0]
    sandbox.settle(payment.reference)
    with count_statements() as settlement:
        settle(payment.pk, now=NOW + timedelta(minutes=1))

    assert (answer.status_code, second.order.state) == (200, "completed")
    assert len(request) <= A_CART, str(request)
    assert len(settlement) <= A_CARTS_SETTLEMENT, str(settlement)


def test_free_slots_of_a_month_take_no_more_queries_than_promised_however_much_is_kept(
    practice: Practice,
) -> None:
    first = NOW.date() + timedelta(days=1)
    for at in ("10:00", "11:00", "12:00"):
        held(practice, at=at)

    with count_statements() as statements:
        slots = free_slots(practice.offering, first=first, last=first + A_MONTH, now=NOW)

    assert [slot.reason for slot in slots].count("taken") == 3
    assert len(statements) <= FREE_SLOTS, str(statements)


def test_the_count_is_what_the_server_says_it_was_sent(db: None) -> None:
    connection.ensure_connection()
    told: list[str] = []
    connection.connection.add_notice_handler(lambda notice: told.append(notice.message_primary))
    with connection.cursor() as cursor:
        cursor.execute("SET log_statement = 'all'")
        cursor.execute("SET client_min_messages = 'log'")

    with count_statements() as statements:
        with atomic():
            user = new_user()
            with atomic():
                user.save()
        user.refresh_from_db()

    executed = [said[1] for message in told if (said := EXECUTED.match(message))]
    assert [sql.split()[0] for sql in executed] == [sql.split()[0] for sql in statements]
    assert [sql.split()[0] for sql in statements] == [
        *("BEGIN", "INSERT", "SAVEPOINT", "UPDATE", "RELEASE", "COMMIT", "SELECT")
    ]

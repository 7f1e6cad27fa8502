"""Changes that are written together come to the same as if each had been written by itself."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from holdfast.booking.models import Booking
from holdfast.kernel.errors import MoveRefused
from holdfast.orders.models import Order
from holdfast.payments.models import Payment
from holdfast.platform.db import single_statement, transaction
from holdfast.platform.models import Transition
from holdfast.platform.moves import born
from holdfast.platform.outbox import post
from holdfast.platform.writes import gathered
from tests.support.practice import NOW, Practice, held, payment_of
from tests.support.statements import count_statements


def expire(*rows: Order | Payment) -> None:
    for row in rows:
        row.move("expire", by="clock", at=NOW)


def placed(practice: Practice) -> tuple[Order, Payment]:
    payment = payment_of(held(practice))
    return payment.order, payment


def steps(row: Order | Payment) -> list[tuple[int, str]]:
    found = Transition.objects.filter(subject=row.lifecycle.subject, subject_id=row.pk).order_by("seq")
    return list(found.values_list("seq", "after"))


def test_all_of_a_block_is_one_statement(practice: Practice) -> None:
    order, payment = placed(practice)

    with transaction(), count_statements() as statements, gathered():
        order.move("expire", by="clock", at=NOW, reason="expired")
        expire(payment)
        post("email", name="refunded", payment=payment.pk)

    assert [sql.split()[0] for sql in statements] == ["BEGIN", "WITH"]
    assert (order.state, payment.state) == ("expired", "expired")
    assert steps(order) == [(0, "placed"), (1, "expired")]
    assert steps(payment) == [(0, "created"), (1, "pending"), (2, "expired")]
    assert (order.seq, payment.seq) == (1, 2)
    assert Order.objects.get().reason == "expired"
    assert ProcrastinateJob.objects.values_list("args", flat=True).get()["payload"]["payment"] == payment.pk


def test_what_is_remembered_of_a_block_is_in_the_order_in_which_it_was_written(practice: Practice) -> None:
    order, payment = placed(practice)
    bookings = [Booking(line=line, **booked(order)) for line in order.lines.all()]

    with transaction(), gathered():
        payment.move("expire", by="clock", at=NOW)
        order.move("expire", by="clock", at=NOW)
        born(bookings, by="clock", at=NOW)
        order.move("revive", by="clock", at=NOW)

    last = Transition.objects.order_by("-pk").values_list("subject", "event")[:4]
    assert list(last)[::-1] == [
        ("payment", "expire"),
        ("order", "expire"),
        ("booking", "create"),
        ("order", "revive"),
    ]


def booked(order: Order) -> dict[str, Any]:
    return {
        "business_id": order.business_id,
        "customer_id": order.customer_id,
        "trade": order.trade,
        "reference": "ASTRO_BOOK_1",
        "state": "confirmed",
        "starts_at": NOW,
        "ends_at": NOW + timedelta(hours=1),
        "created_at": NOW,
    }


def test_a_block_may_write_more_than_fits_into_one_statement(db: None) -> None:
    with transaction(), gathered():
        for number in range(1_700):
            post("email", name="confirmed", booking=number)

    sent = ProcrastinateJob.objects.order_by("id").values_list("args__payload__booking", flat=True)
    assert list(sent) == list(range(1_700))


def test_whoever_asks_in_between_is_told_of_what_was_written_before(practice: Practice) -> None:
    order, payment = placed(practice)

    with transaction(), gathered():
        expire(order)
        seen = Order.objects.get().state
        expire(payment)

    assert seen == "expired"
    assert Payment.objects.get().state == "expired"


def test_a_row_may_change_twice_in_a_block(practice: Practice) -> None:
    order, _ = placed(practice)

    with transaction(), gathered():
        expire(order)
        order.move("revive", by="clock", at=NOW)

    assert steps(order) == [(0, "placed"), (1, "expired"), (2, "placed")]
    assert Order.objects.get().state == "placed"


def test_who_has_been_overtaken_is_refused_and_nothing_of_the_block_stays(practice: Practice) -> None:
    order, payment = placed(practice)
    overtaken = Order.objects.get()
    with transaction():
        expire(order)

    with pytest.raises(MoveRefused), transaction(), gathered():
        expire(payment, overtaken)

    assert Payment.objects.get().state == "pending"
    assert steps(order) == [(0, "placed"), (1, "expired")]


def test_a_block_that_breaks_off_leaves_nothing_to_be_written_by_the_next(practice: Practice) -> None:
    order, payment = placed(practice)

    with suppress(ZeroDivisionError), transaction(), gathered():
        expire(order)
        raise ZeroDivisionError
    with transaction(), gathered():
        expire(payment)

    assert Order.objects.get().state == "placed"
    assert Payment.objects.get().state == "expired"


def test_what_is_said_to_be_one_statement_is_no_more_than_that(practice: Practice) -> None:
    order, payment = placed(practice)

    with pytest.raises(AssertionError, match="needs a transaction"), single_statement():
        expire(order, payment)

    assert Payment.objects.get().state == "pending"

"""SQL typed by hand meets the same rules as our own code: states, sums and books are guarded below it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, models
from django.db.transaction import atomic

from holdfast.availability.models import Allocation, DateOverride, WeeklyHours
from holdfast.booking.models import Booking
from holdfast.catalog.models import Offering, Resource
from holdfast.flows.settlement import settle
from holdfast.orders.models import Due, Line, Order
from holdfast.payments.models import Payment, Transaction
from holdfast.platform.models import GatewayEvent, Transition
from tests.support.practice import NOW, Practice, held, payment_of
from tests.support.sandbox import Sandbox

LIVED: dict[str, type[Any]] = {
    "order": Order,
    "payment": Payment,
    "transaction": Transaction,
    "booking": Booking,
    "allocation": Allocation,
}
KEPT: list[type[models.Model]] = [*LIVED.values(), Line, Due, Transition]


@pytest.fixture
def books(practice: Practice, sandbox: Sandbox) -> Practice:
    """A row of every kind: one paid booking."""
    checkout = held(practice)
    sandbox.settle(checkout.reference)
    settle(payment_of(checkout).pk, now=NOW)
    return practice


def execute(sql: str, *params: Any) -> int:
    with atomic(), connection.cursor() as cursor:
        cursor.execute(sql, params)
        return int(cursor.rowcount)


def table(model: type[models.Model]) -> str:
    return f'"{model._meta.db_table}"'


def contents(model: type[models.Model]) -> list[dict[str, Any]]:
    return list(model._default_manager.order_by("pk").values())


def put_in(model: type[models.Model], state: str) -> None:
    """Bring the row into a state without asking its lifecycle, as no one but a test can."""
    execute("SET session_replication_role = replica")
    execute(f"UPDATE {table(model)} SET state = %s", state)
    execute("SET session_replication_role = origin")


def may_go(model: type[models.Model], name: str, before: str, after: str) -> bool:
    """Whether the database lets the row go from one state to another; if not, it must say so."""
    put_in(model, before)
    try:
        execute(f"UPDATE {table(model)} SET state = %s", after)
    except IntegrityError as error:
        if f"A {name} does not go from {before} to {after}" not in str(error):
            raise
        return False
    return True


@pytest.mark.parametrize("name", LIVED)
def test_a_state_moves_along_its_table_and_in_no_other_way(books: Practice, name: str) -> None:
    model = LIVED[name]
    states = model.lifecycle.states
    if model is Allocation:
        execute(f"UPDATE {table(model)} SET held_until = %s", NOW)
    if model is Booking:
        execute(f"UPDATE {table(model)} SET answer_by = %s", NOW)

    moved = {(before, after) for before in states for after in states if may_go(model, name, before, after)}

    assert moved == model.lifecycle.moves | {(state, state) for state in states}


@pytest.mark.parametrize("name", LIVED)
def test_a_row_is_born_in_an_initial_state_only(books: Practice, name: str) -> None:
    model = LIVED[name]
    others = set(model.lifecycle.states) - set(model.lifecycle.initial)
    row = model.objects.values().get()
    before = contents(model)
    columns = {model._meta.get_field(field).column: value for field, value in row.items() if field != "id"}

    for state in sorted(others):
        born = columns | {"state": state}
        names = ", ".join(f'"{column}"' for column in born)
        kept = ", ".join("%s" if column == "state" else f'"{column}"' for column in born)
        with pytest.raises(IntegrityError, match=f"A {name} is not born {state}"):
            execute(f"INSERT INTO {table(model)} ({names}) SELECT {kept} FROM {table(model)}", state)

    assert contents(model) == before


@pytest.mark.parametrize("name", LIVED)
def test_a_state_that_nobody_has_heard_of_is_refused(books: Practice, name: str) -> None:
    model = LIVED[name]
    before = contents(model)

    with pytest.raises(IntegrityError):
        execute(f"UPDATE {table(model)} SET state = 'levitated'")

    assert contents(model) == before


@pytest.mark.parametrize("statement", ["DELETE FROM {}", "TRUNCATE {} CASCADE"], ids=["delete", "truncate"])
@pytest.mark.parametrize("model", KEPT, ids=lambda model: model.__name__)
def test_the_books_never_lose_a_row(books: Practice, model: type[models.Model], statement: str) -> None:
    before = contents(model)

    with pytest.raises(IntegrityError, match="only grows"):
        execute(statement.format(table(model)))

    assert before
    assert contents(model) == before


@pytest.mark.spec("GEN-14")
def test_what_has_happened_is_not_rewritten(books: Practice) -> None:
    before = contents(Transition)

    with pytest.raises(IntegrityError, match="only grows: UPDATE is refused"):
        execute(f"UPDATE {table(Transition)} SET actor = 'nobody'")

    assert contents(Transition) == before


@pytest.mark.parametrize(
    ("model", "column", "value"),
    [
        (Payment, "amount", 1),
        (Payment, "currency", "USD"),
        (Payment, "reference", "ANOTHER"),
        (Payment, "order_id", 99),
        (Payment, "due_id", 99),
        (Payment, "account_id", 99),
        (Transaction, "amount", 1),
        (Transaction, "key", "another"),
        (Transaction, "kind", "refund"),
        (Transaction, "payment_id", 99),
    ],
    ids=lambda part: getattr(part, "__name__", str(part)),
)
def test_what_a_payment_is_about_never_changes(
    books: Practice, model: type[models.Model], column: str, value: object
) -> None:
    before = contents(model)

    with pytest.raises(IntegrityError, match="only grows"):
        execute(f"UPDATE {table(model)} SET {column} = %s", value)

    assert contents(model) == before


REFUSED_BY_A_CHECK: dict[str, Callable[[Practice], str]] = {
    "no_more_back_than_was_taken": lambda p: f"UPDATE {table(Payment)} SET refunded = captured + 1",
    "quarantine_forbids_winning": lambda p: f"UPDATE {table(Payment)} SET quarantined = true",
    "every_hold_has_an_end": lambda p: (
        f"INSERT INTO {table(Allocation)} (resource_id, seat, period, owner, shared_by, state, created_at) "
        f"SELECT id, 9, '[2030-01-01, 2030-01-02)', 'x', 'x', 'held', now() FROM {table(Resource)}"
    ),
    "seats_count_from_one": lambda p: f"UPDATE {table(Allocation)} SET seat = 0",
    "a_line_ends_after_it_starts": lambda p: f"UPDATE {table(Line)} SET ends_at = starts_at",
    "an_offering_takes_time": lambda p: f"UPDATE {table(Offering)} SET duration = '0'",
    "a_slot_step_moves_on": lambda p: f"UPDATE {table(Offering)} SET slot_step = '0'",
    "buffers_are_not_negative": lambda p: f"UPDATE {table(Offering)} SET buffer_after = '-1 minute'",
    "the_horizon_is_beyond_the_notice": lambda p: f"UPDATE {table(Offering)} SET horizon = minimum_notice",
    "a_resource_has_a_seat": lambda p: f"UPDATE {table(Resource)} SET capacity = 0",
    "a_week_has_seven_days": lambda p: f"UPDATE {table(WeeklyHours)} SET weekday = 7",
    "an_override_has_both_times_or_none": lambda p: (
        f"INSERT INTO {table(DateOverride)} (resource_id, day, opens) "
        f"SELECT id, '2030-01-01', '10:00' FROM {table(Resource)}"
    ),
    "only_verified_events_dedupe": lambda p: (
        f"INSERT INTO {table(GatewayEvent)} (gateway, verified, dedupe_key, event, reference, "
        "refund_reference, headers, body, received_at, deliveries, result) "
        "VALUES ('phonepe', false, 'the real one''s', '', '', '', '{}', '', now(), 1, 'refused')"
    ),
}


@pytest.mark.parametrize("check", REFUSED_BY_A_CHECK)
def test_what_can_never_be_true_is_refused(books: Practice, check: str) -> None:
    with pytest.raises(IntegrityError, match=check):
        execute(REFUSED_BY_A_CHECK[check](books))


@pytest.mark.spec("BC-1")
def test_a_second_row_for_the_same_seat_and_time_is_refused(books: Practice) -> None:
    before = contents(Allocation)

    with pytest.raises(IntegrityError, match="no_seat_twice"):
        execute(
            f"INSERT INTO {table(Allocation)} (resource_id, seat, period, owner, shared_by, state, "
            "created_at) SELECT resource_id, seat, period, 'block:1', 'block:1', 'taken', now() "
            f"FROM {table(Allocation)}"
        )

    assert contents(Allocation) == before


@pytest.mark.spec("BC-12")
def test_a_due_is_won_by_one_payment_and_refunded_by_one_at_a_time(books: Practice) -> None:
    payment = Payment.objects.get()
    copied = [
        field.column for field in Payment._meta.fields if field.column not in ("id", "uuid", "reference")
    ]
    columns = ", ".join(f'"{column}"' for column in copied)
    values = ", ".join("'created'" if column == "state" else f'"{column}"' for column in copied)
    refund = {"payment": payment, "kind": "refund", "amount": 1, "state": "pending", "created_at": NOW}
    Transaction.objects.create(key="R1", **refund)

    with pytest.raises(IntegrityError, match="one_payment_wins_a_due"):
        execute(
            f"INSERT INTO {table(Payment)} (uuid, reference, {columns}) "
            f"SELECT gen_random_uuid(), 'SECOND', {values} FROM {table(Payment)}"
        )
    with pytest.raises(IntegrityError, match="one_open_refund_a_payment"), atomic():
        Transaction.objects.create(key="R2", **refund)

    assert Payment.objects.count() == 1
    assert list(Transaction.objects.filter(kind="refund").values_list("key", flat=True)) == ["R1"]

"""Who owns the transaction, and what becomes of a story that PostgreSQL breaks off."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import IntegrityError, OperationalError
from psycopg.errors import AdminShutdown, DeadlockDetected, SerializationFailure

from holdfast.kernel.errors import Conflict, MoveRefused
from holdfast.orders.models import Order
from holdfast.platform.db import retried_once, transaction
from holdfast.platform.models import Transition
from tests.support.practice import NOW, Practice, held, payment_of
from tests.support.racing import kinds, race


def broken_off(times: int, *, by: type[Exception]) -> Callable[[], str]:
    """A story that is broken off so many times before it comes to its end."""
    left = [by() for _ in range(times)]

    def story() -> str:
        if left:
            raise OperationalError from left.pop()
        return "the end"

    return story


@pytest.mark.spec("BC-25")
@pytest.mark.parametrize("cause", [DeadlockDetected, SerializationFailure])
def test_a_story_is_told_twice_at_most(cause: type[Exception]) -> None:
    assert retried_once(broken_off(1, by=cause))() == "the end"

    with pytest.raises(Conflict):
        retried_once(broken_off(2, by=cause))()


def test_other_trouble_of_the_database_is_not_hidden() -> None:
    with pytest.raises(OperationalError):
        retried_once(broken_off(1, by=AdminShutdown))()


def test_flows_do_not_nest(db: None) -> None:
    with transaction(), pytest.raises(RuntimeError, match="durable"), transaction():
        pass


def test_a_move_that_somebody_else_has_made_is_refused_and_writes_nothing(practice: Practice) -> None:
    order = payment_of(held(practice)).order
    stale = Order.objects.get(pk=order.pk)
    with transaction():
        order.move("expire", by="clock", at=NOW)
    before = list(Transition.objects.values())

    with pytest.raises(MoveRefused), transaction():
        stale.move("complete", by="clock", at=NOW)

    assert Order.objects.get().state == "expired"
    assert stale.state == "placed"
    assert list(Transition.objects.values()) == before


def test_of_many_who_move_one_row_at_once_one_does(practice: Practice) -> None:
    order = payment_of(held(practice)).order

    def story() -> None:
        own = Order.objects.get(pk=order.pk)
        with transaction():
            own.move("cancel", by="customer:1", at=NOW, why="had second thoughts", reason="canceled")

    results = race([story] * 8)

    assert kinds(results)["NoneType"] == 1
    assert set(kinds(results)) <= {"NoneType", "MoveRefused"}
    last = Transition.objects.filter(subject="order").order_by("seq").last()
    assert last is not None
    assert (last.seq, last.before, last.after, last.reason) == (
        1,
        "placed",
        "canceled",
        "had second thoughts",
    )


def test_a_step_of_a_life_is_written_once(practice: Practice) -> None:
    held(practice)
    first = Transition.objects.values().first()
    assert first is not None
    again = {name: value for name, value in first.items() if name not in ("id", "xid")}

    with pytest.raises(IntegrityError, match="one_transition_a_step"):
        Transition.objects.create(**again)

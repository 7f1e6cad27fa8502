"""A crowd for one time: whoever comes when it has been lost is told before anything is written down."""

from __future__ import annotations

from functools import partial

import pytest

from holdfast.flows.contested import MOST, REMEMBERED_FOR, lost_lately, note_lost
from holdfast.flows.ending import end_attempt
from holdfast.flows.paying import Checkout
from holdfast.kernel.errors import AlreadyHeld, SlotTaken
from holdfast.orders.models import Order
from tests.support.practice import NOW, Practice, held, new_user, payment_of
from tests.support.racing import kinds, race
from tests.support.statements import count_statements

pytestmark = pytest.mark.spec("GEN-9", "BC-1")

ORDERS = Order._meta.db_table
RIVALS = 20


def lose(practice: Practice) -> int:
    """Ask for the time that somebody else has; how often an order was written for it."""
    with count_statements() as statements, pytest.raises(SlotTaken) as refused:
        held(practice)
    assert len(refused.value.nearest) == 5
    return len([sql for sql in statements if f'INSERT INTO "{ORDERS}"' in sql])


def give_up(checkout: Checkout) -> None:
    end_attempt(payment_of(checkout), event="fail", reason="error", why="", by="clock", now=NOW)


def test_only_the_first_who_loses_has_an_order_written_for_nothing(practice: Practice) -> None:
    held(practice)

    written = [lose(practice) for _ in range(3)]

    assert written == [1, 0, 0]
    assert Order.objects.count() == 1


def test_a_time_that_was_lost_and_is_free_again_can_be_had(practice: Practice) -> None:
    checkout = held(practice)
    lose(practice)
    give_up(checkout)

    again = held(practice)

    assert payment_of(again).state == "pending"
    assert sorted(Order.objects.values_list("state", flat=True)) == ["expired", "placed"]


def test_the_crowd_is_told_taken_and_the_holder_where_to_pay(practice: Practice) -> None:
    holder = new_user()
    checkout = held(practice, user=holder)
    lose(practice)

    with pytest.raises(AlreadyHeld) as own:
        held(practice, user=holder)

    assert own.value.payment_url == checkout.payment_url


def test_of_a_crowd_that_sees_the_time_free_again_one_has_it(practice: Practice) -> None:
    """The look decides nothing: all of them see it free, and the constraint says who has it."""
    checkout = held(practice)
    lose(practice)
    give_up(checkout)
    users = [new_user() for _ in range(RIVALS)]

    results = race([partial(held, practice, user=user) for user in users])

    assert kinds(results) == {"Checkout": 1, "SlotTaken": RIVALS - 1}
    assert Order.objects.filter(state="placed").count() == 1


def test_a_lost_time_is_remembered_for_a_minute_and_of_very_many_only_the_latest() -> None:
    note_lost([(1, NOW)], now=NOW)
    remembered = lost_lately([(2, NOW), (1, NOW)], now=NOW + REMEMBERED_FOR / 2)
    forgotten = lost_lately([(1, NOW)], now=NOW + REMEMBERED_FOR)

    note_lost([(n, NOW) for n in range(2, MOST + 2)], now=NOW)

    assert (remembered, forgotten) == (True, False)
    assert not lost_lately([(1, NOW)], now=NOW)
    assert lost_lately([(MOST, NOW)], now=NOW)

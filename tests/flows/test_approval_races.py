"""Many answers at the same moment: one of them is the answer, and the gateway hears of that one alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from holdfast.flows.approval import decline_unanswered
from holdfast.flows.asking import StillUnknown
from holdfast.flows.cancellation import cancel_booking
from holdfast.flows.settlement import settle
from holdfast.kernel.errors import Conflict, HoldfastError
from holdfast.payments.models import Transaction
from tests.support.practice import Practice, new_member
from tests.support.racing import kinds, race
from tests.support.sandbox import Sandbox
from tests.support.ways import (
    AUTHORIZE,
    EACH_THAT_RESERVES,
    HOLD,
    TRADE,
    Sold,
    asked_for,
    assert_all_is_well,
    assert_the_money_goes_back,
    at_the_gateway,
    calls_since,
    emails,
    waiting,
)
from tests.support.without import without
from tests.support.worker import work

pytestmark = pytest.mark.spec("BC-2")
RESERVED = ("authorize", "succeeded")
EXPECTED = (type(None), Conflict, StillUnknown)  # an answer, "somebody else has", "it is being asked"


@pytest.fixture
def story(practice: Practice, reserving: Sandbox) -> Sold:
    """A booking whose money is reserved, and which waits for its answer."""
    return waiting(practice, reserving, AUTHORIZE)


def ten_answers(practice: Practice, story: Sold) -> list[Callable[[], None]]:
    """Five people who accept and five who decline."""
    people = [new_member(practice, "staff") for _ in range(5)]
    return [partial(answer, by=person) for person in people for answer in (story.approve, story.decline)]


@pytest.mark.spec("GW-53", "GW-57")
@EACH_THAT_RESERVES
def test_ten_who_answer_at_once_give_one_answer_and_the_gateway_hears_one(
    practice: Practice, reserving: Sandbox, story: Sold
) -> None:
    before = reserving.calls()

    results = race(ten_answers(practice, story))
    work()

    assert all(isinstance(result, EXPECTED) for result in results), kinds(results)
    accepted, declined = asked_for("booking", "approve"), asked_for("booking", "decline")
    assert len(accepted) + len(declined) == 1
    movement, state = ("capture", "captured") if accepted else ("void", "voided")
    assert story.movements == [RESERVED, (movement, "succeeded")]
    assert calls_since(reserving, before) == {movement: 1}
    assert at_the_gateway(reserving, story.checkout.reference) == (state, 0)
    assert emails()[1:] == ["confirmed" if accepted else "declined"]
    assert_all_is_well()


def test_ten_who_answer_for_money_that_was_taken_give_one_answer(
    practice: Practice, sandbox: Sandbox
) -> None:
    story = waiting(practice, sandbox, HOLD)

    results = race(ten_answers(practice, story))

    assert all(isinstance(result, EXPECTED) for result in results), kinds(results)
    accepted, declined = asked_for("booking", "approve"), asked_for("booking", "decline")
    assert len(accepted) + len(declined) == 1
    assert Transaction.objects.filter(kind="refund").count() == len(declined)
    assert_all_is_well()
    if declined:
        assert_the_money_goes_back(sandbox, story)


def test_ten_who_accept_at_once_take_the_money_once(
    practice: Practice, reserving: Sandbox, story: Sold
) -> None:
    before = reserving.calls()

    results = race([story.approve] * 10)
    work()

    assert all(isinstance(result, EXPECTED) for result in results), kinds(results)
    assert calls_since(reserving, before) == {"capture": 1}
    assert story.stands == ("captured", "completed", "confirmed", "taken")
    assert_all_is_well()


@EACH_THAT_RESERVES
def test_acceptance_cancellation_the_clock_and_a_webhook_at_once_leave_one_end(
    practice: Practice, reserving: Sandbox, story: Sold
) -> None:
    until = story.booking.answer_by
    assert until is not None
    reference = story.booking.reference
    before = reserving.calls()

    stories: list[Callable[[], object]] = [
        partial(story.approve, now=until),
        partial(cancel_booking, reference, by=story.user, trade=TRADE, now=until),
        partial(decline_unanswered, now=until),
        partial(settle, story.payment.pk, now=until),
    ]
    results = race(stories * 2)
    work()

    failed = [one for one in results if isinstance(one, Exception) and not isinstance(one, HoldfastError)]
    assert failed == []
    made = calls_since(reserving, before)
    booking, (state, _) = story.booking.state, at_the_gateway(reserving, story.checkout.reference)
    assert (booking, state, made) in (
        ("confirmed", "captured", {"capture": 1}),
        ("declined", "voided", {"void": 1}),
        ("canceled", "voided", {"void": 1}),
        ("canceled", "captured", {"capture": 1, "refund": 1}),  # accepted, and canceled after that
    )
    assert_all_is_well(now=until)


# ---- without the guards --------------------------------------------------------------------------------


LOCKS = re.compile(r" FOR (NO KEY )?UPDATE( OF \"\w+\")?")


def meeting(barrier: Barrier, story: Callable[[], None], *, at: str, locks: bool = True) -> None:
    """Run a story that waits once for the other one: before its first statement that contains ``at``.

    Without ``locks`` it reads as everybody may, and locks no row by that.
    """
    waits = True

    def wait_once(execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        nonlocal waits
        if waits and at in str(sql):
            waits = False
            barrier.wait(60)
        return execute(sql if locks else LOCKS.sub("", str(sql)), params, many, context)

    with connection.execute_wrapper(wait_once):
        story()


def both_have_decided(story: Sold) -> dict[str, int]:
    """Accept and decline without a lock: each waits until the other has decided too, and then writes down
    what is to be done with the money.
    """
    decided, movement = Barrier(2), 'INSERT INTO "holdfast_payments_transaction"'
    return kinds(
        race(
            [
                partial(meeting, decided, answer, at=movement, locks=False)
                for answer in (story.approve, story.decline)
            ]
        )
    )


def test_without_the_locks_the_index_alone_lets_one_movement_through(reserving: Sandbox, story: Sold) -> None:
    results = both_have_decided(story)

    assert results in ({"Conflict": 1, "NoneType": 1}, {"IntegrityError": 1, "NoneType": 1})
    assert Transaction.objects.filter(kind__in=("capture", "void")).count() == 1


def test_without_locks_and_index_the_money_is_to_be_taken_and_to_be_set_free(
    practice: Practice, reserving: Sandbox
) -> None:
    """The negative control: both go by what they read, and nothing stops either."""
    with without(Transaction, "one_capture_or_void_a_payment"):
        both_have_decided(waiting(practice, reserving, AUTHORIZE))
        asked = set(Transaction.objects.filter(kind__in=("capture", "void")).values_list("kind", flat=True))

    assert asked == {"capture", "void"}


def test_a_decline_while_the_gateway_is_asked_to_take_the_money_is_refused(
    reserving: Sandbox, story: Sold
) -> None:
    asking = Barrier(2)

    def declines_then() -> None:
        asking.wait(60)
        story.decline()

    accepts: Callable[[], None] = partial(meeting, asking, story.approve, at='"in_hand_until" =')
    results = race([accepts, declines_then])

    assert kinds(results) == {"Conflict": 1, "NoneType": 1}
    assert story.stands == ("captured", "completed", "confirmed", "taken")
    assert_all_is_well()

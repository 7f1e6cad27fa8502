"""How each way to sell ends without a booking, and what then becomes of its money."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from holdfast.booking.models import Booking
from holdfast.catalog.terms import Terms
from holdfast.flows.cancellation import cancel_booking, preview_cancellation
from holdfast.flows.ending import expire_orders
from holdfast.flows.refunds import give_back_what_waits
from holdfast.flows.settlement import settle
from holdfast.kernel.errors import Conflict
from holdfast.payments.models import Transaction
from tests.flows.books import everything
from tests.support.practice import NOW, Practice
from tests.support.sandbox import Sandbox
from tests.support.ways import (
    ASKING,
    AUTHORIZE,
    BOOKS_AT_ONCE,
    PRICE,
    SOON,
    TRADE,
    Sold,
    assert_all_is_well,
    assert_the_money_goes_back,
    at_the_gateway,
    emails,
    paid,
    reserves,
    sold,
    waiting,
)
from tests.support.worker import work

pytestmark = pytest.mark.spec("BC-7")
AFTER = NOW + timedelta(minutes=15)  # every hold is over
LATE = NOW + timedelta(minutes=20)
DAYS = timedelta(days=1)


@pytest.mark.spec("BC-5")
@pytest.mark.parametrize("terms", ASKING.values(), ids=ASKING)
def test_what_is_never_paid_expires_and_frees_its_time(
    practice: Practice, either_gateway: Sandbox, terms: Terms
) -> None:
    story = sold(practice, terms)

    expire_orders(now=AFTER)

    booked = "expired" if terms.books_at_once else ""
    assert story.stands == ("pending", "expired", booked, "released")
    assert_all_is_well(now=AFTER)
    assert sold(practice, terms, now=AFTER).stands[-1] == "held"


@pytest.mark.spec("BC-9")
@pytest.mark.parametrize("terms", ASKING.values(), ids=ASKING)
def test_late_money_for_a_time_that_is_free_waits_for_its_answer_all_the_same(
    practice: Practice, either_gateway: Sandbox, terms: Terms
) -> None:
    story = sold(practice, terms)
    expire_orders(now=AFTER)

    paid(story, either_gateway, now=LATE)

    got = "authorized" if reserves(either_gateway, terms) else "captured"
    assert story.stands == (got, "completed", "pending_approval", "taken")
    assert story.booking.answer_by == LATE + 2 * DAYS
    assert_all_is_well(now=LATE)
    story.approve(now=LATE)
    assert story.stands == ("captured", "completed", "confirmed", "taken")
    assert_all_is_well(now=LATE)


@pytest.mark.spec("BC-9")
@pytest.mark.parametrize("terms", ASKING.values(), ids=ASKING)
def test_late_money_for_a_time_that_is_gone_goes_back(
    practice: Practice, either_gateway: Sandbox, terms: Terms
) -> None:
    story = sold(practice, terms)
    expire_orders(now=AFTER)
    rival = sold(practice, terms, now=AFTER)

    paid(story, either_gateway, now=LATE)

    booked = "expired" if terms.books_at_once else ""
    assert story.stands[1:] == ("expired", booked, "released")
    assert (story.payment.wins, story.payment.reason, story.order.reason) == (False, "slot_lost", "slot_lost")
    assert rival.stands[1] == "placed"
    assert emails() == [*(["expired"] if terms.books_at_once else []), "refunded"]
    assert_all_is_well(now=LATE)
    assert_the_money_goes_back(either_gateway, story, now=LATE)


@pytest.mark.spec("GEN-11")
@pytest.mark.parametrize("terms", ASKING.values(), ids=ASKING)
@pytest.mark.parametrize(
    ("notice", "percent"), [(8 * DAYS, 100), (2 * DAYS, 50), (timedelta(hours=2), 0)], ids=["8d", "2d", "2h"]
)
def test_a_customer_who_cancels_what_waits_gets_back_what_the_terms_say_or_all_that_is_reserved(
    practice: Practice, either_gateway: Sandbox, terms: Terms, notice: timedelta, percent: int
) -> None:
    unhurried = replace(terms, approve_within=30 * 86_400)
    story = waiting(practice, either_gateway, unhurried)
    now = story.booking.starts_at - notice
    is_reserved = story.payment.is_reserved
    share = 100 if is_reserved else percent
    seen = preview_cancellation(story.booking.reference, by=story.user, trade=TRADE, now=now)

    owed = cancel_booking(story.booking.reference, by=story.user, trade=TRADE, now=now)

    assert owed == seen
    assert (owed.refund.amount, owed.percent) == (PRICE * share // 100, share)
    assert story.stands[1:] == ("canceled", "canceled", "released")
    back = [("void", "pending")] if is_reserved else [("refund", "pending")] * bool(share)
    assert story.movements[1:] == back
    assert emails() == ["received", "canceled"]
    assert_all_is_well(now=now)


@pytest.mark.spec("GEN-11")
@pytest.mark.parametrize("terms", ASKING.values(), ids=ASKING)
@pytest.mark.parametrize("accepted", [False, True])
def test_a_business_that_cancels_gives_all_of_it_back(
    practice: Practice, either_gateway: Sandbox, terms: Terms, accepted: bool
) -> None:
    story = waiting(practice, either_gateway, terms)
    if accepted:
        story.approve()

    owed = cancel_booking(story.booking.reference, by=story.owner, trade=TRADE, now=LATE)

    assert (owed.refund.amount, owed.percent) == (PRICE, 100)
    assert story.stands[1:] == ("canceled", "canceled", "released")
    assert_all_is_well(now=LATE)
    assert_the_money_goes_back(either_gateway, story, now=LATE)


@pytest.mark.spec("GEN-11")
@pytest.mark.parametrize("terms", BOOKS_AT_ONCE.values(), ids=BOOKS_AT_ONCE)
def test_a_customer_who_cancels_before_paying_owes_and_gets_nothing_and_money_that_comes_still_goes_back(
    practice: Practice, either_gateway: Sandbox, terms: Terms
) -> None:
    story = sold(practice, terms)

    owed = cancel_booking(story.booking.reference, by=story.user, trade=TRADE, now=SOON)

    assert owed.refund.amount == 0
    assert story.stands == ("pending", "canceled", "canceled", "released")
    assert_all_is_well()
    paid(story, either_gateway, now=LATE)
    assert story.stands[1:] == ("canceled", "canceled", "released")
    assert story.payment.reason == "canceled"
    assert_the_money_goes_back(either_gateway, story, now=LATE)


@pytest.mark.parametrize("terms", BOOKS_AT_ONCE.values(), ids=BOOKS_AT_ONCE)
def test_a_failed_attempt_keeps_the_hold_and_another_pays(
    practice: Practice, either_gateway: Sandbox, terms: Terms
) -> None:
    story = sold(practice, terms)
    either_gateway.settle(story.checkout.reference, "fail")
    settle(story.payment.pk, now=SOON)
    assert story.stands == ("failed", "placed", "pending_payment", "held")

    second = story.pay_again(now=SOON)
    paid(second, either_gateway, now=SOON)

    got = "authorized" if reserves(either_gateway, terms) else "captured"
    assert second.stands == (got, "completed", "pending_approval", "taken")
    assert Booking.objects.count() == 1
    assert_all_is_well()


@pytest.mark.spec("BC-12")
@pytest.mark.parametrize("terms", BOOKS_AT_ONCE.values(), ids=BOOKS_AT_ONCE)
def test_of_two_attempts_that_are_both_paid_one_wins_and_the_other_goes_back(
    practice: Practice, either_gateway: Sandbox, terms: Terms
) -> None:
    story = sold(practice, terms)
    second = story.pay_again(now=SOON)
    paid(second, either_gateway, now=SOON)

    paid(story, either_gateway, now=SOON)

    assert (second.payment.wins, story.payment.wins) == (True, False)
    assert story.payment.reason == "paid twice"
    assert story.stands[1:] == ("completed", "pending_approval", "taken")
    assert_all_is_well()
    assert_the_money_goes_back(either_gateway, story, now=LATE)
    second.approve(now=LATE)
    assert second.stands == ("captured", "completed", "confirmed", "taken")
    assert at_the_gateway(either_gateway, second.checkout.reference)[1] == 0
    assert_all_is_well(now=LATE)


@pytest.mark.parametrize("answer", [Sold.approve, Sold.decline], ids=["accepting", "declining"])
@pytest.mark.parametrize("terms", BOOKS_AT_ONCE.values(), ids=BOOKS_AT_ONCE)
def test_what_is_not_paid_is_neither_accepted_nor_declined(
    practice: Practice, either_gateway: Sandbox, terms: Terms, answer: Callable[..., Any]
) -> None:
    story = sold(practice, terms)
    before = everything()

    with pytest.raises(Conflict, match="pending payment"):
        answer(story)

    assert everything() == before


def test_what_costs_nothing_waits_for_an_answer_and_has_no_money_to_move(
    practice: Practice, either_gateway: Sandbox
) -> None:
    practice.offering.price = 0
    practice.offering.save()

    sold(practice, AUTHORIZE)

    booking = Booking.objects.get()
    assert (booking.state, booking.answer_by) == ("pending_approval", NOW + 2 * DAYS)
    assert not Transaction.objects.exists()
    assert_all_is_well()


@pytest.mark.spec("BC-21")
@pytest.mark.parametrize("terms", ASKING.values(), ids=ASKING)
@pytest.mark.parametrize("fault", ["amount_lower", "amount_higher"])
def test_money_that_differs_pays_nothing_its_hold_runs_out_and_a_person_sends_it_back(
    practice: Practice, either_gateway: Sandbox, terms: Terms, fault: str
) -> None:
    story = sold(practice, terms)
    either_gateway.arm(fault, only=story.checkout.reference)

    paid(story, either_gateway)

    payment = story.payment
    assert (payment.wins, payment.quarantined, payment.reason) == (False, True, "amount differs")
    assert story.stands[1:] == ("placed", "pending_payment" if terms.books_at_once else "", "held")
    assert emails() == ["quarantined"]
    assert_all_is_well()
    expire_orders(now=AFTER)
    assert story.stands[1:] == ("expired", "expired" if terms.books_at_once else "", "released")
    give_back_what_waits(payment.pk, by="staff:1", now=LATE)
    work()
    back = "void" if reserves(either_gateway, terms) else "refund"
    assert [kind for kind, _ in story.movements[1:]] == [back]
    assert_all_is_well(now=LATE)

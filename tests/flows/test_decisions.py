"""What a gateway's word means, in every state that an order and a payment can be in."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from holdfast.flows.decisions import (
    START_TAKES,
    Decision,
    Do,
    Hold,
    Known,
    decide_settlement,
    hold_has_run_out,
)
from holdfast.kernel.money import Money
from holdfast.orders.lifecycle import ORDER
from holdfast.payments.gateways.base import Became, Outcome
from holdfast.payments.lifecycle import PAYMENT
from tests.support.practice import NOW

PRICE = Money(199_900, "INR")
MONEY = (Became.CAPTURED, Became.AUTHORIZED)
NO_MONEY = (Became.FAILED, Became.CANCELED, Became.EXPIRED)
HAD_ITS_MONEY = ("captured", "voided")
TAKES_MONEY = (Do.COMPLETE, Do.COMPLETE_IF_FREE, Do.PAY, Do.GIVE_BACK, Do.QUARANTINE)
ABOUT_RESERVED = (
    Do.CAPTURED,
    Do.CAPTURED_OUTSIDE,
    Do.CAPTURED_INSTEAD,
    Do.BACK_TO_PAYMENT,
    Do.VOIDED,
    Do.VOID_REFUSED,
)
FREES = (Do.FREE, Do.FAIL_AND_FREE)


def word(became: Became, **over: object) -> Outcome:
    said = Outcome(became, word=became.upper(), amount=PRICE if became in MONEY else None)
    return replace(said, **over)  # type: ignore[arg-type]  # the names of its fields


def known(became: Became = Became.CAPTURED, outcome: Outcome | None = None, **over: object) -> Known:
    """A payment of a placed order that holds its time, a minute after its start."""
    usual = Known(
        outcome=outcome or word(became),
        order_state="placed",
        payment_state="pending",
        expected=PRICE,
        reference="ASTRO_ORDER_5_A",
        gateway_reference="OMO1",
        can_be_paid=True,
        another_wins=False,
        still_holds=True,
        failed_payment_frees=True,
        created_at=NOW,
        starts_at=NOW + timedelta(days=1),
        now=NOW + timedelta(minutes=1),
    )
    return replace(usual, **over)  # type: ignore[arg-type]  # the names of its fields


def reserved(became: Became, under_way: str, **over: object) -> Known:
    """Reserved money, and what we have asked the gateway to do with it."""
    outcome = word(became, amount=PRICE if became in MONEY else None)
    usual = known(
        outcome=outcome,
        order_state="completed",
        payment_state="authorized",
        under_way=under_way,
        still_holds=False,
    )
    return replace(usual, **over)  # type: ignore[arg-type]  # the names of its fields


def later(**over: object) -> Known:
    """A difference that was asked for after the order was complete."""
    usual = known(order_state="completed", comes_later=True, failed_payment_frees=True)
    return replace(usual, **over)  # type: ignore[arg-type]  # the names of its fields


def everything() -> list[Known]:
    """Every order state, payment state and word, with every yes and no that a decision looks at."""
    switches: list[dict[str, Any]] = [
        {"another_wins": another, "still_holds": holds, "failed_payment_frees": frees, "can_be_paid": paid}
        for another, holds, frees, paid in product((False, True), repeat=4)
    ]
    moments: list[dict[str, Any]] = [
        {"now": NOW + timedelta(seconds=1)},
        {"now": NOW + timedelta(hours=1)},
        {"now": NOW + timedelta(days=2)},
    ]
    return [
        known(outcome=outcome, order_state=order, payment_state=payment, **switch, **moment)
        for outcome, order, payment, switch, moment in product(
            OUTCOMES, ORDER.states, PAYMENT.states, switches, moments
        )
    ]


def everything_later() -> list[Known]:
    """The same of balances and differences, and of reserved money with all that can be under way with it."""
    due: list[dict[str, Any]] = [
        {"comes_later": later, "withdrawn": withdrawn, "still_holds": holds, "another_wins": another}
        for later, withdrawn, holds, another in product((False, True), repeat=4)
    ]
    movements: list[dict[str, Any]] = [
        {"under_way": asked, "refused": refused}
        for asked, refused in (("", False), *product(("capture", "void"), (False, True)))
    ]
    return [
        known(outcome=outcome, order_state=order, payment_state=payment, **asks, **movement)
        for outcome, order, payment, asks, movement in product(
            OUTCOMES, ORDER.states, PAYMENT.states, due, movements
        )
    ]


OUTCOMES = [
    *(word(became) for became in Became),
    word(Became.CAPTURED, amount=Money(199_800, "INR")),
    word(Became.CAPTURED, refunded=Money(100, "INR")),
]
CASES = everything() + everything_later()


@pytest.mark.spec("AST-4")
@pytest.mark.parametrize(
    ("case", "expected"),
    [
        (known(), Do.COMPLETE),
        (known(payment_state="created"), Do.COMPLETE),
        (known(payment_state="failed"), Do.COMPLETE),
        (known(still_holds=False), Do.COMPLETE_IF_FREE),
        (known(order_state="expired", still_holds=False), Do.COMPLETE_IF_FREE),
        (known(order_state="expired", still_holds=False, starts_at=NOW), Do.GIVE_BACK),
        (known(still_holds=False, starts_at=NOW), Do.GIVE_BACK),
        (known(order_state="canceled", still_holds=False), Do.GIVE_BACK),
        (known(another_wins=True, order_state="completed", still_holds=False), Do.GIVE_BACK),
        (known(payment_state="captured"), Do.NOTHING),
        (known(Became.FAILED), Do.FAIL_AND_FREE),
        (known(Became.FAILED, failed_payment_frees=False), Do.FAIL),
        (known(Became.FAILED, order_state="expired"), Do.FAIL),
        (known(Became.CANCELED), Do.FAIL_AND_FREE),
        (known(Became.EXPIRED), Do.FAIL_AND_FREE),
        (known(Became.FAILED, payment_state="captured"), Do.NOTHING),
        (known(Became.FAILED, payment_state="failed"), Do.NOTHING),
        (known(Became.PENDING), Do.LOOK_AGAIN),
        (known(Became.PENDING, can_be_paid=False), Do.FREE),
        (known(Became.PENDING, can_be_paid=False, now=NOW + START_TAKES / 2), Do.LOOK_AGAIN),
        (known(Became.PENDING, can_be_paid=False, order_state="expired"), Do.LOOK_AGAIN),
        (known(Became.NOT_FOUND), Do.LOOK_AGAIN),
        (known(Became.NOT_FOUND, payment_state="created"), Do.FAIL_AND_FREE),
        (known(Became.NOT_FOUND, payment_state="created", now=NOW + START_TAKES / 2), Do.LOOK_AGAIN),
        (known(order_state="open", still_holds=False), Do.COMPLETE_IF_FREE),
        (known(order_state="open", still_holds=False, starts_at=NOW), Do.GIVE_BACK),
        (known(order_state="open", still_holds=False, withdrawn=True), Do.GIVE_BACK),
        (known(withdrawn=True), Do.GIVE_BACK),
        (known(order_state="completed", still_holds=False, withdrawn=True), Do.GIVE_BACK),
        (known(Became.FAILED, withdrawn=True), Do.FAIL),
        (known(Became.NOT_FOUND, payment_state="created", withdrawn=True), Do.FAIL),
        (known(Became.PENDING, can_be_paid=False, withdrawn=True), Do.LOOK_AGAIN),
        (known(Became.UNRECOGNIZED), Do.LOOK_AGAIN),
        (known(Became.PENDING, payment_state="captured"), Do.NOTHING),
        (known(Became.UNRECOGNIZED, payment_state="captured"), Do.NOTHING),
        (known(Became.UNRECOGNIZED, payment_state="failed"), Do.LOOK_AGAIN),
        (known(Became.PENDING, payment_state="failed"), Do.LOOK_AGAIN),
        (known(Became.NOT_FOUND, payment_state="failed"), Do.NOTHING),
        (known(outcome=word(Became.FAILED, reference="ANOTHER"), payment_state="failed"), Do.LOOK_AGAIN),
    ],
)
def test_what_a_gateways_word_means(case: Known, expected: Do) -> None:
    assert decide_settlement(case).do is expected


@pytest.mark.spec("BC-9", "GEN-11")
@pytest.mark.parametrize("another_wins", [True, False])
def test_money_for_what_was_canceled_goes_back_because_of_that(another_wins: bool) -> None:
    case = known(order_state="canceled", still_holds=False, another_wins=another_wins)

    assert decide_settlement(case) == Decision(Do.GIVE_BACK, "capture", "canceled")


@pytest.mark.spec("BC-9", "PUJ-5")
@pytest.mark.parametrize("order_state", ["open", "placed", "completed", "expired"])
def test_money_for_what_is_asked_for_no_more_is_too_late_whatever_the_order_has_become(
    order_state: str,
) -> None:
    case = known(order_state=order_state, withdrawn=True)

    assert decide_settlement(case) == Decision(Do.GIVE_BACK, "capture", "too late")


@pytest.mark.spec("BC-21")
@pytest.mark.parametrize(
    ("how", "outcome"),
    [
        ("amount differs", word(Became.CAPTURED, amount=Money(199_901, "INR"))),
        ("amount differs", word(Became.CAPTURED, amount=Money(199_899, "INR"))),
        ("amount differs", word(Became.CAPTURED, amount=Money(0, "INR"))),
        ("currency differs", word(Became.CAPTURED, amount=Money(199_900, "NPR"))),
        ("currency differs", word(Became.CAPTURED, amount=None)),
    ],
)
def test_money_that_does_not_match_pays_nothing(how: str, outcome: Outcome) -> None:
    decision = decide_settlement(known(outcome=outcome))

    assert (decision.do, decision.event, decision.reason) == (Do.QUARANTINE, "capture", how)


@pytest.mark.spec("BC-21")
@pytest.mark.parametrize("other", [{"reference": "ASTRO_ORDER_5_B"}, {"gateway_reference": "OMO2"}])
def test_an_answer_about_another_order_is_not_believed_whatever_it_says(other: dict[str, str]) -> None:
    for became in Became:
        about_another = word(became, **other)

        decision = decide_settlement(known(outcome=about_another, can_be_paid=False))

        assert decision.do is Do.LOOK_AGAIN


def test_every_combination_is_decided() -> None:
    decided = Counter(decide_settlement(case).do for case in CASES)

    assert len(CASES) == len(OUTCOMES) * len(ORDER.states) * len(PAYMENT.states) * (16 * 3 + 16 * 5)
    assert set(decided) == set(Do)


def test_an_event_of_a_decision_is_always_one_that_the_payment_may_make() -> None:
    for case in CASES:
        decision = decide_settlement(case)

        assert not decision.event or PAYMENT.allows(case.payment_state, decision.event)
        if decision.do not in ABOUT_RESERVED:
            assert bool(decision.event) == (decision.do in (*TAKES_MONEY, Do.FAIL, Do.FAIL_AND_FREE))


@pytest.mark.spec("BC-10")
def test_a_payment_that_has_its_money_is_never_touched_again() -> None:
    for case in CASES:
        if case.payment_state in HAD_ITS_MONEY:
            left = Do.REVERSED if case.outcome.refunded else Do.NOTHING
            assert decide_settlement(case).do is left


@pytest.mark.spec("BC-10", "BC-21")
def test_only_money_moves_money_and_a_no_never_does() -> None:
    for case in CASES:
        moves_money = decide_settlement(case).do in TAKES_MONEY
        has_money = case.payment_state in (*HAD_ITS_MONEY, "authorized")

        assert not moves_money or case.outcome.became in MONEY
        assert moves_money or case.outcome.became not in MONEY or has_money


@pytest.mark.spec("BC-2", "BC-14")
@pytest.mark.parametrize(
    ("case", "expected"),
    [
        (reserved(Became.CAPTURED, "capture"), Do.CAPTURED),
        (reserved(Became.CAPTURED, "capture", refused=True), Do.CAPTURED),
        (reserved(Became.AUTHORIZED, "capture"), Do.LOOK_AGAIN),
        (reserved(Became.AUTHORIZED, "capture", refused=True), Do.BACK_TO_PAYMENT),
        *((reserved(no, "capture"), Do.BACK_TO_PAYMENT) for no in NO_MONEY),
        *((reserved(no, "capture", refused=True), Do.BACK_TO_PAYMENT) for no in NO_MONEY),
        (reserved(Became.PENDING, "capture"), Do.LOOK_AGAIN),
        (reserved(Became.CAPTURED, "void"), Do.CAPTURED_INSTEAD),
        (reserved(Became.CAPTURED, "void", refused=True), Do.CAPTURED_INSTEAD),
        (reserved(Became.AUTHORIZED, "void"), Do.LOOK_AGAIN),
        (reserved(Became.AUTHORIZED, "void", refused=True), Do.VOID_REFUSED),
        *((reserved(no, "void"), Do.VOIDED) for no in NO_MONEY),
        (reserved(Became.CAPTURED, ""), Do.CAPTURED_OUTSIDE),
        (reserved(Became.AUTHORIZED, ""), Do.NOTHING),
        *((reserved(no, ""), Do.BACK_TO_PAYMENT) for no in NO_MONEY),
        (reserved(Became.NOT_FOUND, ""), Do.LOOK_AGAIN),
        (reserved(Became.UNRECOGNIZED, "capture"), Do.LOOK_AGAIN),
    ],
)
def test_what_became_of_reserved_money(case: Known, expected: Do) -> None:
    assert decide_settlement(case).do is expected


@pytest.mark.spec("BC-14")
def test_reserved_money_that_the_gateway_still_keeps_is_not_given_up_as_lapsed() -> None:
    kept = decide_settlement(reserved(Became.AUTHORIZED, "capture", refused=True))
    gone = decide_settlement(reserved(Became.EXPIRED, "capture", refused=True))

    assert (kept.event, kept.reason) == ("", "declined")
    assert (gone.event, gone.reason) == ("lapse", "expired")


@pytest.mark.spec("BC-21")
def test_another_amount_than_was_reserved_pays_nothing() -> None:
    taken = word(Became.CAPTURED, amount=Money(199_800, "INR"))

    for under_way in ("", "capture", "void"):
        case = reserved(Became.CAPTURED, under_way, outcome=taken)
        assert decide_settlement(case) == Decision(Do.QUARANTINE, "capture", "amount differs")


@pytest.mark.spec("BC-9", "GEN-12")
@pytest.mark.parametrize(
    ("case", "expected"),
    [
        (later(), Decision(Do.PAY, "capture")),
        (later(starts_at=NOW), Decision(Do.PAY, "capture")),
        (later(still_holds=False), Decision(Do.GIVE_BACK, "capture", "slot_lost")),
        (later(withdrawn=True), Decision(Do.GIVE_BACK, "capture", "too late")),
        (later(another_wins=True), Decision(Do.GIVE_BACK, "capture", "paid twice")),
        (later(order_state="canceled"), Decision(Do.GIVE_BACK, "capture", "canceled")),
        (later(outcome=word(Became.FAILED)), Decision(Do.FAIL, "fail", "declined")),
        (known(withdrawn=True), Decision(Do.GIVE_BACK, "capture", "too late")),
        (known(order_state="open", still_holds=False), Decision(Do.COMPLETE_IF_FREE, "capture", "slot_lost")),
    ],
)
def test_what_money_means_for_what_is_asked_for_later(case: Known, expected: Decision) -> None:
    assert decide_settlement(case) == expected


def test_money_that_left_is_noticed_only_beyond_what_we_know_of() -> None:
    said = word(Became.CAPTURED, refunded=Money(500, "INR"))

    for gone, expected in ((0, Do.REVERSED), (499, Do.REVERSED), (500, Do.NOTHING), (900, Do.NOTHING)):
        assert decide_settlement(known(outcome=said, payment_state="captured", gone=gone)).do is expected


@pytest.mark.spec("BC-9", "BC-21")
def test_a_booking_needs_the_whole_amount_its_time_and_no_other_winner() -> None:
    for case in CASES:
        decision = decide_settlement(case)

        if decision.do in (Do.COMPLETE, Do.COMPLETE_IF_FREE):
            assert case.outcome.amount == case.expected
            assert not case.another_wins
            assert case.order_state in ("placed", "expired", "open")
            assert not case.withdrawn
        if decision.do is Do.COMPLETE:
            assert case.still_holds
            assert case.order_state == "placed"
        if decision.do is Do.COMPLETE_IF_FREE:
            assert case.starts_at > case.now


@pytest.mark.spec("BC-5")
def test_time_is_given_up_only_by_an_order_that_is_placed() -> None:
    for case in CASES:
        if decide_settlement(case).do in FREES:
            assert case.order_state == "placed"


@pytest.mark.spec("BC-5")
@pytest.mark.parametrize(
    ("hold", "has_run_out"),
    [
        (Hold("placed", NOW, NOW), True),
        (Hold("placed", NOW, NOW + timedelta(hours=1)), True),
        (Hold("placed", NOW, NOW - timedelta(microseconds=1)), False),
        (Hold("placed", None, NOW), False),
        *((Hold(state, NOW, NOW), False) for state in ORDER.states if state != "placed"),
    ],
)
def test_a_hold_runs_out_when_its_order_is_placed_and_its_end_has_come(hold: Hold, has_run_out: bool) -> None:
    assert hold_has_run_out(hold) is has_run_out

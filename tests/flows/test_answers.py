"""What accepting and declining a booking mean, in every state that it and its money can be in."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product

import pytest

from holdfast.booking.lifecycle import BOOKING
from holdfast.flows.answers import (
    ACCEPTED,
    BEFORE_IT_LAPSES,
    Answer,
    Asked,
    Ruling,
    answer_by,
    decide_approval,
    decide_decline,
    warnings_missed,
)
from tests.support.practice import NOW

LAPSES = NOW + timedelta(days=2)
A_MOMENT = timedelta(microseconds=1)
PENDING = "pending_approval"


def asked(**over: object) -> Asked:
    """A booking that waits for its answer, and has been paid for."""
    usual = Asked(
        booking_state=PENDING, has_money=True, is_reserved=False, under_way="", capture_before=None, now=NOW
    )
    return replace(usual, **over)  # type: ignore[arg-type]  # the names of its fields


def reserved(**over: object) -> Asked:
    """The same, when its money is only reserved, for two days more."""
    return replace(asked(is_reserved=True, capture_before=LAPSES), **over)  # type: ignore[arg-type]  # as above


MONEY: list[dict[str, object]] = [
    {"has_money": False, "is_reserved": False, "capture_before": None},
    {"has_money": True, "is_reserved": False, "capture_before": None},
    {"has_money": True, "is_reserved": False, "capture_before": LAPSES},
    {"has_money": True, "is_reserved": True, "capture_before": LAPSES},
    {"has_money": True, "is_reserved": True, "capture_before": None},
]
CASES = [
    asked(booking_state=state, under_way=under_way, now=now, **money)
    for state, money, under_way, now in product(
        BOOKING.states, MONEY, ("", "capture", "void"), (NOW, LAPSES - A_MOMENT, LAPSES)
    )
    if money["is_reserved"] or not under_way
]


@pytest.mark.spec("BC-2", "BC-14")
@pytest.mark.parametrize(
    ("case", "answer", "why"),
    [
        (asked(), Answer.CONFIRM, ""),
        (asked(capture_before=NOW), Answer.CONFIRM, ""),  # it has been taken: what was reserved is history
        (reserved(), Answer.CAPTURE, ""),
        (reserved(capture_before=None), Answer.CAPTURE, ""),
        (reserved(now=LAPSES - A_MOMENT), Answer.CAPTURE, ""),
        (reserved(now=LAPSES), Answer.REFUSE, "authorization has lapsed"),
        (reserved(under_way="capture"), Answer.REFUSE, "being accepted at this moment"),
        (reserved(under_way="void"), Answer.REFUSE, "being set free at this moment"),
        (asked(has_money=False), Answer.REFUSE, "Nothing pays for this booking"),
        *((asked(booking_state=state), Answer.NOTHING, "") for state in ACCEPTED),
        (asked(booking_state="pending_payment"), Answer.REFUSE, "is pending payment"),
        (asked(booking_state="declined"), Answer.REFUSE, "is declined"),
        (asked(booking_state="canceled"), Answer.REFUSE, "is canceled"),
        (asked(booking_state="expired"), Answer.REFUSE, "is expired"),
    ],
)
def test_what_accepting_a_booking_means(case: Asked, answer: Answer, why: str) -> None:
    ruling = decide_approval(case)

    assert ruling.answer is answer
    assert why in ruling.why
    assert bool(ruling.why) == (answer is Answer.REFUSE)


@pytest.mark.spec("BC-2")
@pytest.mark.parametrize(
    ("case", "answer", "why"),
    [
        (asked(), Answer.DECLINE, ""),
        (asked(has_money=False), Answer.DECLINE, ""),
        (reserved(), Answer.DECLINE, ""),
        (reserved(now=LAPSES), Answer.DECLINE, ""),
        (reserved(under_way="capture"), Answer.REFUSE, "being accepted at this moment"),
        (reserved(under_way="void"), Answer.REFUSE, "being set free at this moment"),
        (asked(booking_state="declined"), Answer.NOTHING, ""),
        *((asked(booking_state=state), Answer.REFUSE, "can no longer be declined") for state in ACCEPTED),
        (asked(booking_state="pending_payment"), Answer.REFUSE, "is pending payment"),
        (asked(booking_state="canceled"), Answer.REFUSE, "is canceled"),
        (asked(booking_state="expired"), Answer.REFUSE, "is expired"),
    ],
)
def test_what_declining_a_booking_means(case: Asked, answer: Answer, why: str) -> None:
    ruling = decide_decline(case)

    assert ruling.answer is answer
    assert why in ruling.why
    assert bool(ruling.why) == (answer is Answer.REFUSE)


def test_every_combination_is_answered() -> None:
    accepting = Counter(decide_approval(case).answer for case in CASES)
    declining = Counter(decide_decline(case).answer for case in CASES)

    assert len(CASES) == len(BOOKING.states) * (3 + 2 * 3) * 3
    assert set(accepting) == {Answer.NOTHING, Answer.CONFIRM, Answer.CAPTURE, Answer.REFUSE}
    assert set(declining) == {Answer.NOTHING, Answer.DECLINE, Answer.REFUSE}


@pytest.mark.spec("BC-22")
def test_only_what_waits_for_an_answer_can_be_given_one_and_only_one_is_under_way_at_a_time() -> None:
    for case in CASES:
        answers = {decide_approval(case).answer, decide_decline(case).answer}

        if answers & {Answer.CONFIRM, Answer.CAPTURE, Answer.DECLINE}:
            assert case.booking_state == PENDING
            assert not case.under_way


@pytest.mark.spec("BC-7", "BC-14")
def test_nothing_is_accepted_without_money_and_none_is_taken_after_the_lapse() -> None:
    for case in CASES:
        answer = decide_approval(case).answer

        if answer is Answer.CONFIRM:
            assert case.has_money
            assert not case.is_reserved
        if answer is Answer.CAPTURE:
            assert case.is_reserved
            assert case.capture_before is None or case.now < case.capture_before


def test_an_answer_that_a_lifecycle_would_refuse_is_never_given() -> None:
    moves = {Answer.CONFIRM: "approve", Answer.CAPTURE: "approve", Answer.DECLINE: "decline"}

    for case in CASES:
        for ruling in (decide_approval(case), decide_decline(case)):
            if ruling.answer in moves:
                assert BOOKING.allows(case.booking_state, moves[ruling.answer])


def test_the_same_answer_twice_is_no_refusal_and_the_opposite_one_is() -> None:
    for state in ACCEPTED:
        assert decide_approval(asked(booking_state=state)) == Ruling(Answer.NOTHING)
        assert decide_decline(asked(booking_state=state)).answer is Answer.REFUSE
    assert decide_decline(asked(booking_state="declined")) == Ruling(Answer.NOTHING)
    assert decide_approval(asked(booking_state="declined")).answer is Answer.REFUSE


@pytest.mark.spec("BC-14")
@pytest.mark.parametrize(
    ("within", "starts_in", "lapses_in", "expected"),
    [
        (timedelta(days=2), timedelta(days=9), None, timedelta(days=2)),
        (timedelta(days=2), timedelta(hours=5), None, timedelta(hours=5)),
        (timedelta(days=9), timedelta(days=9), timedelta(days=7), timedelta(days=7) - BEFORE_IT_LAPSES),
        (timedelta(days=2), timedelta(days=9), timedelta(days=7), timedelta(days=2)),
        (timedelta(days=9), timedelta(hours=5), timedelta(days=7), timedelta(hours=5)),
        (timedelta(days=2), timedelta(days=9), timedelta(minutes=30), timedelta(minutes=-30)),
    ],
)
def test_an_answer_is_due_within_the_terms_before_the_start_and_before_the_money_lapses(
    within: timedelta, starts_in: timedelta, lapses_in: timedelta | None, expected: timedelta
) -> None:
    lapses: datetime | None = NOW + lapses_in if lapses_in is not None else None

    until = answer_by(since=NOW, within=within, starts_at=NOW + starts_in, capture_before=lapses)

    assert until == NOW + expected


@pytest.mark.spec("BC-14")
@pytest.mark.parametrize(("hours", "missed"), [(72, 0), (49, 0), (48, 1), (25, 1), (24, 2), (1, 2), (-1, 2)])
def test_a_warning_is_missed_when_asking_came_no_earlier_than_it_would(hours: int, missed: int) -> None:
    assert warnings_missed(since=NOW, until=NOW + timedelta(hours=hours)) == missed

"""The breaker of a gateway account, and the limit on threads inside gateways."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest

from holdfast.payments.gateways.base import BadCredentials, NoToken, NotSent, Refused, Unclear, Unknown
from holdfast.payments.gateways.breaker import Breaker, BreakerOpen, GatewayBusy, GatewaySlots


class Clock:
    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


def answering(trouble: Exception | None = None) -> Callable[[], str]:
    def ask() -> str:
        if trouble:
            raise trouble
        return "answer"

    return ask


def fail(breaker: Breaker, *, times: int, trouble: Exception) -> None:
    for _ in range(times):
        with pytest.raises(type(trouble)):
            breaker.run(answering(trouble))


def test_five_unknowns_in_a_row_open_it_and_then_nobody_is_asked() -> None:
    breaker = Breaker(clock=Clock())
    asked: list[str] = []

    fail(breaker, times=5, trouble=Unknown())

    assert breaker.is_open
    with pytest.raises(BreakerOpen):
        breaker.run(lambda: asked.append("asked"))
    assert asked == []


def test_an_answer_in_between_starts_the_count_anew() -> None:
    breaker = Breaker(clock=Clock())

    fail(breaker, times=4, trouble=Unknown())
    breaker.run(answering())
    fail(breaker, times=4, trouble=Unknown())

    assert not breaker.is_open


@pytest.mark.parametrize("trouble", [BadCredentials("401"), Refused("NO"), Unclear("used before")])
def test_a_gateway_that_answers_never_opens_it(trouble: Exception) -> None:
    breaker = Breaker(clock=Clock())

    fail(breaker, times=50, trouble=trouble)

    assert breaker.run(answering()) == "answer"


def test_what_was_not_sent_is_no_answer_either() -> None:
    breaker = Breaker(clock=Clock())

    fail(breaker, times=5, trouble=NotSent("nobody there"))

    assert breaker.is_open


def test_waiting_for_anothers_token_in_vain_counts_neither_way() -> None:
    breaker = Breaker(clock=Clock())

    fail(breaker, times=4, trouble=Unknown())
    fail(breaker, times=50, trouble=NoToken())
    assert not breaker.is_open
    fail(breaker, times=1, trouble=Unknown())

    assert breaker.is_open


def test_waiting_for_anothers_token_in_vain_leaves_an_open_breaker_to_be_tried_by_the_next() -> None:
    clock = Clock()
    breaker = Breaker(clock=clock)
    fail(breaker, times=5, trouble=Unknown())
    clock.seconds += 30

    fail(breaker, times=1, trouble=NoToken())
    fail(breaker, times=1, trouble=Unknown())

    assert breaker.is_open


def test_after_its_rest_one_answer_closes_it() -> None:
    clock = Clock()
    breaker = Breaker(rests_for=timedelta(seconds=30), clock=clock)
    fail(breaker, times=5, trouble=Unknown())

    clock.seconds += 29.9
    with pytest.raises(BreakerOpen):
        breaker.run(answering())
    clock.seconds += 0.1

    assert breaker.run(answering()) == "answer"
    assert not breaker.is_open


def test_after_its_rest_one_more_unknown_opens_it_again() -> None:
    clock = Clock()
    breaker = Breaker(clock=clock)
    fail(breaker, times=5, trouble=Unknown())

    clock.seconds += 30
    fail(breaker, times=1, trouble=Unknown())

    with pytest.raises(BreakerOpen):
        breaker.run(answering())


def test_only_one_caller_at_a_time_tries_an_open_breaker() -> None:
    clock = Clock()
    breaker = Breaker(clock=clock)
    fail(breaker, times=5, trouble=Unknown())
    clock.seconds += 30

    def try_while_another_tries() -> str:
        with pytest.raises(BreakerOpen):
            breaker.run(answering())
        return "answer"

    assert breaker.run(try_while_another_tries) == "answer"
    assert not breaker.is_open


def test_a_crash_during_the_trial_does_not_keep_it_open_for_ever() -> None:
    clock = Clock()
    breaker = Breaker(clock=clock)
    fail(breaker, times=5, trouble=Unknown())
    clock.seconds += 30

    fail(breaker, times=1, trouble=ZeroDivisionError())

    assert breaker.run(answering()) == "answer"


def test_calls_run_side_by_side() -> None:
    breaker = Breaker(clock=Clock())
    both_inside = threading.Barrier(2, timeout=30)
    answers: list[int] = []

    def ask() -> None:
        answers.append(breaker.run(both_inside.wait))

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answers) == [0, 1]


def test_one_thread_more_than_the_limit_is_turned_away_at_once() -> None:
    slots = GatewaySlots(2)

    with slots, slots, pytest.raises(GatewayBusy), slots:
        raise AssertionError("There were only two places.")


def test_a_place_is_free_again_after_a_call_and_after_an_error() -> None:
    slots = GatewaySlots(1)

    with slots:
        pass
    with pytest.raises(Unknown), slots:
        raise Unknown

    with slots:
        pass

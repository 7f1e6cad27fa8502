"""The real rules hold in every world within the bounds; a checker that finds nothing finds seeded bugs."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import timedelta

import pytest

from holdfast.flows import answers, carrying_out, refunds, reserved, story
from holdfast.flows.decisions import Do
from holdfast.payments.gateways.base import Gateway
from holdfast.surfaces.astrology.terms import TERMS
from model import rules
from model.__main__ import main
from model.explore import explore
from model.production import PRODUCTION
from model.rules import Bounds, Run
from model.scenarios import DEEP, DEFAULT
from model.settling import CARRY_OUT
from tests.model.bug import Bug
from tests.model.bugs import BUGS

SCENARIOS = {bounds.name: bounds for bounds in DEFAULT}
TAKES_LONG = {
    "strange money",
    "the same again",
    "an old tab",
    "reserve, then approve",
    "paid again",
    *(bounds.name for bounds in DEEP),
}


def every_scenario() -> list[object]:
    return [
        pytest.param(bounds, id=bounds.name, marks=[pytest.mark.long] * (bounds.name in TAKES_LONG))
        for bounds in (*DEFAULT, *DEEP)
    ]


@pytest.mark.spec("BC-1", "BC-2", "BC-4", "BC-5", "BC-7", "BC-9", "BC-10", "BC-11", "BC-12", "BC-14")
@pytest.mark.parametrize("bounds", every_scenario())
def test_nothing_is_wrong_in_any_world(bounds: Bounds) -> None:
    report = explore(Run(bounds, PRODUCTION))

    assert report.violation is None, str(report.violation)
    assert report.states >= 10_000
    assert report.at_rest > 0


@pytest.mark.parametrize("bug", BUGS.values(), ids=BUGS)
def test_a_seeded_bug_is_found_with_a_story(bug: Bug) -> None:
    violation = explore(Run(SCENARIOS[bug.scenario], bug.rules)).violation

    assert violation is not None
    assert bug.violated in violation.what
    assert len(violation.story) == bug.steps
    sentences = iter(violation.story)
    for part in bug.story:  # each is found after the one before it
        assert any(part in sentence for sentence in sentences), f"{part!r} is missing in:\n{violation}"


def test_the_program_says_how_much_it_has_explored(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["--only", "refunds"])

    assert code == 0
    printed = capsys.readouterr().out
    found = re.search(r"^([\d,]+) distinct states$", printed, re.MULTILINE)
    assert found is not None
    assert int(found[1].replace(",", "")) >= 10_000
    assert "Nothing is wrong." in printed


def test_the_program_tells_the_story_and_fails(capsys: pytest.CaptureFixture[str]) -> None:
    bug = BUGS["the amount is not checked"]

    code = main(["--only", bug.scenario], rules=bug.rules)

    assert code == 1
    assert capsys.readouterr().out.splitlines()[1:] == [
        "Violated: Customer A's booking has not been paid for, once and in full.",
        "1. Customer A holds 10:00.",
        "2. The gateway opens Customer A's payment and answers with its page.",
        "3. The page of Customer A's payment is recorded and shown.",
        "4. Customer A pays, and the gateway takes the wrong amount.",
        "5. The reconciler asks about Customer A's payment;"
        " the gateway says “captured”, of the wrong amount.",
        "6. Customer A's payment is settled on the word “captured”, of the wrong amount:"
        " the time is taken, the payment wins, the booking is confirmed.",
    ]


def test_the_model_counts_with_the_numbers_of_production() -> None:
    assert timedelta(minutes=rules.PAY_WITHIN) == timedelta(seconds=TERMS.pay_within)
    assert timedelta(minutes=rules.PAY_WITHIN + rules.MARGIN) == TERMS.hold_for
    assert 1 + len(refunds.TRY_ANEW_AFTER) == rules.REFUND_TRIES
    assert 1 + len(reserved.TRY_ANEW_AFTER) == rules.VOID_TRIES
    assert timedelta(minutes=rules.SWEPT_WITHIN) == Gateway.sweeps[0]
    assert timedelta(minutes=rules.SET_FREE_WITHIN) == answers.BEFORE_IT_LAPSES
    assert rules.LATE_MONEY_COMES_WITHIN == story.LATE_MONEY_COMES_WITHIN


def test_whatever_can_be_decided_is_carried_out_in_the_model() -> None:
    assert set(CARRY_OUT) == set(Do) == set(carrying_out.CARRY_OUT)


def test_the_model_needs_no_django() -> None:
    program = "import sys, model.__main__; sys.exit('django' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0

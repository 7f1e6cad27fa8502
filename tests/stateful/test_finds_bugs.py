"""That the machine can fail: each of these bugs has been written somewhere before, and is found."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import Phase

from holdfast.availability.models import Allocation
from holdfast.flows import carrying_out, refunds, settlement
from holdfast.flows.decisions import Decision, Known, decide_settlement
from holdfast.payments.gateways.base import RefundBecame, RefundOutcome
from holdfast.payments.models import Payment, Transaction
from tests.stateful.telling import tell
from tests.support.sandbox import Sandbox
from tests.support.without import without

CHAPTERS = range(12)


def first_found(sandbox: Sandbox) -> str:
    """What is wrong in the first story that shows something wrong; empty if none of many does."""
    for chapter in CHAPTERS:
        try:
            tell(sandbox, chapter=chapter, steps=30, phases=[Phase.generate])
        except AssertionError as wrong:
            return str(wrong)
    return ""


def test_a_seat_that_is_sold_twice_is_found(own_sandbox: Sandbox) -> None:
    with without(Allocation, "no_seat_twice"):
        assert "somebody else has" in first_found(own_sandbox)


@pytest.mark.long
def test_an_amount_that_nobody_checks_is_found(own_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    def whatever_the_amount(known: Known) -> Decision:
        said = known.outcome
        return decide_settlement(
            replace(known, outcome=replace(said, amount=known.expected)) if said.amount else known
        )

    monkeypatch.setattr(settlement, "decide_settlement", whatever_the_amount)

    assert "is there" in first_found(own_sandbox)


@pytest.mark.long
def test_late_money_that_nobody_gives_back_is_found(
    own_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carrying_out, "give_back", lambda *money, **reason: None)

    assert "money without an answer" in first_found(own_sandbox)


@pytest.mark.long
def test_a_refund_that_is_made_anew_while_the_first_is_unknown_is_found(
    own_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gives_up(refund: Transaction, *, lost_sight: bool, now: datetime) -> None:
        if lost_sight:
            payment = Payment.objects.get(pk=refund.payment_id)
            failed = RefundOutcome(RefundBecame.FAILED, word="no answer")
            refunds._conclude(payment, refund, failed, now=now)

    monkeypatch.setattr(refunds, "_ask_again", gives_up)

    assert "is there" in first_found(own_sandbox)

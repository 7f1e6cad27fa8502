"""Letting a time go: only on the gateway's own word that no money has come."""

from __future__ import annotations

from datetime import timedelta

import pytest

from holdfast.flows.actors import Shopper
from holdfast.flows.asking import StillUnknown
from holdfast.flows.returning import release_hold
from holdfast.flows.settlement import apply, settle
from holdfast.kernel.errors import Conflict
from holdfast.payments.gateways.base import Became, Outcome
from tests.flows.books import standing_of
from tests.support.practice import NOW, Practice, held, new_user, payment_of
from tests.support.sandbox import Sandbox

SOON = NOW + timedelta(minutes=2)
TOO_LATE = NOW + timedelta(days=3)  # no late money is waited for by then


@pytest.mark.spec("BC-7")
def test_a_time_whose_money_waits_for_a_person_is_not_let_go(practice: Practice, sandbox: Sandbox) -> None:
    user = new_user()
    sandbox.arm("amount_lower")
    checkout = held(practice, user=user)
    sandbox.settle(checkout.reference)

    with pytest.raises(Conflict, match="paid for meanwhile"):
        release_hold(checkout.reference, by=Shopper(user, None), now=SOON)

    assert standing_of(checkout.reference) == ("captured", "placed", "held")
    assert payment_of(checkout).quarantined


@pytest.mark.spec("BC-7")
def test_quarantined_money_keeps_its_time_however_often_the_customer_lets_go(
    practice: Practice, sandbox: Sandbox
) -> None:
    user = new_user()
    sandbox.arm("amount_lower")
    checkout = held(practice, user=user)
    sandbox.settle(checkout.reference)
    settle(payment_of(checkout).pk, now=SOON)

    for _ in range(2):
        with pytest.raises(Conflict, match="paid for meanwhile"):
            release_hold(checkout.reference, by=Shopper(user, None), now=SOON)

    assert standing_of(checkout.reference) == ("captured", "placed", "held")


@pytest.mark.spec("BC-7", "BC-21")
def test_an_answer_in_a_word_unheard_of_does_not_let_a_paid_time_go(
    practice: Practice, sandbox: Sandbox
) -> None:
    user = new_user()
    checkout = held(practice, user=user)
    sandbox.settle(checkout.reference)
    sandbox.arm("status_unknown_state")

    with pytest.raises(StillUnknown):
        release_hold(checkout.reference, by=Shopper(user, None), now=SOON)

    assert standing_of(checkout.reference) == ("pending", "placed", "held")
    settle(payment_of(checkout).pk, now=SOON)
    assert standing_of(checkout.reference) == ("captured", "completed", "taken")


@pytest.mark.spec("BC-7", "BC-21")
def test_an_answer_about_another_order_does_not_let_a_time_go(practice: Practice, sandbox: Sandbox) -> None:
    user = new_user()
    checkout = held(practice, user=user)
    sandbox.arm("status_of_another_order")

    with pytest.raises(StillUnknown):
        release_hold(checkout.reference, by=Shopper(user, None), now=SOON)

    assert standing_of(checkout.reference) == ("pending", "placed", "held")
    assert not payment_of(checkout).quarantined


@pytest.mark.spec("BC-9", "BC-21")
@pytest.mark.parametrize(
    "answer",
    [
        Outcome(Became.UNRECOGNIZED, word="ON_HOLD"),
        Outcome(Became.PENDING, word="PENDING"),
        Outcome(Became.FAILED, word="FAILED", reference="ANOTHER-ORDER-1"),
    ],
)
def test_the_last_look_for_late_money_is_not_spent_on_an_answer_that_says_nothing(
    practice: Practice, sandbox: Sandbox, answer: Outcome
) -> None:
    checkout = held(practice)
    sandbox.settle(checkout.reference, "fail")
    settle(payment_of(checkout).pk, now=SOON)

    apply(payment_of(checkout), answer, now=TOO_LATE)
    assert payment_of(checkout).next_look_at is not None
    assert standing_of(checkout.reference) == ("failed", "expired", "released")
    apply(payment_of(checkout), Outcome(Became.FAILED, word="FAILED"), now=TOO_LATE)

    assert payment_of(checkout).next_look_at is None

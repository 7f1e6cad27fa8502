"""What gateways do wrong with money that goes back, played through the whole engine.

Each row carries its id in ``docs/gateway-misbehaviours.md``.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from django.db import IntegrityError
from django.db.models import F

from holdfast.flows.ending import expire_orders
from holdfast.flows.paying import Checkout
from holdfast.flows.reconciliation import reconcile
from holdfast.flows.refunds import pursue
from holdfast.flows.settlement import settle
from holdfast.flows.watching import money_waiting_on_a_person
from holdfast.payments.models import Payment, Transaction
from tests.gateways.story import PRICE
from tests.support.practice import NOW, Practice, held, payment_of
from tests.support.racing import race
from tests.support.sandbox import Sandbox
from tests.support.without import without
from tests.support.worker import work

AFTER = NOW + timedelta(hours=1)  # the hold is over
LATE = AFTER + timedelta(minutes=1)


@pytest.fixture
def owed(practice: Practice, sandbox: Sandbox) -> Checkout:
    """Money that came too late: the time is somebody else's, and all of it is to go back."""
    late = held(practice)
    expire_orders(now=AFTER)
    held(practice, now=AFTER)
    sandbox.settle(late.reference)
    settle(payment_of(late).pk, now=LATE)
    assert payment_of(late).refunding == PRICE
    return late


def rounds(sandbox: Sandbox, *hours: float) -> None:
    """The worker works, the reconciler comes by, and the gateway's clock goes on."""
    for later in hours:
        work()
        sandbox.advance(3)
        reconcile(now=LATE + timedelta(hours=later))


def refunds(of: Checkout) -> list[tuple[str, str]]:
    found = Transaction.objects.filter(kind="refund", payment__reference=of.reference).order_by("pk")
    return [(one.key.removeprefix(f"{of.reference}-"), one.state) for one in found]


def gone_back(sandbox: Sandbox, of: Checkout) -> int:
    """What has gone back, in the gateway's own books."""
    return next(int(one["refunded"]) for one in sandbox.ledger() if one["reference"] == of.reference)


def test_money_that_pays_nothing_goes_back(sandbox: Sandbox, owed: Checkout) -> None:
    rounds(sandbox, 0.1, 0.2, 0.3)

    assert refunds(owed) == [("R1", "succeeded")]
    assert gone_back(sandbox, owed) == payment_of(owed).refunded == PRICE


@pytest.mark.spec("GW-61")
def test_a_refund_that_is_pending_for_days_is_asked_about_and_never_repeated(
    sandbox: Sandbox, owed: Checkout
) -> None:
    sandbox.arm("refund_stuck", seconds=3 * 86_400)
    before = sandbox.calls().get("refund", 0)

    rounds(sandbox, 1, 12, 24, 48)
    meanwhile = refunds(owed)
    sandbox.advance(3 * 86_400)
    rounds(sandbox, 73, 98, 123)

    assert [state for _, state in meanwhile] == ["pending"]
    assert refunds(owed) == [("R1", "succeeded")]
    assert sandbox.calls()["refund"] == before + 1
    assert gone_back(sandbox, owed) == payment_of(owed).refunded == PRICE


@pytest.mark.spec("GW-62")
def test_a_refund_that_fails_is_made_anew_under_another_reference(sandbox: Sandbox, owed: Checkout) -> None:
    sandbox.arm("refund_fails")

    rounds(sandbox, 0.1, 0.2, 0.3, 2, 2.1, 2.2, 2.3)

    assert refunds(owed) == [("R1", "failed"), ("R2", "succeeded")]
    assert gone_back(sandbox, owed) == payment_of(owed).refunded == PRICE


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param("refund_500_after", marks=pytest.mark.spec("GW-38", "GW-64")),
        pytest.param("refund_reset_after", marks=pytest.mark.spec("GW-39", "GW-64")),
        pytest.param("refund_excess", marks=pytest.mark.spec("GW-64")),
        pytest.param("refund_html", marks=pytest.mark.spec("GW-46", "GW-64")),
        pytest.param("refund_500_before", marks=pytest.mark.spec("GW-40")),
        pytest.param("refund_reset_before", marks=pytest.mark.spec("GW-40")),
        pytest.param("refund_429", marks=pytest.mark.spec("GW-45")),
        pytest.param("refund_401", marks=pytest.mark.spec("GW-43")),
        pytest.param("refund_status_500_before", marks=pytest.mark.spec("GW-38")),
        pytest.param("refund_status_truncated", marks=pytest.mark.spec("GW-46")),
        pytest.param("refund_not_found", marks=pytest.mark.spec("GW-32", "GW-64")),
        pytest.param("refund_unknown_state", marks=pytest.mark.spec("GW-47")),
    ],
)
def test_a_refund_whose_answer_is_none_is_asked_after_and_made_once(
    sandbox: Sandbox, owed: Checkout, fault: str
) -> None:
    sandbox.arm(fault)

    rounds(sandbox, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)

    assert refunds(owed) == [("R1", "succeeded")]
    assert gone_back(sandbox, owed) == payment_of(owed).refunded == PRICE


@pytest.mark.spec("GW-64")
def test_a_refund_that_was_lost_sight_of_and_whose_repeat_is_refused_is_made_once(
    sandbox: Sandbox, owed: Checkout
) -> None:
    sandbox.arm("refund_stuck", seconds=60)
    work()
    sandbox.arm("refund_not_found")
    sandbox.arm("refund_not_eligible")

    reconcile(now=LATE + timedelta(hours=1))
    lied = sandbox.armed()
    sandbox.advance(60)
    rounds(sandbox, 2, 3, 20)

    assert lied == []
    assert refunds(owed) == [("R1", "succeeded")]
    assert gone_back(sandbox, owed) == payment_of(owed).refunded == PRICE


@pytest.mark.spec("GW-65")
def test_parallel_refunds_never_give_back_more_than_was_taken(sandbox: Sandbox, owed: Checkout) -> None:
    refund = Transaction.objects.get(kind="refund")

    race([partial(pursue, refund.pk, now=LATE) for _ in range(8)])
    rounds(sandbox, 0.1, 0.2, 0.3)

    assert refunds(owed) == [("R1", "succeeded")]
    assert gone_back(sandbox, owed) == PRICE


def give_back_half(of: Checkout) -> None:
    """As a slip of ours would: add to what goes back without asking what is left."""
    Payment.objects.filter(reference=of.reference).update(refunding=F("refunding") + PRICE // 2)


@pytest.mark.spec("GW-65")
def test_the_books_refuse_more_back_than_was_taken(owed: Checkout) -> None:
    with pytest.raises(IntegrityError, match="no_more_back_than_was_taken"):
        give_back_half(owed)

    assert payment_of(owed).refunding == PRICE


@pytest.mark.spec("GW-65")
def test_without_the_constraint_more_goes_back_than_was_taken(owed: Checkout) -> None:
    """The negative control."""
    with without(Payment, "no_more_back_than_was_taken"):
        give_back_half(owed)

        assert payment_of(owed).refunding == PRICE + PRICE // 2


@pytest.mark.spec("GW-66")
@pytest.mark.parametrize("fault", ["refund_window_exceeded", "refund_not_eligible", "refund_forbidden"])
def test_a_refund_that_the_gateway_will_not_make_waits_for_a_person(
    sandbox: Sandbox, owed: Checkout, fault: str
) -> None:
    sandbox.arm(fault, 10)

    rounds(sandbox, 0.1, 2, 3, 20, 21)

    assert {state for _, state in refunds(owed)} == {"failed"}
    assert gone_back(sandbox, owed) == payment_of(owed).refunded == 0
    assert payment_of(owed) in money_waiting_on_a_person()

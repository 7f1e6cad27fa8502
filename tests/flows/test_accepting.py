"""Money that is not what was asked for: somebody has looked, and it counts as the payment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest

from holdfast.flows.accepting import Accepted, accept_as_payment
from holdfast.flows.ending import expire_orders
from holdfast.flows.recording import Method, Taken, record_payment
from holdfast.flows.refunds import give_back_what_waits
from holdfast.flows.settlement import settle
from holdfast.flows.watching import money_waiting_on_a_person
from holdfast.kernel.errors import Conflict
from holdfast.kernel.money import Money
from holdfast.payments.models import Payment, Transaction
from tests.flows.books import everything
from tests.support.practice import NOW, Practice, held, new_member, payment_of
from tests.support.racing import kinds, race
from tests.support.sandbox import Sandbox
from tests.support.shop import Story, at, goes_back, ordered
from tests.support.ways import PRICE, SOON, TRADE, asked_for, assert_all_is_well, at_the_gateway
from tests.support.worker import work

pytestmark = pytest.mark.spec("DESK-7", "BC-12")
CLERK = "staff:7"
AN_HOUR_LATER = NOW + timedelta(hours=1)


def taken_otherwise(story: Story, sandbox: Sandbox, *, fault: str) -> Payment:
    """Its customer pays, and the gateway names another amount."""
    sandbox.settle(story.payment.reference)
    sandbox.arm(fault, 1, only=story.payment.reference)
    settle(story.payment.pk, now=SOON)
    assert story.payment.quarantined
    return story.payment


@pytest.fixture
def story(practice: Practice, sandbox: Sandbox) -> Story:
    return ordered(at(practice.offering, "10:00"))


@pytest.fixture
def too_little(story: Story, sandbox: Sandbox) -> Payment:
    """₹19.99 instead of ₹1,999.00."""
    return taken_otherwise(story, sandbox, fault="status_amount_in_rupees")


def test_too_little_counts_and_the_rest_is_asked_for_as_a_balance(
    story: Story, too_little: Payment, practice: Practice
) -> None:
    accepted = accept_as_payment(too_little.pk, by=CLERK, now=SOON)

    assert accepted == Accepted(Money(0, "INR"), Money(PRICE - 1_999, "INR"))
    assert story.asks() == [("balance", PRICE - 1_999)]
    assert story.states == ["completed", "confirmed"]
    assert story.keeps() == [(story.when, "taken")]
    assert (story.payment.wins, story.payment.accepted_by, story.payment.reason) == (True, CLERK, "")
    assert asked_for("order", "complete") == asked_for("booking", "confirm") == [CLERK]
    assert not money_waiting_on_a_person().exists()
    rest = Taken(Money(PRICE - 1_999, "INR"), Method.CASH)
    record_payment(story.booking.reference, rest, by=new_member(practice, "staff"), trade=TRADE, now=SOON)
    assert story.asks() == []
    work()
    assert_all_is_well()


def test_too_much_counts_and_what_is_over_goes_back(
    story: Story, too_little: Payment, sandbox: Sandbox
) -> None:
    over = 500
    Payment.objects.filter(pk=too_little.pk).update(captured=PRICE + over)
    purchase = Transaction.objects.get(payment=too_little)
    Transaction.objects.bulk_create(
        [
            Transaction(
                payment=too_little,
                kind="purchase",
                amount=PRICE + over - purchase.amount,
                key=f"{purchase.key}-more",
                state="succeeded",
                created_at=SOON,
            )
        ]
    )

    accepted = accept_as_payment(too_little.pk, by=CLERK, now=SOON)

    assert accepted == Accepted(Money(over, "INR"), Money(0, "INR"))
    assert story.refunds() == [(over, "pending")]
    assert story.asks() == []
    assert story.states == ["completed", "confirmed"]
    assert_all_is_well()


def test_time_that_was_let_go_is_had_again_if_it_is_free(story: Story, too_little: Payment) -> None:
    expire_orders(now=AN_HOUR_LATER)
    ended = story.order.state

    accept_as_payment(too_little.pk, by=CLERK, now=AN_HOUR_LATER)

    assert ended in ("open", "expired")
    assert story.states == ["completed", "confirmed"]
    assert story.keeps() == [(story.when, "taken")]
    assert_all_is_well(now=AN_HOUR_LATER)


def test_time_that_somebody_else_has_is_not_had_and_nothing_moves(
    story: Story, too_little: Payment, practice: Practice
) -> None:
    expire_orders(now=AN_HOUR_LATER)
    held(practice, day=story.lines[0].starts_at.date().isoformat(), now=AN_HOUR_LATER)
    before = everything()

    with pytest.raises(Conflict, match="given to somebody else"):
        accept_as_payment(too_little.pk, by=CLERK, now=AN_HOUR_LATER)

    assert everything() == before
    assert story.payment.quarantined


def test_what_is_asked_for_no_more_or_has_begun_is_not_paid_so(story: Story, too_little: Payment) -> None:
    begun = story.lines[0].starts_at
    before = everything()

    with pytest.raises(Conflict, match="has begun"):
        accept_as_payment(too_little.pk, by=CLERK, now=begun)

    assert everything() == before


def test_money_that_is_not_quarantined_or_has_gone_does_not_fit(
    story: Story, too_little: Payment, practice: Practice
) -> None:
    pending = payment_of(held(practice))
    give_back_what_waits(too_little.pk, by=CLERK, now=SOON)
    before = everything()

    for payment in (pending, too_little):
        with pytest.raises(Conflict, match="give it back instead"):
            accept_as_payment(payment.pk, by=CLERK, now=SOON)

    assert everything() == before


def test_many_who_accept_and_give_back_at_once_do_one_of_it(
    story: Story, too_little: Payment, sandbox: Sandbox
) -> None:
    accept: Callable[[], object] = partial(accept_as_payment, too_little.pk, by=CLERK, now=SOON)
    give: Callable[[], object] = partial(give_back_what_waits, too_little.pk, by=CLERK, now=SOON)

    results = race([accept, give] * 3)
    goes_back(sandbox)

    done = kinds(results)
    assert done["Conflict"] == 5, done
    won = story.payment.wins
    assert at_the_gateway(sandbox, story.payment.reference)[1] == (0 if won else 1_999)
    assert story.states[0] == ("completed" if won else "placed")

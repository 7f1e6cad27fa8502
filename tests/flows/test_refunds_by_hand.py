"""Refunds that a person asks for, and refunds that a person makes because no gateway can."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest

from holdfast.flows.audit import look_for_wrongs
from holdfast.flows.reconciliation import reconcile
from holdfast.flows.recording import Method, Taken, record_payment
from holdfast.flows.refunds import leave_to_a_person, record_refund, refund_some
from holdfast.flows.watching import money_waiting_on_a_person
from holdfast.kernel.errors import Conflict, Invalid
from holdfast.kernel.money import Money
from holdfast.payments.models import Transaction
from holdfast.platform.models import User
from tests.flows.books import everything, jobs
from tests.support.meeting import without_locks
from tests.support.practice import NOW, Practice, new_member
from tests.support.racing import kinds, race
from tests.support.sandbox import Sandbox
from tests.support.shop import Story, at, bought, canceled, goes_back, reserved, three_of
from tests.support.ways import PRICE, SOON, TRADE, asked_for, assert_all_is_well, at_the_gateway
from tests.support.worker import work

pytestmark = pytest.mark.spec("GEN-11")
CLERK = "staff:7"
OWES = 'INSERT INTO "holdfast_payments_transaction"'
HOURS = timedelta(hours=1)


def rupees(amount: int) -> Money:
    return Money(amount * 100, "INR")


def refund_of(story: Story) -> Transaction:
    """The latest."""
    return Transaction.objects.filter(payment__order_id=story.order_id, kind="refund").latest("pk")


@pytest.fixture
def owner(practice: Practice) -> User:
    return new_member(practice, "owner")


@pytest.fixture
def in_cash(practice: Practice, owner: User) -> Story:
    """A booking that was paid for in cash."""
    story = reserved(at(practice.offering, "10:00"))
    taken = Taken(Money(PRICE, "INR"), Method.CASH)
    record_payment(story.booking.reference, taken, by=owner, trade=TRADE, now=SOON)
    return story


@pytest.fixture
def story(practice: Practice, sandbox: Sandbox) -> Story:
    return bought(sandbox, at(practice.offering, "10:00"))


@pytest.fixture
def refused(story: Story, sandbox: Sandbox) -> Transaction:
    """A part of a payment which its gateway has refused to give back, for good."""
    sandbox.arm("refund_not_eligible", 10)
    refund_some(story.payment.pk, rupees(500), reason="late start", by=CLERK, now=SOON)
    work()
    for hours in (2, 20):
        reconcile(now=SOON + hours * HOURS)
    sandbox.disarm()
    return refund_of(story)


def test_cash_is_given_back_by_hand_and_waits_for_who_does_it(in_cash: Story) -> None:
    owed = canceled(in_cash)
    work()

    refund = refund_of(in_cash)
    assert owed.refund == Money(PRICE, "INR")
    assert (refund.by_hand, refund.state, refund.amount) == (True, "pending", PRICE)
    assert (in_cash.payment.refunding, in_cash.payment.left) == (PRICE, 0)
    assert jobs().get("refund", 0) == 0
    assert_all_is_well()


def test_who_has_given_it_back_says_so_and_is_named(in_cash: Story, owner: User) -> None:
    canceled(in_cash)

    for _ in range(2):
        record_refund(refund_of(in_cash).pk, by=f"staff:{owner.pk}", now=SOON)

    payment = in_cash.payment
    assert (payment.refunding, payment.refunded, payment.left) == (0, PRICE, 0)
    assert asked_for("transaction", "succeed") == [f"staff:{owner.pk}"]
    assert in_cash.refunds() == [(PRICE, "succeeded")]
    assert_all_is_well()


def test_the_audit_tells_of_cash_that_nobody_has_given_back_for_a_week(in_cash: Story) -> None:
    canceled(in_cash)

    found = [one.check for one in look_for_wrongs(now=SOON + timedelta(days=8))]
    assert found == ["refund by hand that nobody has made"]
    assert_all_is_well(now=SOON + timedelta(days=6))


def test_a_refund_by_hand_is_not_asked_about_at_any_gateway(in_cash: Story) -> None:
    canceled(in_cash)
    before = everything()

    for days in (1, 2, 7, 8):
        reconcile(now=NOW + timedelta(days=days))

    assert {**everything(), "Payment": before["Payment"]} == before
    assert in_cash.payment.next_look_at is None


def test_a_refund_that_the_gateway_has_in_hand_is_not_a_persons_to_record(story: Story) -> None:
    canceled(story)
    before = everything()

    with pytest.raises(Conflict, match="is the gateway's to make"):
        record_refund(refund_of(story).pk, by=CLERK, now=SOON)

    assert everything() == before


def test_what_the_gateway_refuses_for_good_is_left_to_a_person_who_gives_it_back(
    story: Story, refused: Transaction
) -> None:
    waits = list(money_waiting_on_a_person())

    leave_to_a_person(refused.pk, by=CLERK, now=SOON)
    by_hand = refund_of(story)
    record_refund(by_hand.pk, by=CLERK, now=SOON)

    assert waits == [story.payment]
    assert (by_hand.by_hand, by_hand.amount) == (True, 50_000)
    assert (story.payment.refunded, story.payment.refunding) == (50_000, 0)
    assert story.states == ["completed", "confirmed"]
    assert list(money_waiting_on_a_person()) == []
    assert_all_is_well()


@pytest.mark.spec("BC-12")
def test_it_is_left_to_a_person_once(story: Story, refused: Transaction) -> None:
    leave_to_a_person(refused.pk, by=CLERK, now=SOON)
    meanwhile = everything()
    with pytest.raises(Conflict):
        leave_to_a_person(refused.pk, by=CLERK, now=SOON)
    assert everything() == meanwhile
    record_refund(refund_of(story).pk, by=CLERK, now=SOON)
    before = everything()

    with pytest.raises(Conflict, match="is not a refund that has failed and is still owed"):
        leave_to_a_person(refused.pk, by=CLERK, now=SOON)

    assert everything() == before


@pytest.mark.spec("BC-12")
def test_a_refund_that_was_made_anew_is_not_left_to_a_person(story: Story, sandbox: Sandbox) -> None:
    sandbox.arm("refund_fails")
    refund_some(story.payment.pk, rupees(500), reason="late start", by=CLERK, now=SOON)
    goes_back(sandbox)
    goes_back(sandbox, now=SOON + 3 * HOURS, rounds=6)
    first = Transaction.objects.filter(kind="refund").earliest("pk")
    before = everything()

    with pytest.raises(Conflict):
        leave_to_a_person(first.pk, by=CLERK, now=SOON)

    assert everything() == before
    assert story.refunds() == [(50_000, "failed"), (50_000, "succeeded")]
    assert_all_is_well(now=SOON + 3 * HOURS)


@pytest.mark.spec("BC-12")
def test_two_who_leave_it_to_a_person_at_once_owe_it_once(story: Story, refused: Transaction) -> None:
    results = race([partial(leave_to_a_person, refused.pk, by=CLERK, now=SOON) for _ in range(6)])

    assert kinds(results) == {"Conflict": 5, "NoneType": 1}
    assert story.payment.refunding == 50_000
    assert_all_is_well()


@pytest.mark.parametrize(
    ("amount", "refusal"),
    [
        (Money(PRICE + 1, "INR"), Conflict),
        (Money(0, "INR"), Invalid),
        (Money(-100, "INR"), Invalid),
        (Money(100, "NPR"), Invalid),
    ],
    ids=str,
)
def test_what_cannot_go_back_is_refused_and_nothing_moves(
    story: Story, amount: Money, refusal: type[Exception]
) -> None:
    before = everything()

    with pytest.raises(refusal):
        refund_some(story.payment.pk, amount, reason="late start", by=CLERK, now=SOON)

    assert everything() == before


def test_all_that_pays_for_a_booking_which_stands_is_not_given_back_but_by_canceling_it(
    story: Story, owner: User
) -> None:
    refund_some(story.payment.pk, rupees(1_500), reason="late start", by=CLERK, now=SOON)
    rest = Money(story.payment.left, "INR")
    before = everything()

    with pytest.raises(Conflict, match="cancel the booking instead"):
        refund_some(story.payment.pk, rest, reason="late start", by=CLERK, now=SOON)

    assert everything() == before
    assert canceled(story, by=owner).refund == rest
    assert_all_is_well()


def test_parts_go_back_one_after_the_other_and_the_booking_stands(story: Story, sandbox: Sandbox) -> None:
    for amount in (rupees(100), rupees(200), rupees(300)):
        refund_some(story.payment.pk, amount, reason="late start", by=CLERK, now=SOON)
    queued = story.refunds()
    goes_back(sandbox, rounds=9)

    assert queued == [(10_000, "pending"), (20_000, "owed"), (30_000, "owed")]
    assert story.refunds() == [(10_000, "succeeded"), (20_000, "succeeded"), (30_000, "succeeded")]
    assert at_the_gateway(sandbox, story.payment.reference)[1] == 60_000
    assert story.states == ["completed", "confirmed"]
    with pytest.raises(Conflict, match=r"INR 1399\.00 can go back"):
        refund_some(story.payment.pk, rupees(1_400), reason="late start", by=CLERK, now=SOON)
    assert_all_is_well()


@pytest.mark.spec("BC-12")
def test_many_who_give_a_part_back_at_once_never_give_more_than_there_is(
    story: Story, sandbox: Sandbox
) -> None:
    give = partial(refund_some, story.payment.pk, rupees(600), reason="late start", by=CLERK, now=SOON)

    results = race([give] * 6)
    goes_back(sandbox, rounds=9)

    assert kinds(results) == {"Conflict": 3, "NoneType": 3}
    assert at_the_gateway(sandbox, story.payment.reference)[1] == 180_000
    assert_all_is_well()


def test_a_gateways_refund_waits_for_its_turn_behind_one_by_hand(
    practice: Practice, sandbox: Sandbox, owner: User
) -> None:
    story = bought(sandbox, *three_of(practice))
    sandbox.arm("refund_not_eligible", 3)
    canceled(story, which=2)
    work()
    for hours in (2, 20):
        reconcile(now=SOON + hours * HOURS)
    leave_to_a_person(refund_of(story).pk, by=CLERK, now=SOON)

    canceled(story, which=0)
    queued = story.refunds()[-2:]
    record_refund(Transaction.objects.get(by_hand=True).pk, by=CLERK, now=SOON)
    goes_back(sandbox, now=SOON + 21 * HOURS)

    assert queued == [(50_001, "pending"), (99_900, "owed")]
    assert story.refunds()[-2:] == [(50_001, "succeeded"), (99_900, "succeeded")]
    assert at_the_gateway(sandbox, story.payment.reference)[1] == 99_900
    assert_all_is_well()


@pytest.mark.spec("BC-12")
def test_without_the_lock_the_constraints_alone_let_one_of_two_parts_go_back(story: Story) -> None:
    give = partial(refund_some, story.payment.pk, rupees(1_500), reason="late start", by=CLERK, now=SOON)

    results = without_locks(give, give, meet_before=OWES)

    assert kinds(results) == {"IntegrityError": 1, "NoneType": 1}
    assert story.payment.refunding == 150_000

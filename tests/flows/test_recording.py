"""Money that a person takes: whoever took it says so, and it is settled as any money is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from holdfast.availability.models import Allocation
from holdfast.flows.ending import expire_orders
from holdfast.flows.recording import Method, Taken, record_payment
from holdfast.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from holdfast.kernel.money import Money
from holdfast.orders.dues import Kind
from holdfast.payments.models import GatewayAccount, Payment
from holdfast.platform.models import Transition, User
from tests.flows.books import everything
from tests.support.practice import NOW, Practice, new_member, new_practice, new_user
from tests.support.racing import kinds, race
from tests.support.sandbox import Sandbox
from tests.support.shop import (
    CART,
    LATE,
    Story,
    another,
    at,
    bought,
    canceled,
    comes_in,
    goes_back,
    moved,
    ordered,
    paying,
    reserved,
)
from tests.support.ways import HOLD, PRICE, SOON, TRADE, assert_all_is_well, emails

ALL_OF_IT = Money(PRICE, "INR")
IN_CASH = Taken(ALL_OF_IT, Method.CASH)


@pytest.fixture
def clerk(practice: Practice) -> User:
    return new_member(practice, "staff")


@pytest.fixture
def story(practice: Practice) -> Story:
    """A time that is held, and nobody has paid for it."""
    return reserved(at(practice.offering, "10:00"))


def record(story: Story, by: User, taken: Taken = IN_CASH, *, which: int = 0) -> Payment:
    reference = story.bookings[which].reference
    return record_payment(reference, taken, by=by, trade=TRADE, now=SOON)


def actors(payment: Payment) -> set[str]:
    """Everybody who has moved the payment, its order or its booking since it was there."""
    rows = Transition.objects.filter(at=SOON, subject__in=("payment", "order", "booking"))
    return set(rows.values_list("actor", flat=True))


@pytest.mark.parametrize("method", list(Method))
def test_whoever_took_the_money_is_named_with_it(story: Story, clerk: User, method: Method) -> None:
    payment = record(story, clerk, Taken(ALL_OF_IT, method, note="R-17"))

    taken = payment.transactions.get()
    assert (payment.state, payment.captured, payment.wins) == ("captured", PRICE, True)
    assert payment.account.gateway == "offline"
    assert payment.recorded_by == f"staff:{clerk.pk}"
    assert actors(payment) == {f"staff:{clerk.pk}"}
    assert (taken.kind, taken.word, taken.gateway_reference) == ("purchase", method.value, "R-17")
    assert story.states == ["completed", "confirmed"]
    assert [state for _, state in story.keeps()] == ["taken"]
    assert emails() == ["confirmed"]
    assert_all_is_well()


def test_where_somebody_must_accept_it_waits_for_that(practice: Practice, clerk: User) -> None:
    story = reserved(at(practice.offering, "10:00"), terms=HOLD)

    record(story, clerk)

    assert story.states == ["completed", "pending_approval"]
    assert_all_is_well()


@pytest.mark.parametrize(
    "amount",
    [Money(PRICE - 1, "INR"), Money(PRICE + 1, "INR"), Money(PRICE, "NPR"), Money(0, "INR")],
    ids=str,
)
def test_another_amount_than_is_due_is_refused_and_nothing_moves(
    story: Story, clerk: User, amount: Money
) -> None:
    before, accounts = everything(), GatewayAccount.objects.count()

    with pytest.raises(Invalid) as refused:
        record(story, clerk, Taken(amount, Method.CASH))

    assert refused.value.fields == {"amount": ["Payment amount must be exactly 1999.00."]}
    assert everything() == before
    assert GatewayAccount.objects.count() == accounts


def test_the_customer_records_nothing(story: Story) -> None:
    before = everything()

    with pytest.raises(Forbidden):
        record(story, story.user)

    assert everything() == before


@pytest.mark.spec("BC-19")
@pytest.mark.parametrize("who", ["a stranger", "another business's owner", "another's provider"])
def test_nobody_from_outside_records_anything(story: Story, sandbox: Sandbox, who: str) -> None:
    elsewhere = new_practice(sandbox, slug="elsewhere")
    people: dict[str, Callable[[], User]] = {
        "a stranger": new_user,
        "another business's owner": partial(new_member, elsewhere, "owner"),
        "another's provider": partial(new_member, elsewhere, "provider"),
    }
    before = everything()

    with pytest.raises(NotFound):
        record(story, people[who]())

    assert everything() == before


def test_what_is_paid_is_not_recorded_again(story: Story, clerk: User) -> None:
    record(story, clerk)
    before = everything()

    with pytest.raises(Conflict, match="has been paid"):
        record(story, clerk)

    assert everything() == before


def test_what_was_canceled_is_not_to_be_paid(story: Story, clerk: User) -> None:
    canceled(story)
    before = everything()

    with pytest.raises(Conflict, match="was canceled"):
        record(story, clerk)

    assert everything() == before


def test_what_was_paid_and_canceled_is_not_to_be_paid_either(story: Story, clerk: User) -> None:
    record(story, clerk)
    canceled(story)
    before = everything()

    with pytest.raises(Conflict, match="was canceled"):
        record(story, clerk)

    assert everything() == before


@pytest.mark.spec("BC-12")
def test_of_six_who_record_it_at_once_one_does(story: Story, practice: Practice) -> None:
    clerks = [new_member(practice, "staff") for _ in range(6)]

    results = race([partial(record, story, one) for one in clerks])

    assert kinds(results) == {"Conflict": 5, "Payment": 1}
    assert Payment.objects.count() == 1
    assert story.states == ["completed", "confirmed"]
    assert_all_is_well()


@pytest.mark.spec("BC-12")
def test_the_customer_pays_at_the_gateway_too_and_that_goes_back(
    practice: Practice, sandbox: Sandbox, clerk: User
) -> None:
    story = ordered(at(practice.offering, "10:00"))
    online = story.payment.reference
    cash = record(story, clerk)

    late = comes_in(sandbox, online)
    goes_back(sandbox)

    assert (cash.wins, late.wins, late.reason) == (True, False, "paid twice")
    assert story.refunds() == [(PRICE, "succeeded")]
    assert_all_is_well()


def test_cash_for_a_time_that_has_run_out_and_is_free_has_it_again(story: Story, clerk: User) -> None:
    expire_orders(now=LATE)

    record_payment(story.booking.reference, IN_CASH, by=clerk, trade=TRADE, now=LATE)

    assert story.states == ["completed", "confirmed"]
    assert [state for _, state in story.keeps()] == ["taken"]
    assert_all_is_well(now=LATE)


@pytest.mark.spec("BC-4")
@pytest.mark.parametrize("swept", [True, False])
def test_cash_for_a_time_that_somebody_else_has_is_not_written_down(
    story: Story, practice: Practice, clerk: User, swept: bool
) -> None:
    if swept:
        expire_orders(now=LATE)
    ordered(at(practice.offering, "10:00"), now=LATE)
    before = everything()

    with pytest.raises(Conflict, match="given to somebody else"):
        record_payment(story.booking.reference, IN_CASH, by=clerk, trade=TRADE, now=LATE)

    assert everything() == before


def test_all_of_a_cart_is_recorded_with_any_of_its_bookings(practice: Practice, clerk: User) -> None:
    story = reserved(*(at(practice.offering, clock) for clock in ("10:00", "11:00")))

    record(story, clerk, Taken(Money(2 * PRICE, "INR"), Method.BANK), which=1)

    assert story.states == ["completed", "confirmed", "confirmed"]
    assert Allocation.objects.filter(state="taken").count() == 2
    assert_all_is_well()


def test_a_difference_is_the_customers_to_pay_and_is_not_recorded_by_mistake(
    practice: Practice, sandbox: Sandbox, clerk: User
) -> None:
    story = bought(sandbox, at(practice.offering, "10:00"))
    moved(story, "14:00", to=another(practice, price=PRICE + 10_000))
    before = everything()

    with pytest.raises(Conflict, match="has been paid"):
        record(story, clerk, Taken(Money(10_000, "INR"), Method.CASH))

    assert everything() == before


def test_nobody_asks_a_gateway_about_it(story: Story, clerk: User, sandbox: Sandbox) -> None:
    before = sandbox.calls()

    record(story, clerk)

    assert sandbox.calls() == before


def test_nothing_is_begun_at_what_people_take_by_hand(story: Story, clerk: User, practice: Practice) -> None:
    record(story, clerk)
    other = reserved(at(practice.offering, "15:00"), terms=replace(CART, pay_within=900))

    paying(other, Kind.FULL, now=NOW + timedelta(minutes=2))

    assert other.payment.account.gateway == "phonepe"

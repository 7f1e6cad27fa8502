"""Reserved money that differs from what was asked for pays nothing, and waits for a person."""

from __future__ import annotations

from datetime import timedelta

import pytest

from holdfast.flows.audit import look_for_wrongs
from holdfast.flows.ending import expire_orders
from holdfast.flows.refunds import give_back_what_waits
from holdfast.flows.settlement import settle
from holdfast.flows.watching import money_waiting_on_a_person
from holdfast.kernel.errors import Conflict
from holdfast.payments.models import Transaction
from tests.support.practice import NOW, Practice
from tests.support.sandbox import Sandbox
from tests.support.toy import capture_outside
from tests.support.ways import (
    AUTHORIZE,
    PRICE,
    SOON,
    Sold,
    assert_all_is_well,
    assert_the_money_goes_back,
    at_the_gateway,
    calls_since,
    emails,
    lapse,
    paid,
    sold,
    waiting,
)
from tests.support.worker import work

pytestmark = pytest.mark.spec("BC-21")
RESERVED = ("authorize", "succeeded")
LATER = SOON + timedelta(hours=1)
AFTER = NOW + timedelta(minutes=15)  # every hold is over


@pytest.fixture
def story(practice: Practice, reserving: Sandbox) -> Sold:
    """A booking whose money is reserved, and which waits for its answer."""
    return waiting(practice, reserving, AUTHORIZE)


@pytest.mark.parametrize(
    ("fault", "reserved"), [("amount_higher", PRICE + 100), ("amount_lower", PRICE - 100)]
)
def test_an_authorization_of_another_amount_pays_nothing_until_a_person_has_looked(
    practice: Practice, reserving: Sandbox, fault: str, reserved: int
) -> None:
    story = sold(practice, AUTHORIZE)
    reserving.arm(fault, only=story.checkout.reference)

    paid(story, reserving)

    payment = story.payment
    assert story.stands == ("authorized", "placed", "pending_payment", "held")
    assert (payment.wins, payment.quarantined, payment.authorized) == (False, True, reserved)
    assert payment.reason == "amount differs"
    assert emails() == ["quarantined"]
    assert_all_is_well()
    with pytest.raises(Conflict):
        story.approve()


def test_an_authorization_of_another_amount_is_set_free_by_a_person_once(
    practice: Practice, reserving: Sandbox
) -> None:
    story = sold(practice, AUTHORIZE)
    reserving.arm("amount_higher", only=story.checkout.reference)
    paid(story, reserving)
    assert list(money_waiting_on_a_person()) == [story.payment]

    give_back_what_waits(story.payment.pk, by="staff:1", now=LATER)
    with pytest.raises(Conflict, match="nothing left to give back"):
        give_back_what_waits(story.payment.pk, by="staff:1", now=LATER)
    work()

    assert story.movements == [RESERVED, ("void", "succeeded")]
    assert at_the_gateway(reserving, story.checkout.reference) == ("voided", 0)
    assert not money_waiting_on_a_person().exists()
    expire_orders(now=AFTER)
    assert story.stands == ("voided", "expired", "expired", "released")
    assert_all_is_well(now=AFTER)


def test_a_customer_whose_first_authorization_differs_pays_again_and_only_that_one_wins(
    practice: Practice, reserving: Sandbox
) -> None:
    story = sold(practice, AUTHORIZE)
    reserving.arm("amount_lower", only=story.checkout.reference)
    paid(story, reserving)

    second = story.pay_again(now=SOON)
    paid(second, reserving)

    assert second.stands == ("authorized", "completed", "pending_approval", "taken")
    assert (second.payment.wins, story.payment.wins) == (True, False)
    before = reserving.calls()
    second.approve()
    assert calls_since(reserving, before) == {"capture": 1}
    assert second.stands[:3] == ("captured", "completed", "confirmed")
    assert at_the_gateway(reserving, story.checkout.reference) == ("authorized", 0)
    assert_all_is_well()


def test_a_capture_of_another_currency_is_never_believed(reserving: Sandbox, story: Sold) -> None:
    capture_outside(reserving, story.checkout.reference)
    reserving.arm("look_up_another_currency", only=story.checkout.reference)

    settle(story.payment.pk, now=SOON)

    payment = story.payment
    assert (payment.state, payment.wins, payment.quarantined) == ("captured", False, True)
    assert payment.reason == "currency differs"
    assert list(money_waiting_on_a_person()) == [payment]
    assert [wrong.check for wrong in look_for_wrongs(now=SOON)] == ["booking without its money"]
    with pytest.raises(Conflict, match="Nothing pays for this booking"):
        story.approve()
    story.decline()
    assert story.stands == ("captured", "canceled", "declined", "released")
    assert list(money_waiting_on_a_person()) == [payment]
    give_back_what_waits(payment.pk, by="staff:1", now=SOON)
    assert_the_money_goes_back(reserving, story)


def test_an_authorization_that_wins_nothing_lapses_without_touching_what_won(
    practice: Practice, reserving: Sandbox
) -> None:
    story = sold(practice, AUTHORIZE)
    reserving.arm("amount_lower", only=story.checkout.reference)
    paid(story, reserving)
    second = story.pay_again(now=SOON)
    paid(second, reserving)
    second.approve()

    lapse(reserving)
    settle(story.payment.pk, now=LATER)

    assert story.payment.state == "expired"
    assert second.stands == ("captured", "completed", "confirmed", "taken")
    assert Transaction.objects.filter(kind="void").count() == 0
    assert_all_is_well(now=LATER)

"""The mail about money that is more than one price paid once: deposits, parts of it, several services."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail

from holdfast.flows.actors import Shopper
from holdfast.flows.checkout import Wish, check_out
from holdfast.flows.ending import expire_orders
from holdfast.flows.paying import pay
from holdfast.flows.refunds import refund_some
from holdfast.flows.rescheduling import reschedule_booking
from holdfast.flows.settlement import settle
from holdfast.kernel.money import Money
from holdfast.orders.models import Due
from holdfast.payments.models import Payment
from holdfast.surfaces.astrology.terms import TERMS
from tests.support.booked import booked
from tests.support.practice import DAY, NOW, Practice, choice, held, new_user, payment_of, wish
from tests.support.sandbox import Sandbox
from tests.support.toy import authorize, charge, refund_outside
from tests.support.ways import AUTHORIZE, FAR, HOLD_AT_ONCE, SOON, Sold, paid, sold
from tests.support.worker import work

pytestmark = pytest.mark.spec("GEN-13")

BUSINESS = "hello@jyoti.test"
LATE = NOW + timedelta(hours=1)
SOME_GOES_BACK = "Money for Gemstone Consultation goes back to you"
DEPOSIT = replace(HOLD_AT_ONCE, deposit_percent=25)


@pytest.fixture(autouse=True)
def business_mail(practice: Practice) -> None:
    practice.business.email = BUSINESS
    practice.business.save()


def last(to: str = "user@example.com") -> Any:
    return [message for message in mail.outbox if message.to == [to]][-1]


def bodies(message: Any) -> tuple[str, str]:
    ((html, kind),) = message.alternatives
    assert kind == "text/html"
    return str(message.body), str(html)


def id_of(message: Any) -> str:
    return str(message.extra_headers["Message-ID"]).strip("<>").partition("@")[0]


def two_services(practice: Practice) -> Wish:
    """Ten and eleven o'clock of one day, in one order."""
    first = wish(practice)
    return replace(first, choices=(*first.choices, choice(practice.offering, at="11:00")))


def test_a_deposit_is_said_to_be_paid_and_the_balance_to_be_due(practice: Practice, sandbox: Sandbox) -> None:
    story = sold(practice, DEPOSIT)
    paid(story, sandbox)
    work()

    balance = Due.objects.get(kind="balance")
    day = balance.due_at.astimezone(practice.business.zone)
    for said in bodies(last()):
        assert "₹499.75" in said
        assert f"₹1,499.25, the balance, by {day:%A}, {day.day} {day:%B %Y}" in said


def test_a_balance_that_is_paid_is_thanked_for_once(practice: Practice, sandbox: Sandbox) -> None:
    story = sold(practice, DEPOSIT)
    paid(story, sandbox)
    second = pay(Due.objects.get(kind="balance").pk, by=Shopper(story.user, None), now=SOON)
    paid(replace(story, checkout=second), sandbox)
    work()

    payment = payment_of(second)
    assert last().subject == "Paid: Gemstone Consultation"
    assert id_of(last()) == f"paid.payment.{payment.pk}"
    for said in bodies(last()):
        assert "the balance" in said
        assert "₹1,499.25" in said
        assert payment.reference in said


def test_a_payment_that_goes_back_lists_all_that_it_was_for(practice: Practice, sandbox: Sandbox) -> None:
    late = check_out(two_services(practice), by=Shopper(new_user(), None), now=NOW)
    expire_orders(now=LATE)
    held(practice, now=LATE, at="11:00")
    sandbox.settle(late.reference)
    settle(payment_of(late).pk, now=LATE)

    work()

    assert last().subject == "Your payment for Gemstone Consultation and 1 more goes back to you"
    for said in bodies(last()):
        assert "10:00–10:30" in said
        assert "11:00–11:30" in said
        assert "₹3,998.00" in said


def test_reserved_money_with_nothing_to_pay_is_said_to_be_set_free(
    practice: Practice, toy_gateway: Sandbox
) -> None:
    late = sold(practice, AUTHORIZE)
    expire_orders(now=LATE)
    sold(practice, AUTHORIZE, now=LATE)
    authorize(toy_gateway, late.checkout.reference)
    settle(late.payment.pk, now=LATE)

    work()

    for said in bodies(last()):
        assert "only reserved, and is set free" in said
        assert "₹1,999.00" in said
        assert "seven working days" not in said


@pytest.mark.spec("GEN-11")
def test_each_part_that_goes_back_is_told_with_its_amount_and_why(
    practice: Practice, sandbox: Sandbox
) -> None:
    booked(practice, sandbox)
    payment = Payment.objects.get()

    for rupees in (100, 200):
        refund_some(payment.pk, Money(rupees * 100, "INR"), reason="we began late", by="staff:1", now=SOON)
    work()

    messages = [
        one for one in mail.outbox if one.subject == "Money for Gemstone Consultation goes back to you"
    ]
    assert len({id_of(message) for message in messages}) == 2
    for message, amount in zip(messages, ("₹100.00", "₹200.00"), strict=True):
        for said in bodies(message):
            assert amount in said
            assert "Jyoti gives it back: we began late." in said
            assert "Your booking stands." in said
            assert "all of it" not in said


@pytest.mark.spec("GEN-12")
def test_a_cheaper_time_tells_of_the_move_and_of_what_goes_back(practice: Practice, sandbox: Sandbox) -> None:
    reprices = replace(TERMS, reschedule_reprices=True)
    user = new_user()
    checkout = check_out(replace(wish(practice, day=FAR), terms=reprices), by=Shopper(user, None), now=NOW)
    story = Sold(checkout, user, user)
    paid(story, sandbox)
    practice.offering.price = 150_000
    practice.offering.save()

    starts_at = choice(practice.offering, day=FAR, at="12:00").starts_at
    reschedule_booking(story.booking.reference, starts_at, by=user, trade="astrology", now=SOON)
    work()

    assert [message.subject.partition(":")[0] for message in mail.outbox[1:]] == [
        "Moved",
        SOME_GOES_BACK,
    ]
    for said in bodies(last()):
        assert "₹499.00" in said
        assert "The time that you moved to costs less." in said


def test_money_that_left_without_us_is_told_to_the_business(practice: Practice, toy_gateway: Sandbox) -> None:
    checkout = held(practice, day=DAY)
    charge(toy_gateway, checkout.reference)
    settle(payment_of(checkout).pk, now=SOON)
    refund_outside(toy_gateway, checkout.reference, 50_000)

    settle(payment_of(checkout).pk, now=SOON)
    work()

    payment = payment_of(checkout)
    assert last(BUSINESS).subject == f"Money has left without you: {payment.reference}"
    assert id_of(last(BUSINESS)).startswith(f"reversed.payment.{payment.pk}.")
    for said in bodies(last(BUSINESS)):
        assert "₹500.00" in said
        assert "₹1,999.00" in said
        assert "still pays for the booking" in said
        assert f"/desk/payments/{payment.reference}/" in said

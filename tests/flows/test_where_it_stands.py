"""Where a payment stands, in the words of the wire; and letting go of an order with several attempts."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from holdfast.availability.models import Allocation
from holdfast.flows.actors import Shopper
from holdfast.flows.asking import StillUnknown
from holdfast.flows.bookings import booking_by_reference
from holdfast.flows.cancellation import cancel_booking
from holdfast.flows.checkout import check_out
from holdfast.flows.ending import expire_orders
from holdfast.flows.paying import pay
from holdfast.flows.refunds import pursue
from holdfast.flows.resolving import resolve
from holdfast.flows.returning import Standing, release_hold, standing
from holdfast.flows.settlement import settle
from holdfast.kernel.errors import CaptureFailed, Conflict
from holdfast.orders.models import Due, PromoCode
from holdfast.payments.models import Transaction
from tests.flows.books import everything
from tests.support.practice import NOW, Practice, choice, new_user, payment_of, wish
from tests.support.sandbox import Sandbox
from tests.support.toy import lapse_all
from tests.support.ways import AUTHORIZE, HOLD, HOLD_AT_ONCE, SOON, TRADE, Sold, paid, sold, waiting

LATER = NOW + timedelta(hours=1)


def stands(story: Sold, *, now: datetime = SOON) -> Standing:
    return standing(story.checkout.reference, now=now, ended_too=False)


def let_go(story: Sold) -> Standing:
    return release_hold(story.checkout.reference, by=Shopper(story.user, None), now=SOON)


def test_reserved_money_is_authorized_and_the_browser_goes_to_its_booking(
    practice: Practice, toy_gateway: Sandbox
) -> None:
    story = waiting(practice, toy_gateway, AUTHORIZE)

    at = stands(story)

    assert (at.status, at.booking_reference, at.reason) == ("AUTHORIZED", story.booking.reference, None)
    assert story.booking.reference in at.address


def test_what_was_accepted_has_succeeded(practice: Practice, toy_gateway: Sandbox) -> None:
    story = waiting(practice, toy_gateway, AUTHORIZE)

    story.approve()

    assert stands(story).status == "SUCCESS"


def test_what_was_declined_is_canceled_before_and_after_the_void(
    practice: Practice, toy_gateway: Sandbox
) -> None:
    story = waiting(practice, toy_gateway, AUTHORIZE)
    story.decline()
    before = stands(story)

    resolve(Transaction.objects.get(kind="void").pk, now=SOON)

    assert story.payment.state == "voided"
    assert before.status == stands(story).status == "CANCELLED"


def test_money_that_was_charged_and_declined_is_refunded_in_the_end(
    practice: Practice, sandbox: Sandbox
) -> None:
    story = waiting(practice, sandbox, HOLD)
    before = stands(story).status
    story.decline()

    pursue(Transaction.objects.get(kind="refund").pk, now=SOON)
    sandbox.advance(60)
    pursue(Transaction.objects.get(kind="refund").pk, now=SOON + timedelta(minutes=2))

    assert (before, stands(story).status) == ("SUCCESS", "REFUNDED")


def test_a_failed_attempt_has_failed_though_its_time_is_held_for_another(
    practice: Practice, sandbox: Sandbox
) -> None:
    story = sold(practice, HOLD)
    sandbox.settle(story.checkout.reference, "fail")
    settle(story.payment.pk, now=SOON)

    at = stands(story)

    assert story.order.state == "placed"
    assert (at.status, at.reason) == ("FAILED", "declined")


def test_an_attempt_at_an_order_that_is_open_again_has_failed(practice: Practice, sandbox: Sandbox) -> None:
    story = sold(practice, replace(HOLD_AT_ONCE, reopens=True))
    expire_orders(now=LATER)

    at = stands(story, now=LATER)

    assert story.order.state == "open"
    assert (at.status, at.reason) == ("FAILED", "expired")


def test_reserved_money_that_lapsed_has_failed_and_its_booking_waits_to_be_paid(
    practice: Practice, toy_gateway: Sandbox
) -> None:
    story = waiting(practice, toy_gateway, AUTHORIZE)
    lapse_all(toy_gateway)
    with pytest.raises(CaptureFailed):
        story.approve()

    at = stands(story)

    assert (at.status, at.booking_reference) == ("FAILED", story.booking.reference)


def test_a_balance_is_pending_until_it_is_paid(practice: Practice, sandbox: Sandbox) -> None:
    story = sold(practice, replace(HOLD_AT_ONCE, deposit_percent=25))
    paid(story, sandbox)
    due = Due.objects.get(kind="balance")
    balance = replace(story, checkout=pay(due.pk, by=Shopper(story.user, None), now=SOON))
    before = stands(balance).status

    paid(balance, sandbox)

    assert (before, stands(balance).status) == ("PENDING", "SUCCESS")


def test_a_balance_that_is_asked_for_no_more_is_canceled(practice: Practice, sandbox: Sandbox) -> None:
    story = sold(practice, replace(HOLD_AT_ONCE, deposit_percent=25))
    paid(story, sandbox)
    due = Due.objects.get(kind="balance")
    balance = replace(story, checkout=pay(due.pk, by=Shopper(story.user, None), now=SOON))

    cancel_booking(story.booking.reference, by=story.user, trade=TRADE, now=SOON)

    assert stands(balance).status == "CANCELLED"


def test_the_payment_of_several_services_names_the_first_and_how_many_more(
    practice: Practice, sandbox: Sandbox
) -> None:
    user = new_user()
    two = replace(wish(practice), choices=(choice(practice.offering), choice(practice.offering, at="11:00")))
    story = Sold(check_out(two, by=Shopper(user, None), now=NOW), user, user)
    paid(story, sandbox)

    at = stands(story)

    first = story.order.lines.order_by("pk")[0].booking
    assert (at.status, at.title) == ("SUCCESS", "Gemstone Consultation and 1 more")
    assert at.booking_reference == first.reference


# One booking, and what it cost


def test_a_booking_costs_what_is_paid_for_it(practice: Practice, sandbox: Sandbox) -> None:
    PromoCode.objects.create(business=practice.business, code="DIWALI", percent=10)
    user = new_user()
    cheaper = replace(wish(practice), promo_code="DIWALI")
    story = Sold(check_out(cheaper, by=Shopper(user, None), now=NOW), user, user)
    paid(story, sandbox)

    view = booking_by_reference(story.booking.reference, trade=TRADE)

    assert view.price.amount == story.payment.captured == 179_910


def test_a_booking_shows_the_payment_that_pays_for_it_and_not_the_one_that_lapsed(
    practice: Practice, toy_gateway: Sandbox
) -> None:
    story = waiting(practice, toy_gateway, AUTHORIZE)
    lapse_all(toy_gateway)
    with pytest.raises(CaptureFailed):
        story.approve()
    toy_gateway.reset_clock()
    lapsed = booking_by_reference(story.booking.reference, trade=TRADE).payment_reference
    again = story.pay_again(now=SOON)
    paid(again, toy_gateway)

    view = booking_by_reference(story.booking.reference, trade=TRADE)

    assert lapsed == story.checkout.reference
    assert view.payment_reference == again.checkout.reference


def test_a_booking_shows_its_deposit_rather_than_its_balance(practice: Practice, sandbox: Sandbox) -> None:
    story = sold(practice, replace(HOLD_AT_ONCE, deposit_percent=25))
    paid(story, sandbox)
    due = Due.objects.get(kind="balance")
    paid(replace(story, checkout=pay(due.pk, by=Shopper(story.user, None), now=SOON)), sandbox)

    view = booking_by_reference(story.booking.reference, trade=TRADE)

    assert view.payment_reference == story.checkout.reference


# Letting go of an order with several attempts


@pytest.mark.spec("BC-7")
def test_a_time_is_let_go_when_the_gateway_says_of_every_attempt_that_nothing_came(
    practice: Practice, sandbox: Sandbox
) -> None:
    first = sold(practice, HOLD)
    second = first.pay_again(now=SOON)

    after = let_go(second)

    assert after.status == "CANCELLED"
    assert (first.order.state, first.booking.state) == ("canceled", "canceled")
    assert not Allocation.objects.exclude(state="released").exists()


@pytest.mark.spec("BC-7")
@pytest.mark.parametrize("by", ["first", "second"])
def test_a_time_that_another_attempt_has_paid_is_not_let_go(
    practice: Practice, sandbox: Sandbox, by: str
) -> None:
    first = sold(practice, HOLD)
    second = first.pay_again(now=SOON)
    sandbox.settle(first.checkout.reference)

    with pytest.raises(Conflict, match="paid for meanwhile"):
        let_go({"first": first, "second": second}[by])

    assert payment_of(first.checkout).wins
    assert first.stands == ("captured", "completed", "pending_approval", "taken")


@pytest.mark.spec("BC-7")
def test_a_time_is_kept_while_the_gateway_says_nothing_of_one_attempt(
    practice: Practice, sandbox: Sandbox
) -> None:
    first = sold(practice, HOLD)
    second = first.pay_again(now=SOON)
    sandbox.arm("status_500_before", only=first.checkout.reference)
    before = everything()

    with pytest.raises(StillUnknown):
        let_go(second)

    assert everything()["Order"] == before["Order"]
    assert everything()["Allocation"] == before["Allocation"]
    assert first.stands[1:] == ("placed", "pending_payment", "held")


@pytest.mark.spec("BC-7")
def test_reserved_money_is_not_let_go_of(practice: Practice, toy_gateway: Sandbox) -> None:
    story = sold(practice, AUTHORIZE)
    toy_gateway.settle(story.checkout.reference)

    with pytest.raises(Conflict, match="paid for meanwhile"):
        let_go(story)

    assert story.stands == ("authorized", "completed", "pending_approval", "taken")


def test_a_time_can_be_let_go_after_its_reserved_money_could_not_be_had(
    practice: Practice, toy_gateway: Sandbox
) -> None:
    story = waiting(practice, toy_gateway, AUTHORIZE)
    lapse_all(toy_gateway)
    with pytest.raises(CaptureFailed):
        story.approve()

    let_go(story)

    assert story.stands[1:] == ("canceled", "canceled", "released")

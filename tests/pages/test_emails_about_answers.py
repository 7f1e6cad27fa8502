"""The mail around an answer: what the customer hears who waits for it, and the business that must give it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail

from holdfast.flows.approval import decline_unanswered, warn_of_deadlines
from holdfast.flows.cancellation import cancel_booking
from holdfast.kernel.errors import CaptureFailed
from holdfast.kernel.wording import day_in_words
from holdfast.notifications.models import Email
from holdfast.orders.models import Order
from tests.support.practice import Practice
from tests.support.sandbox import Sandbox
from tests.support.ways import AUTHORIZE, HOLD, HOLD_AT_ONCE, SOON, TRADE, Sold, sold, waiting
from tests.support.worker import work

pytestmark = pytest.mark.spec("GEN-13")

BUSINESS = "hello@jyoti.test"
CUSTOMER = "user@example.com"
PRICE = "₹1,999.00"


@pytest.fixture(autouse=True)
def business_mail(practice: Practice) -> None:
    practice.business.email = BUSINESS
    practice.business.save()


def told(to: str) -> list[Any]:
    """Every mail to this address, oldest first."""
    return [message for message in mail.outbox if message.to == [to]]


def bodies(message: Any) -> tuple[str, str]:
    ((html, kind),) = message.alternatives
    assert kind == "text/html"
    return str(message.body), str(html)


def ids() -> list[str]:
    return [message.extra_headers["Message-ID"].strip("<>").partition("@")[0] for message in mail.outbox]


def until_of(story: Sold) -> str:
    by = story.booking.answer_by
    assert by is not None
    local = by.astimezone(story.booking.business.zone)
    return f"{day_in_words(local)}, {local:%H:%M} (Asia/Kolkata time)"


def test_reserved_money_is_said_to_be_reserved_and_until_when_it_is_answered(
    practice: Practice, toy_gateway: Sandbox
) -> None:
    story = waiting(practice, toy_gateway, AUTHORIZE)

    work()

    (message,) = told(CUSTOMER)
    assert message.subject.startswith("Received: Gemstone Consultation, ")
    for said in bodies(message):
        assert "Nothing has been taken yet" in said
        assert until_of(story) in said
        assert "Reserved" in said
        assert PRICE in said
        assert story.booking.reference in said


def test_money_that_was_taken_is_said_to_go_back_unless_they_accept(
    practice: Practice, sandbox: Sandbox
) -> None:
    story = waiting(practice, sandbox, HOLD)

    work()

    (message,) = told(CUSTOMER)
    for said in bodies(message):
        assert "all of your money goes back to you" in said
        assert "Nothing has been taken yet" not in said
        assert until_of(story) in said


def test_the_business_hears_of_it_too_in_a_mail_of_its_own(practice: Practice, toy_gateway: Sandbox) -> None:
    story = waiting(practice, toy_gateway, AUTHORIZE)

    work()

    pk, seq = story.booking.pk, story.booking.seq
    assert ids() == [f"received.booking.{pk}.{seq}", f"waits_for_you.booking.{pk}.{seq}.0"]
    (message,) = told(BUSINESS)
    assert message.subject.startswith("Please answer: Gemstone Consultation, ")
    for said in bodies(message):
        assert "A booking waits for your answer" in said
        assert until_of(story) in said
        assert "the reserved money is set free" in said
        assert f"http://testserver/desk/bookings/{story.booking.reference}/" in said


def test_a_business_without_an_address_hears_through_its_owner(
    practice: Practice, toy_gateway: Sandbox
) -> None:
    practice.business.email = ""
    practice.business.save()
    story = waiting(practice, toy_gateway, AUTHORIZE)

    work()

    assert [message.subject.partition(":")[0] for message in told(story.owner.email)] == ["Please answer"]


@pytest.mark.spec("BC-14")
def test_each_warning_is_a_mail_and_each_is_sent_once(practice: Practice, sandbox: Sandbox) -> None:
    story = waiting(practice, sandbox, replace(HOLD, approve_within=4 * 86_400))
    by = story.booking.answer_by
    assert by is not None

    for before in (47, 46, 23, 22):
        warn_of_deadlines(now=by - timedelta(hours=before))
    work()

    warnings = told(BUSINESS)[1:]
    assert [message.subject.partition(":")[0] for message in warnings] == ["Please answer soon"] * 2
    assert len(set(ids())) == len(ids()) == 4
    for message in warnings:
        for said in bodies(message):
            assert "still waits for your answer" in said.replace("Still waiting", "still waits")
            assert until_of(story) in said


def test_a_decline_says_why_and_that_the_money_is_set_free(practice: Practice, toy_gateway: Sandbox) -> None:
    story = waiting(practice, toy_gateway, AUTHORIZE)
    story.decline(why="the astrologer is ill")
    work()

    message = told(CUSTOMER)[-1]
    assert message.subject.startswith("Declined: Gemstone Consultation, ")
    for said in bodies(message):
        assert "Why: the astrologer is ill." in said
        assert "only reserved, and is set free" in said
        assert PRICE in said


def test_a_decline_of_what_was_paid_says_that_the_money_goes_back(
    practice: Practice, sandbox: Sandbox
) -> None:
    story = waiting(practice, sandbox, HOLD)
    story.decline()
    work()

    for said in bodies(told(CUSTOMER)[-1]):
        assert "Jyoti has not accepted your booking." in said
        assert "Why:" not in said
        assert "seven working days" in said
        assert PRICE in said


@pytest.mark.spec("BC-14")
def test_nobody_answering_is_told_as_the_reason(practice: Practice, toy_gateway: Sandbox) -> None:
    story = waiting(practice, toy_gateway, AUTHORIZE)
    by = story.booking.answer_by
    assert by is not None

    decline_unanswered(now=by)
    work()

    for said in bodies(told(CUSTOMER)[-1]):
        assert "Why: nobody has answered in time." in said


def test_money_that_could_not_be_had_is_asked_for_again_until_the_hold_ends(
    practice: Practice, toy_gateway: Sandbox
) -> None:
    story = waiting(practice, toy_gateway, AUTHORIZE)
    toy_gateway.arm("capture_declined", only=story.checkout.reference)

    with pytest.raises(CaptureFailed):
        story.approve()
    work()

    message = told(CUSTOMER)[-1]
    order = Order.objects.get()
    assert order.expires_at is not None
    local = order.expires_at.astimezone(practice.business.zone)
    assert message.subject.startswith("Please pay again: Gemstone Consultation, ")
    for said in bodies(message):
        assert "nothing has been taken" in said
        assert f"{day_in_words(local)}, {local:%H:%M} (Asia/Kolkata time)" in said


def test_an_accepted_booking_is_confirmed_by_mail_with_what_was_taken(
    practice: Practice, toy_gateway: Sandbox
) -> None:
    story = waiting(practice, toy_gateway, AUTHORIZE)
    story.approve()
    work()

    message = told(CUSTOMER)[-1]
    assert message.subject.startswith("Confirmed: ")
    assert "Paid:      ₹1,999.00" in message.body


def test_canceling_what_was_not_paid_says_that_nothing_was(practice: Practice, sandbox: Sandbox) -> None:
    story = sold(practice, HOLD_AT_ONCE)

    cancel_booking(story.booking.reference, by=story.user, trade=TRADE, now=SOON)
    work()

    (message,) = told(CUSTOMER)
    for said in bodies(message):
        assert "nothing, for nothing had been paid" in said
        assert "by the terms" not in said


def test_a_mail_of_each_kind_is_kept_once_though_its_message_comes_twice(
    practice: Practice, toy_gateway: Sandbox
) -> None:
    story = waiting(practice, toy_gateway, AUTHORIZE)
    story.decline()
    work()
    sent = len(mail.outbox)

    story.decline()
    work()

    assert len(mail.outbox) == sent == Email.objects.count() == 3

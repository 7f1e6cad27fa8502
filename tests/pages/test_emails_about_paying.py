"""The mail of what is not paid: where to pay again, a reservation that has ended, a link, a time lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail

from holdfast.flows.ending import expire_orders
from holdfast.flows.pay_links import post_link
from holdfast.flows.settlement import settle
from holdfast.orders.models import Due
from holdfast.payments.models import PayLink
from holdfast.platform.db import transaction
from tests.support.practice import NOW, Practice, held, payment_of
from tests.support.sandbox import Sandbox
from tests.support.ways import HOLD, paid, sold
from tests.support.worker import work

pytestmark = pytest.mark.spec("GEN-13")
LATER, MUCH_LATER = NOW + timedelta(minutes=1), NOW + timedelta(hours=1)


def the_mail() -> Any:
    (message,) = mail.outbox
    return message


def test_a_payment_that_failed_says_where_to_pay_again_and_until_when(
    practice: Practice, sandbox: Sandbox
) -> None:
    story = sold(practice, HOLD)
    sandbox.settle(story.checkout.reference, "fail")
    settle(story.payment.pk, now=LATER)

    work()

    message = the_mail()
    until = story.order.expires_at
    assert until is not None
    assert message.to == ["user@example.com"]
    assert message.subject == "Not paid yet: Gemstone Consultation"
    for said in (message.body, message.alternatives[0][0]):
        assert f"/confirmation?astro_book_id={story.booking.reference}" in said
        assert f"{until.astimezone(practice.business.zone):%H:%M}" in said
        assert "₹1,999.00" in said


def test_where_a_trade_has_a_page_to_pay_on_the_mail_leads_there(
    practice: Practice, sandbox: Sandbox
) -> None:
    story = sold(practice, replace(HOLD, pay_address="/payment/confirm/{id}/"))
    sandbox.settle(story.checkout.reference, "fail")
    settle(story.payment.pk, now=LATER)

    work()

    assert f"http://testserver/payment/confirm/{story.booking.pk}/" in the_mail().body


def test_who_has_paid_meanwhile_is_not_asked_to(practice: Practice, sandbox: Sandbox) -> None:
    story = sold(practice, HOLD)
    sandbox.settle(story.checkout.reference, "fail")
    settle(story.payment.pk, now=LATER)
    paid(story.pay_again(now=LATER), sandbox, now=LATER)

    work()

    assert [
        message.subject.split(":")[0] for message in mail.outbox if message.to == ["user@example.com"]
    ] == ["Received"]


@pytest.mark.spec("BC-20")
def test_where_a_failed_payment_frees_the_time_there_is_nothing_to_pay_again(
    practice: Practice, sandbox: Sandbox
) -> None:
    checkout = held(practice)
    sandbox.settle(checkout.reference, "fail")
    settle(payment_of(checkout).pk, now=LATER)

    work()

    assert mail.outbox == []


def test_a_reservation_that_was_not_paid_in_time_is_over(practice: Practice) -> None:
    story = sold(practice, HOLD)
    expire_orders(now=MUCH_LATER)

    work()

    message = the_mail()
    assert message.subject.startswith("Not reserved any more: Gemstone Consultation, ")
    assert message.extra_headers["Message-ID"].startswith(f"<expired.booking.{story.booking.pk}.")
    for said in (message.body, message.alternatives[0][0]):
        assert "Nothing has been taken from you" in said
        assert story.booking.reference in said


def test_one_that_late_money_brought_back_is_not_said_to_be_over(
    practice: Practice, sandbox: Sandbox
) -> None:
    story = sold(practice, HOLD)
    expire_orders(now=MUCH_LATER)
    paid(story, sandbox, now=MUCH_LATER)

    work()

    assert [
        message.subject.split(":")[0] for message in mail.outbox if message.to == ["user@example.com"]
    ] == ["Received"]


@pytest.mark.spec("BC-9")
def test_who_lost_the_time_is_told_which_are_free_near_it(practice: Practice, sandbox: Sandbox) -> None:
    late = held(practice)
    expire_orders(now=MUCH_LATER)
    held(practice, now=MUCH_LATER)
    sandbox.settle(late.reference)
    settle(payment_of(late).pk, now=MUCH_LATER)

    work()

    for said in (the_mail().body, the_mail().alternatives[0][0]):
        assert "Free just now, and near it" in said
        assert "09:30–10:00 (Asia/Kolkata time)" in said
        assert "10:30–11:00 (Asia/Kolkata time)" in said
        assert "10:00–10:30 (Asia/Kolkata time)" in said.split("Free just now")[0]
        assert "10:00–10:30" not in said.split("Free just now")[1]


def a_link_is_mailed(due: Due) -> Any:
    with transaction():
        post_link(due, by="staff:1", now=NOW)
    work()
    return the_mail()


@pytest.mark.spec("DESK-4")
def test_a_link_to_pay_is_made_as_its_mail_is(practice: Practice, sandbox: Sandbox) -> None:
    story = sold(practice, HOLD)

    message = a_link_is_mailed(story.payment.due)

    assert message.subject == "Please pay ₹1,999.00: Gemstone Consultation"
    assert PayLink.objects.filter(due=story.payment.due, made_by="staff:1").count() == 1
    for said in (message.body, message.alternatives[0][0]):
        assert "http://testserver/pay/" in said
        assert story.booking.reference in said


@pytest.mark.spec("DESK-4")
def test_no_link_is_mailed_for_what_has_been_paid(practice: Practice, sandbox: Sandbox) -> None:
    story = sold(practice, HOLD)
    paid(story, sandbox)
    work()
    mail.outbox.clear()
    with transaction():
        post_link(story.payment.due, by="staff:1", now=NOW)

    work()

    assert mail.outbox == []
    assert not PayLink.objects.exists()

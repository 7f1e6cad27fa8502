"""The mail that follows from a payment, through the real queue."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives

from holdfast.booking.models import Booking
from holdfast.flows.ending import expire_orders
from holdfast.flows.paying import Checkout
from holdfast.flows.settlement import settle
from holdfast.kernel.wording import day_in_words
from holdfast.notifications.models import Email
from holdfast.notifications.payment_mail import WHY_BACK
from holdfast.payments.models import Payment
from holdfast.platform.outbox import post
from tests.support.practice import DAY, NOW, Practice, held, payment_of
from tests.support.sandbox import Sandbox
from tests.support.worker import work

pytestmark = pytest.mark.spec("GEN-13")
LATER = NOW + timedelta(minutes=1)
MUCH_LATER = NOW + timedelta(hours=1)


def paid(practice: Practice, sandbox: Sandbox) -> Checkout:
    checkout = held(practice)
    sandbox.settle(checkout.reference)
    settle(payment_of(checkout).pk, now=LATER)
    return checkout


def paid_too_late(practice: Practice, sandbox: Sandbox) -> Payment:
    late = held(practice)
    expire_orders(now=MUCH_LATER)
    held(practice, now=MUCH_LATER)
    sandbox.settle(late.reference)
    settle(payment_of(late).pk, now=MUCH_LATER)
    return payment_of(late)


def the_mail() -> Any:
    (message,) = mail.outbox
    assert isinstance(message, EmailMultiAlternatives)
    return message


def html_of(message: Any) -> str:
    ((content, kind),) = message.alternatives
    assert kind == "text/html"
    return str(content)


def test_a_booking_is_confirmed_by_mail_in_text_and_html(practice: Practice, sandbox: Sandbox) -> None:
    paid(practice, sandbox)

    work()

    booking, message = Booking.objects.get(), the_mail()
    day = day_in_words(datetime.fromisoformat(DAY))
    assert message.to == ["user@example.com"]
    assert message.subject == f"Confirmed: Gemstone Consultation, {day}, 10:00"
    assert message.extra_headers["Message-ID"] == f"<confirmed.booking.{booking.pk}@localhost>"
    for said in (message.body, html_of(message)):
        assert day in said
        assert "10:00–10:30 (Asia/Kolkata time)" in said
        assert "₹1,999.00" in said
        assert f"http://testserver/confirmation?astro_book_id={booking.reference}" in said


def test_a_fact_told_twice_is_one_mail(practice: Practice, sandbox: Sandbox) -> None:
    paid(practice, sandbox)
    post("email", name="confirmed", booking=Booking.objects.get().pk)

    work()

    assert len(mail.outbox) == 1
    assert Email.objects.count() == 1


@pytest.mark.spec("BC-20")
def test_no_mail_is_sent_of_a_payment_without_a_booking(practice: Practice, sandbox: Sandbox) -> None:
    checkout = held(practice)
    sandbox.settle(checkout.reference, "fail")
    settle(payment_of(checkout).pk, now=LATER)

    work()

    assert mail.outbox == []


@pytest.mark.spec("BC-9")
def test_money_that_goes_back_is_explained_by_mail(practice: Practice, sandbox: Sandbox) -> None:
    payment = paid_too_late(practice, sandbox)

    work()

    message = the_mail()
    assert message.subject == "Your payment for Gemstone Consultation goes back to you"
    assert message.extra_headers["Message-ID"] == f"<refunded.payment.{payment.pk}@localhost>"
    for said in (message.body, html_of(message)):
        assert "this time had already been given to somebody else" in said
        assert "seven working days" in said
        assert "₹1,999.00" in said
        assert payment.reference in said


@pytest.mark.parametrize(("reason", "said"), [*WHY_BACK.items(), ("else", "could not be booked")])
def test_every_reason_for_giving_back_is_said(
    practice: Practice, sandbox: Sandbox, reason: str, said: str
) -> None:
    payment = paid_too_late(practice, sandbox)
    Payment.objects.filter(pk=payment.pk).update(reason=reason)

    work()

    assert said in the_mail().body
    assert said in html_of(the_mail())


def test_what_a_business_calls_its_offering_is_text_and_not_markup(
    practice: Practice, sandbox: Sandbox
) -> None:
    practice.offering.title = "Moon & <b>stars</b>"
    practice.offering.save()
    paid(practice, sandbox)

    work()

    assert "Moon & <b>stars</b> is confirmed." in the_mail().body
    assert "Moon &amp; &lt;b&gt;stars&lt;/b&gt; is confirmed" in html_of(the_mail())


@pytest.mark.spec("BC-21")
def test_money_that_does_not_match_is_told_to_the_business_and_not_to_the_customer(
    practice: Practice, sandbox: Sandbox
) -> None:
    practice.business.email = "hello@jyoti.test"
    practice.business.save()
    sandbox.arm("amount_lower")
    checkout = held(practice)
    sandbox.settle(checkout.reference)
    settle(payment_of(checkout).pk, now=LATER)

    work()

    assert the_mail().to == ["hello@jyoti.test"]
    assert f"/desk/payments/{checkout.reference}/" in the_mail().body
    assert "\u20b91,998.00" in html_of(the_mail())

"""The customer's pages of a booking of a course: what it costs, how it went, and all of one's own."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from holdfast.booking.models import Booking
from holdfast.flows.pay_links import link_for
from holdfast.kernel.clock import utc_now
from holdfast.payments.models import Payment
from holdfast.platform.models import User
from tests.support.academy import Academy
from tests.support.practice import DAY, new_user
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.spec("COA-4")


@pytest.fixture
def browser(customer: User) -> Client:
    signed_in = Client()
    signed_in.force_login(customer)
    return signed_in


def text(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_a_course_page_reserves_a_time_and_leads_to_its_confirmation(
    academy: Academy, browser: Client
) -> None:
    page = f"/courses/{academy.lesson.pk}/"

    shown = browser.get(page, {"date": DAY})
    sent = browser.post(page, {"date": DAY, "start_time": "10:00", "note": "My knee hurts."})

    booking = Booking.objects.get()
    assert "With The coach. Ten years on the mat." in text(shown)
    assert "Reserve this time for ₹1,500.00" in text(shown)
    assert (sent.status_code, sent["Location"]) == (303, f"/payment/confirm/{booking.pk}/")
    assert (booking.state, booking.line.details["note"]) == ("pending_payment", "My knee hurts.")


def test_a_class_says_for_how_many_it_is_and_how_many_places_are_left(
    academy: Academy, browser: Client, customer: User
) -> None:
    academy.reserved(customer, course=academy.yoga)

    shown = text(browser.get(f"/courses/{academy.yoga.pk}/", {"date": DAY}))

    assert "Ten years on the mat. A class of up to 3." in shown
    assert "<span>10:00<small>2 left</small></span>" in shown
    assert "<span>11:00<small>3 left</small></span>" in shown


def test_the_confirmation_says_what_is_booked_and_starts_the_payment(
    academy: Academy, browser: Client, customer: User
) -> None:
    booking = academy.reserved(customer)
    page = f"/payment/confirm/{booking.pk}/"

    shown = text(browser.get(page))
    sent = browser.post(page)

    for said in (
        "Yoga alone",
        "10:00–11:00 (Asia/Kolkata time)",
        "₹1,500.00",
        "Reserved until",
        "The coach",
    ):
        assert said in shown
    assert sent.status_code == 303
    assert sent["Location"] == f"/pay/{Payment.objects.get().reference}/"


def test_a_declined_payment_can_be_tried_again(
    academy: Academy, browser: Client, customer: User, sandbox: Sandbox
) -> None:
    booking = academy.reserved(customer)
    first = academy.begun(booking).reference
    sandbox.settle(first, "fail")

    back = browser.get(f"/payment/success/{booking.pk}/")
    shown = text(browser.get(back["Location"]))
    again = browser.post(back["Location"], {"again": "1"})

    assert (back.status_code, back["Location"]) == (303, f"/payment/confirm/{booking.pk}/")
    assert "Your payment was declined. Your time is still reserved, so you can try again." in shown
    assert again.status_code == 303
    assert first not in again["Location"]


def test_after_the_gateway_the_payment_is_looked_up_and_waited_for(
    academy: Academy, browser: Client, customer: User, sandbox: Sandbox
) -> None:
    booking = academy.reserved(customer)
    reference = academy.begun(booking).reference

    waits = browser.get(f"/payment/success/{booking.pk}/")
    sandbox.settle(reference)
    Payment.objects.update(looked_at=None)  # a moment later
    paid = browser.get(f"/payment/done/{reference}/", follow=True)

    assert (waits.status_code, waits["Location"]) == (303, f"/pay/return/{reference}/")
    assert paid.redirect_chain == [(f"/payment/success/{booking.pk}/", 303)]
    assert "Payment successful! Waiting for coach confirmation." in text(paid)
    assert Booking.objects.get().state == "pending_approval"


@pytest.mark.spec("DESK-4")
@pytest.mark.parametrize(
    ("how", "said"), [("pay", "Thank you: it is paid"), ("fail", "The payment did not go through")]
)
@pytest.mark.parametrize("signed_in", [False, True])
def test_whoever_pays_by_a_link_for_somebody_else_sees_how_it_ended(
    academy: Academy, customer: User, sandbox: Sandbox, how: str, said: str, signed_in: bool
) -> None:
    payer = Client()
    if signed_in:
        payer.force_login(new_user())
    booking, now = academy.reserved(customer), utc_now()
    due = booking.line.order.dues.get()
    link = link_for(booking.reference, due.pk, by=academy.coach, trade="coaching", now=now)
    payer.post(urlsplit(link).path)
    reference = Payment.objects.get().reference
    sandbox.settle(reference, how)

    shown = payer.get(f"/pay/return/{reference}/", follow=True)

    assert said in text(shown)
    assert customer.email not in text(shown)


def test_money_that_does_not_match_is_looked_into_and_not_asked_for_again(
    academy: Academy, browser: Client, customer: User, sandbox: Sandbox
) -> None:
    booking = academy.reserved(customer)
    reference = academy.begun(booking).reference
    sandbox.arm("amount_lower")
    sandbox.settle(reference)

    shown = text(browser.get(f"/payment/success/{booking.pk}/", follow=True))

    assert "Your payment needs to be looked into" in shown
    assert "You need not pay again." in shown
    assert "Pay ₹" not in shown
    assert Booking.objects.get().state == "pending_payment"


def test_what_has_been_paid_is_not_confirmed_again(
    academy: Academy, browser: Client, customer: User, sandbox: Sandbox
) -> None:
    booking = academy.paid(sandbox, customer)

    answer = browser.get(f"/payment/confirm/{booking.pk}/", follow=True)

    assert answer.redirect_chain == [("/booking/history/?processed", 303)]
    assert "This booking has already been processed." in text(answer)
    assert "Your booking waits for approval" in text(answer)


def test_a_payment_that_cannot_be_begun_says_why_on_the_page(
    academy: Academy, browser: Client, customer: User
) -> None:
    booking = academy.reserved(customer)
    academy.practice.account.active = False
    academy.practice.account.save()

    answer = browser.post(f"/payment/confirm/{booking.pk}/")

    assert answer.status_code == 503
    assert "This business cannot take payments so just now." in text(answer)
    assert Payment.objects.count() == 0


def test_the_history_tells_of_ones_own_bookings_only(
    academy: Academy, browser: Client, customer: User
) -> None:
    own, others = academy.reserved(customer), academy.reserved(academy.other_coach, at="12:00")

    shown = text(browser.get("/booking/history/"))

    assert own.reference in shown
    assert others.reference not in shown
    assert f"/payment/confirm/{own.pk}/" in shown


def test_whoever_holds_a_bookings_reference_sees_its_confirmation(academy: Academy, customer: User) -> None:
    booking = academy.reserved(customer, now=utc_now())

    shown = text(Client().get("/booking/confirmation", {"booking": booking.reference}))

    assert "Your booking waits for your payment" in shown
    assert customer.email not in shown

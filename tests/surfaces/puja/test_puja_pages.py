"""The pages after a payment for a puja: booked, not booked though still held, and what anybody may see."""

from __future__ import annotations

import html
from typing import Any

import pytest
from django.test import Client

from holdfast.availability.models import Allocation
from holdfast.booking.models import Booking
from holdfast.catalog.models import Package
from holdfast.pages.endings import ENDINGS, KEPT
from holdfast.platform.models import User
from tests.support.practice import Api
from tests.support.sandbox import Sandbox
from tests.support.temple import Temple, bought, held

SUCCESS, FAILED, CONFIRMATION = "/puja-booking-success", "/puja-booking-failed", "/puja-booking"


def text(page: Any) -> str:
    return html.unescape(page.content.decode())


@pytest.mark.spec("PUJ-4", "GEN-7")
def test_whoever_has_paid_is_shown_the_booking_and_nobody_who_has_made_it(
    temple: Temple, sandbox: Sandbox, customer: User
) -> None:
    payment = bought(temple, sandbox, user=customer)
    booking = Booking.objects.get().reference

    page = Client().get(SUCCESS, {"merchant_transaction_id": payment.reference})
    confirmation = Client().get(CONFIRMATION, {"book_id": booking})

    assert "Satyanarayan Puja (Basic)" in text(page)
    assert f"{CONFIRMATION}?book_id={booking}" in text(page)
    assert "Your booking is confirmed" in text(confirmation)
    assert not any("@example.com" in text(one) for one in (page, confirmation))


@pytest.mark.spec("PUJ-10")
def test_whoever_has_paid_for_several_things_is_shown_each_of_them(
    temple: Temple, api: Api, sandbox: Sandbox
) -> None:
    cart = api.send("/api/cart/carts/", temple.item()).json()["id"]
    api.send(f"/api/cart/carts/{cart}/items/", temple.talk())
    started = api.send("/api/payments/process-cart/", {"cart_id": cart}).json()
    sandbox.settle(started["merchant_transaction_id"])

    page = Client().get(f"/pay/return/{started['merchant_transaction_id']}/", follow=True)

    said = text(page)
    assert [title in said for title in ("Satyanarayan Puja (Basic)", "Gemstone Consultation")] == [True, True]
    assert all(f"{CONFIRMATION}?book_id={booking.reference}" in said for booking in Booking.objects.all())
    assert "user@example.com" not in said


@pytest.mark.spec("PUJ-5")
@pytest.mark.parametrize(("outcome", "reason"), [("fail", "declined"), ("cancel", "canceled")])
def test_whoever_has_not_paid_is_told_that_the_time_is_still_kept(
    temple: Temple, sandbox: Sandbox, customer: User, outcome: str, reason: str
) -> None:
    checkout = held(temple, user=customer)
    sandbox.settle(checkout.reference, outcome)

    page = Client().get(f"/pay/return/{checkout.reference}/", follow=True)

    went_to, _ = page.redirect_chain[-1]
    assert went_to.endswith(f"{FAILED}?merchant_transaction_id={checkout.reference}&reason={reason}")
    assert ENDINGS[reason].title in text(page)
    assert KEPT[reason] in text(page)
    assert "the time is free again" not in text(page)
    assert Allocation.objects.get().state == "held"


@pytest.mark.spec("PUJ-4")
def test_a_booking_that_cost_nothing_is_shown_at_once(
    temple: Temple, sandbox: Sandbox, customer: User
) -> None:
    Package.objects.update(price=0)
    temple.basic.refresh_from_db()

    checkout = held(temple, user=customer)
    page = Client().get(checkout.success_url.removeprefix("http://testserver"), follow=True)

    assert checkout.payment_id is None
    assert page.status_code == 200
    assert "Your booking is confirmed" in text(page)

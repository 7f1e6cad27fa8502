"""Paying for a cart over HTTP: what it answers, what it holds, and how it ends."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from holdfast.availability.models import Allocation
from holdfast.booking.models import Booking
from holdfast.flows.reconciliation import reconcile
from holdfast.flows.refunds import give_back_what_waits
from holdfast.flows.settlement import settle
from holdfast.kernel.clock import utc_now
from holdfast.payments.models import Payment, Transaction
from holdfast.platform.models import User
from tests.support.practice import DAY, Api
from tests.support.sandbox import Sandbox
from tests.support.temple import Temple
from tests.support.worker import work

PAY = "/api/payments/process-cart/"
PAYMENTS = "/api/payments/payments/"
C = "/api/cart/carts/"
PENDING = {
    "success": False,
    "payment_status": "PENDING",
    "booking_created": False,
    "message": "Payment status: Pending",
}


def kept() -> list[str]:
    """The states of the time that is kept."""
    return list(Allocation.objects.filter(state__in=("held", "taken")).values_list("state", flat=True))


def checked(api: Api, started: dict[str, Any]) -> dict[str, Any]:
    """What both of its addresses answer."""
    payment = started["payment_id"]
    answers = [api.get(f"{at}{payment}/check-booking/") for at in ("/api/payments/", PAYMENTS)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    said: dict[str, Any] = answers[0].json()
    return said


@pytest.mark.spec("PUJ-4", "GEN-7")
def test_the_documented_request_gets_the_documented_answer(
    cart: dict[str, Any], started: dict[str, Any], sandbox: Sandbox
) -> None:
    payment = Payment.objects.get()

    assert re.fullmatch(r"MT[0-9A-Z]{16}", started["merchant_transaction_id"])
    assert re.fullmatch(r"TXN[0-9A-Z]{16}", started["transaction_id"])
    assert started == {
        "success": True,
        "payment_id": payment.pk,
        "transaction_id": started["transaction_id"],
        "merchant_transaction_id": payment.reference,
        "amount": "999.00",
        "currency": "INR",
        "payment_url": payment.payment_url,
        "status": "PENDING",
        "cart_id": cart["id"],
    }
    assert payment.payment_url.startswith(f"{sandbox.url}/phonepe/")
    assert (kept(), Booking.objects.count()) == (["held"], 0)


@pytest.mark.spec("PUJ-4")
@pytest.mark.parametrize("which", ["id", "cart_id"])
def test_a_cart_is_paid_by_either_of_its_ids(api: Api, cart: dict[str, Any], which: str) -> None:
    answer = api.send(PAY, {"cart_id": cart[which]})

    assert (answer.status_code, answer.json()["cart_id"]) == (200, cart["id"])


@pytest.mark.spec("PUJ-4", "GEN-5")
@pytest.mark.parametrize("method", ["PHONEPE", "phonepe", "PhonePe", None])
def test_a_method_is_phonepe_unless_another_is_said(
    api: Api, cart: dict[str, Any], method: str | None
) -> None:
    said = {} if method is None else {"method": method}

    assert api.send(PAY, {"cart_id": cart["id"], **said}).status_code == 200


@pytest.mark.spec("PUJ-4")
@pytest.mark.parametrize("amount", [999.0, 999, "999.00", "999"])
def test_an_amount_that_is_the_total_is_taken_however_it_is_written(
    api: Api, cart: dict[str, Any], amount: Any
) -> None:
    assert api.send(PAY, {"cart_id": cart["id"], "amount": amount}).status_code == 200


@pytest.mark.spec("PUJ-6")
def test_a_payment_under_way_is_pending_at_every_address(api: Api, started: dict[str, Any]) -> None:
    assert checked(api, started) == PENDING

    seen = api.get(f"{PAYMENTS}{started['payment_id']}/").json()
    assert seen == {
        "id": started["payment_id"],
        "transaction_id": started["transaction_id"],
        "merchant_transaction_id": started["merchant_transaction_id"],
        "cart_id": started["cart_id"],
        "amount": "999.00",
        "currency": "INR",
        "method": "PHONEPE",
        "status": "PENDING",
        "reason": None,
        "bookings": [],
        "payment_url": started["payment_url"],
        "created_at": seen["created_at"],
    }
    assert api.get(PAYMENTS).json()["results"] == [seen]


@pytest.mark.spec("PUJ-5", "PUJ-6", "PUJ-8")
def test_a_cart_that_is_paid_becomes_a_booking_and_is_converted(
    temple: Temple, api: Api, customer: User, cart: dict[str, Any], started: dict[str, Any], sandbox: Sandbox
) -> None:
    sandbox.settle(started["merchant_transaction_id"])

    said = checked(api, started)

    booking = Booking.objects.get()
    assert booking.reference.startswith("BK-")
    assert said == {
        "success": True,
        "payment_status": "SUCCESS",
        "booking_created": True,
        "booking": {
            "id": booking.pk,
            "book_id": booking.reference,
            "user": {"id": customer.pk, "email": "customer@example.com"},
            "cart": {"cart_id": cart["cart_id"], "total_price": "999.00"},
            "service_type": "PUJA",
            "puja_service": cart["puja_service"],
            "package": cart["package"],
            "astrology_service": None,
            "title": "Satyanarayan Puja (Basic)",
            "selected_date": DAY,
            "selected_time": "10:30:00",
            "status": "CONFIRMED",
            "total_amount": "999.00",
            "currency": "INR",
            "merchant_transaction_id": started["merchant_transaction_id"],
            "created_at": said["booking"]["created_at"],
            "address": None,
            "reschedule_reason": "",
        },
    }
    assert api.get(f"{C}{cart['id']}/").json()["status"] == "CONVERTED"
    assert api.get(f"{C}active/").json()["results"] == []
    assert kept() == ["taken"]


@pytest.mark.spec("PUJ-5", "PUJ-6")
def test_a_payment_that_failed_leaves_the_time_held_for_another_that_succeeds(
    api: Api, cart: dict[str, Any], started: dict[str, Any], sandbox: Sandbox
) -> None:
    sandbox.settle(started["merchant_transaction_id"], "fail")

    failed = checked(api, started)
    active = api.get(f"{C}{cart['id']}/").json()["status"]
    held = kept()
    second = api.send(PAY, {"cart_id": cart["id"]}).json()
    sandbox.settle(second["merchant_transaction_id"])

    assert failed == {
        "success": False,
        "payment_status": "FAILED",
        "booking_created": False,
        "message": "Payment status: Failed",
    }
    assert (active, held) == ("ACTIVE", ["held"])
    assert checked(api, second)["booking"]["book_id"] == Booking.objects.get().reference
    assert [one["status"] for one in api.get(PAYMENTS).json()["results"]] == ["SUCCESS", "FAILED"]


@pytest.mark.spec("PUJ-5", "BC-12")
def test_two_attempts_that_are_both_paid_make_one_booking_and_one_refund(
    api: Api, cart: dict[str, Any], started: dict[str, Any], sandbox: Sandbox
) -> None:
    sandbox.settle(started["merchant_transaction_id"], "fail")
    checked(api, started)
    second = api.send(PAY, {"cart_id": cart["id"]}).json()
    sandbox.settle(second["merchant_transaction_id"])
    checked(api, second)
    sandbox.arm("late_success", only=started["merchant_transaction_id"])
    sandbox.settle(started["merchant_transaction_id"])

    settle(started["payment_id"], now=utc_now())

    assert Booking.objects.count() == 1
    refunds = Transaction.objects.filter(kind="refund")
    assert [(one.payment_id, one.amount) for one in refunds] == [(started["payment_id"], 99_900)]


@pytest.mark.spec("PUJ-6")
def test_money_that_does_not_match_has_come_and_its_booking_is_pending(
    api: Api, started: dict[str, Any], sandbox: Sandbox
) -> None:
    sandbox.arm("amount_lower")
    sandbox.settle(started["merchant_transaction_id"])

    assert checked(api, started) == {
        "success": True,
        "payment_status": "SUCCESS",
        "booking_created": False,
        "message": "Payment successful but booking creation pending",
    }
    seen = api.get(f"{PAYMENTS}{started['payment_id']}/").json()
    assert (seen["status"], seen["reason"], seen["bookings"]) == ("SUCCESS", None, [])
    assert Booking.objects.count() == 0


@pytest.mark.spec("PUJ-6", "DESK-7")
def test_money_that_does_not_match_and_went_back_makes_no_booking_any_more(
    api: Api, started: dict[str, Any], sandbox: Sandbox
) -> None:
    sandbox.arm("amount_lower")
    sandbox.settle(started["merchant_transaction_id"])
    assert checked(api, started)["payment_status"] == "SUCCESS"

    give_back_what_waits(started["payment_id"], by="staff:1", now=utc_now())
    work()
    for minutes in (1, 5, 20):
        reconcile(now=utc_now() + timedelta(minutes=minutes))

    assert api.get(f"{PAYMENTS}{started['payment_id']}/").json()["status"] == "REFUNDED"
    assert checked(api, started) == {
        "success": False,
        "payment_status": "REFUNDED",
        "booking_created": False,
        "message": "Payment status: Refunded",
    }


@pytest.mark.spec("PUJ-4", "GEN-5")
def test_a_payment_whose_start_was_not_answered_is_202_with_where_to_ask(
    api: Api, cart: dict[str, Any], sandbox: Sandbox
) -> None:
    sandbox.arm("pay_500_after")

    answer = api.send(PAY, {"cart_id": cart["id"]})

    status_url = f"{PAYMENTS}{Payment.objects.get().pk}/"
    assert (answer.status_code, answer.json()) == (202, {"status": "PENDING", "status_url": status_url})
    assert api.get(status_url).json()["status"] == "PENDING"
    assert kept() == ["held"]


@pytest.mark.spec("PUJ-10", "PUJ-3")
def test_all_that_is_in_a_cart_is_booked_together(
    temple: Temple, api: Api, cart: dict[str, Any], sandbox: Sandbox
) -> None:
    api.send(f"{C}{cart['id']}/items/", temple.talk())
    api.send(f"{C}{cart['id']}/apply_promo/", {"promo_code": "DISCOUNT10"})

    started = api.send(PAY, {"cart_id": cart["id"], "amount": 2698.20}).json()
    sandbox.settle(started["merchant_transaction_id"])
    first = checked(api, started)["booking"]

    assert started["amount"] == "2698.20"
    assert first["cart"]["total_price"] == "2698.20"
    both = api.get("/api/booking/bookings/").json()["results"]
    assert [(one["service_type"], one["total_amount"]) for one in both] == [
        ("ASTROLOGY", "1799.10"),
        ("PUJA", "899.10"),
    ]
    assert all(one["book_id"].startswith("BK-") for one in both)
    paid = api.get(f"{PAYMENTS}{started['payment_id']}/").json()
    assert paid["bookings"] == [one["book_id"] for one in reversed(both)]
    assert paid["bookings"][0] == first["book_id"]
    assert kept() == ["taken", "taken"]

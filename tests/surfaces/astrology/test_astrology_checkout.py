"""The documented booking request over HTTP: what it answers, what it holds, and how it is refused."""

from __future__ import annotations

import re
from typing import Any

import pytest

from holdfast.availability.models import Allocation
from holdfast.booking.models import Booking
from holdfast.kernel.clock import utc_now
from holdfast.orders.models import Order
from holdfast.payments.models import Payment
from holdfast.platform.models import User
from tests.support.booked import api_of
from tests.support.practice import DAY, Api, Practice, held, new_user
from tests.support.sandbox import Sandbox

REFERENCE = r"ASTRO_ORDER_{service}_[0-9A-Z]{{16}}"
STATUS = "/api/astrology/bookings/status/?merchant_order_id="


def held_allocations() -> int:
    return Allocation.objects.filter(state__in=("held", "taken")).count()


@pytest.mark.spec("AST-2", "AST-3")
def test_the_documented_request_gets_the_documented_answer(practice: Practice, api: Api) -> None:
    answer = api.book(practice)

    assert answer.status_code == 200
    said = answer.json()
    reference = said["data"]["payment"]["merchant_order_id"]
    assert re.fullmatch(REFERENCE.format(service=practice.offering.pk), reference)
    assert said == {
        "success": True,
        "message": "Payment initiated successfully. Booking will be created after successful payment.",
        "data": {
            "payment": {
                "payment_url": Payment.objects.get().payment_url,
                "merchant_order_id": reference,
                "amount": 199900,
                "amount_in_rupees": "1999.00",
            },
            "service": {
                "id": practice.offering.pk,
                "title": "Gemstone Consultation",
                "description": "",
                "price": "1999.00",
                "currency": "INR",
                "duration": 30,
                "languages": ["Hindi"],
                "image": None,
            },
            "redirect_urls": {
                "success": f"https://yourapp.com/astro-booking-success?merchant_order_id={reference}",
                "failure": f"https://yourapp.com/astro-booking-failed?merchant_order_id={reference}",
            },
        },
    }


@pytest.mark.spec("AST-2", "AST-8")
def test_a_request_holds_the_time_and_makes_no_booking(practice: Practice, api: Api) -> None:
    api.book(practice)

    assert Booking.objects.count() == 0
    assert Allocation.objects.get().state == "held"


@pytest.mark.spec("AST-3")
def test_the_payment_page_is_the_gateways_own(practice: Practice, api: Api, sandbox: Sandbox) -> None:
    answer = api.book(practice)

    assert answer.json()["data"]["payment"]["payment_url"].startswith(f"{sandbox.url}/phonepe/")
    assert [(row["reference"], row["amount"]) for row in sandbox.ledger()][-1] == (
        answer.json()["data"]["payment"]["merchant_order_id"],
        199900,
    )


@pytest.mark.spec("AST-2")
@pytest.mark.parametrize("missing", ["questions", "redirect_url"])
def test_questions_and_redirect_url_may_be_left_out(practice: Practice, api: Api, missing: str) -> None:
    answer = api.book(practice, **{missing: ""})

    assert answer.status_code == 200


@pytest.mark.spec("AST-5")
def test_without_a_front_end_our_own_pages_are_named(practice: Practice, api: Api) -> None:
    urls = api.book(practice, redirect_url="").json()["data"]["redirect_urls"]

    assert urls["success"].startswith(
        "http://testserver/astro-booking-success?merchant_order_id=ASTRO_ORDER_"
    )
    assert urls["failure"].startswith("http://testserver/astro-booking-failed?merchant_order_id=ASTRO_ORDER_")


@pytest.mark.spec("AST-2", "GEN-5")
def test_a_time_that_another_holds_is_409_with_the_nearest_slots(practice: Practice, api: Api) -> None:
    held(practice)

    answer = api.book(practice)

    assert answer.status_code == 409
    said = answer.json()
    assert said["error"] == "This time has just been taken. Please choose another."
    assert [slot["start_time"] for slot in said["nearest_slots"]] == [
        "09:00",
        "09:30",
        "10:30",
        "11:00",
        "11:30",
    ]
    assert said["nearest_slots"][0] == {
        "start": f"{DAY}T09:00:00+05:30",
        "start_time": "09:00",
        "end_time": "09:30",
        "available": True,
        "reason": None,
    }
    assert Payment.objects.count() == 1


@pytest.mark.spec("GEN-5", "GEN-6")
def test_ones_own_held_time_is_409_with_the_way_to_pay_and_to_release_it(
    practice: Practice, api: Api
) -> None:
    payment = api.book(practice).json()["data"]["payment"]

    answer = api.book(practice)

    assert answer.status_code == 409
    assert answer.json() == {
        "error": "You are already holding this time. Pay for it, or release it.",
        "nearest_slots": [],
        "payment_url": payment["payment_url"],
        "release_url": f"/api/payments/{payment['merchant_order_id']}/release/",
    }
    assert held_allocations() == 1


@pytest.mark.spec("GEN-6")
def test_a_released_time_can_be_booked_by_another_at_once(practice: Practice, api: Api) -> None:
    api.book(practice)
    release_url = api.book(practice).json()["release_url"]

    answer = api.send(release_url)

    assert (answer.status_code, answer.json()) == (200, {"success": True, "status": "CANCELLED"})
    assert held_allocations() == 0
    assert api_of(new_user()).book(practice).status_code == 200


@pytest.mark.spec("GEN-2", "BC-19")
def test_nobody_releases_what_another_holds(practice: Practice, api: Api) -> None:
    theirs = held(practice)

    answer = api.send(f"/api/payments/{theirs.reference}/release/")

    assert answer.status_code == 404
    assert held_allocations() == 1


@pytest.mark.spec("GEN-6")
def test_a_time_that_was_paid_for_meanwhile_is_not_released(
    practice: Practice, api: Api, customer: User, sandbox: Sandbox
) -> None:
    checkout = held(practice, user=customer, now=utc_now())
    sandbox.settle(checkout.reference)

    answer = api.send(f"/api/payments/{checkout.reference}/release/")

    assert answer.status_code == 409
    assert answer.json() == {"error": "This has been paid for meanwhile."}
    assert Booking.objects.get().state == "confirmed"


@pytest.mark.spec("GEN-5", "GEN-6")
def test_a_time_is_kept_as_long_as_the_gateway_does_not_say_that_it_is_unpaid(
    practice: Practice, api: Api, sandbox: Sandbox
) -> None:
    api.book(practice)
    release_url = api.book(practice).json()["release_url"]
    sandbox.arm("status_500_before", 2)

    unknown = api.send(release_url)

    assert unknown.status_code == 202
    assert unknown.json() == {"status": "PENDING", "status_url": release_url}
    assert api.get(release_url).json() == {"success": True, "status": "PENDING"}
    assert held_allocations() == 1
    assert api.send(release_url).json() == {"success": True, "status": "CANCELLED"}
    assert api.get(release_url).json() == {"success": True, "status": "CANCELLED"}


@pytest.mark.spec("GEN-6")
def test_a_fourth_unpaid_time_is_too_many(practice: Practice, api: Api) -> None:
    for time in ("10:00", "11:00", "12:00"):
        assert api.book(practice, preferred_time=time).status_code == 200

    answer = api.book(practice, preferred_time="13:00")

    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0
    assert held_allocations() == 3


@pytest.mark.spec("AST-8")
def test_a_failed_payment_leaves_no_booking_and_frees_the_time_at_once(
    practice: Practice, api: Api, sandbox: Sandbox
) -> None:
    reference = api.book(practice).json()["data"]["payment"]["merchant_order_id"]
    sandbox.settle(reference, "fail")

    answer = api.get(STATUS + reference)

    assert answer.json()["data"] == {
        "merchant_order_id": reference,
        "payment_status": "FAILED",
        "astro_book_id": None,
        "reason": "declined",
    }
    assert Booking.objects.count() == 0
    assert held_allocations() == 0
    assert api_of(new_user()).book(practice).status_code == 200


@pytest.mark.spec("GEN-5", "BC-7")
def test_a_start_whose_answer_is_lost_is_202_and_keeps_the_time(
    practice: Practice, api: Api, sandbox: Sandbox
) -> None:
    sandbox.arm("pay_500_after")

    answer = api.book(practice)

    reference = Payment.objects.get().reference
    assert answer.status_code == 202
    assert answer.json() == {"status": "PENDING", "status_url": STATUS + reference}
    assert held_allocations() == 1
    assert api.get(answer.json()["status_url"]).json()["data"]["payment_status"] == "PENDING"


@pytest.mark.spec("GEN-5", "BC-23")
def test_a_gateway_known_to_be_down_is_503_and_nothing_is_held(
    practice: Practice, sandbox: Sandbox, settings: Any
) -> None:
    settings.HOLDFAST_HOLDS_AN_ADDRESS = 0
    sandbox.arm("pay_500_before", 5)
    for hour in range(10, 15):
        assert api_of(new_user()).book(practice, preferred_time=f"{hour}:00").status_code == 202
    before = Order.objects.count(), held_allocations()

    answer = api_of(new_user()).book(practice, preferred_time="16:00")

    assert answer.status_code == 503
    assert int(answer["Retry-After"]) > 0
    assert answer.json() == {
        "error": "This payment method cannot be reached just now. Please try again shortly."
    }
    assert (Order.objects.count(), held_allocations()) == before


@pytest.mark.spec("GEN-5")
def test_a_gateway_that_refuses_the_payment_is_503_and_the_time_is_free_again(
    practice: Practice, api: Api, sandbox: Sandbox
) -> None:
    sandbox.arm("pay_500_before", status=403)

    answer = api.book(practice)

    assert answer.status_code == 503
    assert int(answer["Retry-After"]) > 0
    assert held_allocations() == 0


@pytest.mark.spec("AST-2")
def test_a_business_without_a_gateway_account_is_503_and_holds_nothing(practice: Practice, api: Api) -> None:
    practice.account.active = False
    practice.account.save()

    answer = api.book(practice)

    assert answer.status_code == 503
    assert Order.objects.count() == 0

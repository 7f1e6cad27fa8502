"""Canceling, moving and completing a consultation over HTTP, as documented."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F

from holdfast.booking.models import Booking
from holdfast.kernel.clock import utc_now
from holdfast.payments.models import Payment, Transaction
from holdfast.platform.models import User
from tests.flows.books import everything
from tests.support.booked import api_of, booked
from tests.support.practice import DAY, Api, Practice, new_member, new_user
from tests.support.sandbox import Sandbox
from tests.support.worker import work

A = "/api/astrology/bookings"
TWO = {"preferred_date": DAY, "preferred_time": "14:00"}


@pytest.fixture
def reference(practice: Practice, sandbox: Sandbox, customer: User) -> str:
    """The customer's booking for ten o'clock on DAY, which is some days ahead."""
    return booked(practice, sandbox, user=customer, now=utc_now())


def begin() -> None:
    """The appointment is an hour ago."""
    ago = utc_now() - timedelta(hours=1)
    Booking.objects.update(starts_at=ago, ends_at=ago + timedelta(minutes=30))


def answers(*given: Any) -> list[int]:
    return [answer.status_code for answer in given]


@pytest.mark.spec("AST-9", "GEN-11")
def test_a_cancellation_is_previewed_and_then_made(api: Api, reference: str) -> None:
    preview = api.get(f"{A}/{reference}/cancel/")
    answer = api.send(f"{A}/{reference}/cancel/")

    assert preview.json() == {"refund": "999.50", "currency": "INR", "percent": 50}
    assert answer.status_code == 200
    assert answer.json() == {
        "success": True,
        "data": {
            "astro_book_id": reference,
            "status": "CANCELLED",
            "refund": "999.50",
            "currency": "INR",
            "percent": 50,
        },
    }
    assert api.get(f"{A}/{reference}/").json()["data"]["status"] == "CANCELLED"
    assert [refund.amount for refund in Transaction.objects.filter(kind="refund")] == [99_950]


@pytest.mark.spec("AST-9", "GEN-11")
def test_a_member_of_the_business_gives_all_of_it_back(practice: Practice, reference: str) -> None:
    staff = api_of(new_member(practice, "staff"))

    preview = staff.get(f"{A}/{reference}/cancel/").json()
    answer = staff.send(f"{A}/{reference}/cancel/").json()["data"]

    assert preview == {"refund": "1999.00", "currency": "INR", "percent": 100}
    assert preview.items() <= answer.items()
    seen = staff.get(f"{A}/{reference}/").json()["data"]
    assert seen["payment_id"] == str(Payment.objects.get().uuid)
    assert seen["merchant_order_id"] == Payment.objects.get().reference


@pytest.mark.spec("AST-9", "AST-7", "GEN-11")
def test_the_status_of_a_payment_says_what_has_gone_back(api: Api, sandbox: Sandbox, reference: str) -> None:
    payment = Payment.objects.get()
    api.send(f"{A}/{reference}/cancel/")
    work()
    sandbox.advance(10)
    Payment.objects.update(refunded=F("refunding"), refunding=0)

    said = api.get(f"{A}/status/?merchant_order_id={payment.reference}").json()["data"]

    assert said == {
        "merchant_order_id": payment.reference,
        "payment_status": "PARTIALLY_REFUNDED",
        "astro_book_id": reference,
        "reason": "canceled",
    }


@pytest.mark.spec("AST-9", "GEN-5", "BC-12")
def test_what_is_canceled_is_409_from_then_on(api: Api, reference: str) -> None:
    api.send(f"{A}/{reference}/cancel/")
    before = everything()

    again = api.send(f"{A}/{reference}/cancel/")
    others = [api.get(f"{A}/{reference}/cancel/"), api.send(f"{A}/{reference}/reschedule/", TWO)]

    assert again.json() == {"error": "A booking that is canceled cannot cancel."}
    assert answers(again, *others) == [409, 409, 409]
    assert everything() == before


@pytest.mark.spec("AST-9", "GEN-4", "BC-12")
def test_a_cancellation_that_is_repeated_under_its_key_answers_as_the_first_time(
    api: Api, reference: str
) -> None:
    key = {"HTTP_IDEMPOTENCY_KEY": "cancel-0123456789abcdef"}

    first, second = (api.send(f"{A}/{reference}/cancel/", **key) for _ in range(2))

    assert answers(first, second) == [200, 200]
    assert first.json() == second.json()
    assert Transaction.objects.filter(kind="refund").count() == 1


@pytest.mark.spec("AST-9", "GEN-12", "BC-18")
def test_a_booking_moves_and_is_answered_as_it_is_now(api: Api, reference: str) -> None:
    answer = api.send(f"{A}/{reference}/reschedule/", TWO)

    assert answer.status_code == 200
    said = answer.json()["data"]
    assert (said["preferred_date"], said["preferred_time"]) == (DAY, "14:00:00")
    assert (said["astro_book_id"], said["status"]) == (reference, "CONFIRMED")
    assert answer.json() == api.get(f"{A}/{reference}/").json()
    assert not Transaction.objects.filter(kind="refund").exists()


@pytest.mark.spec("AST-9", "GEN-12", "GEN-5", "BC-18")
def test_a_time_that_is_taken_is_409_with_the_nearest_and_the_booking_stands(
    practice: Practice, sandbox: Sandbox, api: Api, reference: str
) -> None:
    booked(practice, sandbox, at="14:00", now=utc_now())
    before = everything()

    answer = api.send(f"{A}/{reference}/reschedule/", TWO)

    assert answer.status_code == 409
    said = answer.json()
    assert said["error"] == "This time has just been taken. Please choose another."
    assert {"13:30", "14:30"} <= {slot["start_time"] for slot in said["nearest_slots"]}
    assert all(slot["start"].endswith("+05:30") for slot in said["nearest_slots"])
    assert everything() == before


@pytest.mark.spec("AST-9", "GEN-5")
@pytest.mark.parametrize(
    ("over", "field"),
    [
        ({"preferred_time": "03:00"}, "preferred_time"),
        ({"preferred_time": "25:00"}, "preferred_time"),
        ({"preferred_time": None}, "preferred_time"),
        ({"preferred_date": "2020-01-01"}, "preferred_date"),
        ({"preferred_date": "2026-02-30"}, "preferred_date"),
    ],
)
def test_a_time_that_cannot_be_had_is_a_field_error(
    api: Api, reference: str, over: dict[str, Any], field: str
) -> None:
    before = everything()

    answer = api.send(f"{A}/{reference}/reschedule/", TWO | over)

    assert answer.status_code == 400
    assert list(answer.json()) == [field]
    assert everything() == before


@pytest.mark.spec("AST-9")
def test_a_consultation_is_completed_by_the_business_once_it_has_begun(
    practice: Practice, api: Api, reference: str
) -> None:
    staff = api_of(new_member(practice, "manager"))

    early, own = staff.send(f"{A}/{reference}/complete/"), api.send(f"{A}/{reference}/complete/")
    begin()
    done, again = (staff.send(f"{A}/{reference}/complete/") for _ in range(2))

    assert answers(early, own, done, again) == [409, 403, 200, 409]
    assert early.json() == {"error": "This has not begun yet."}
    assert own.json() == {"error": "You may not do this."}
    assert done.json()["data"]["status"] == "COMPLETED"


@pytest.mark.spec("AST-9", "GEN-11")
def test_what_has_begun_is_canceled_and_moved_by_the_business_only(
    practice: Practice, api: Api, reference: str
) -> None:
    begin()

    refused = [
        api.get(f"{A}/{reference}/cancel/"),
        api.send(f"{A}/{reference}/cancel/"),
        api.send(f"{A}/{reference}/reschedule/", TWO),
    ]
    staff = api_of(new_member(practice, "staff"))

    assert answers(*refused) == [409, 409, 409]
    assert staff.send(f"{A}/{reference}/cancel/").json()["data"]["percent"] == 100


@pytest.mark.spec("AST-9", "BC-19")
def test_another_booking_is_404_whatever_is_asked_of_it(reference: str) -> None:
    stranger = api_of(new_user())
    asked = [
        stranger.get(f"{A}/{name}/cancel/")
        if method == "GET"
        else stranger.send(f"{A}/{name}/{method}/", TWO)
        for name in (reference, "ASTRO_BOOK_NONE")
        for method in ("GET", "cancel", "reschedule", "complete")
    ]

    assert answers(*asked) == [404] * 8
    assert {answer.json()["error"] for answer in asked} == {"There is no such booking."}


@pytest.mark.spec("AST-9", "GEN-11")
def test_the_pages_of_a_canceled_booking_say_that_it_is_canceled(api: Api, reference: str) -> None:
    payment = Payment.objects.get().reference
    api.send(f"{A}/{reference}/cancel/")

    for ending in ("success", "failed"):
        page = api.get(f"/astro-booking-{ending}?merchant_order_id={payment}", follow=True)
        assert "Your booking is canceled" in page.content.decode(), ending

"""The coaching guide's own sequence and test cases, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from holdfast.availability.lifecycle import KEEPS_TIME
from holdfast.availability.models import Allocation
from holdfast.booking.models import Booking
from holdfast.flows.audit import look_for_wrongs
from holdfast.flows.settlement import settle
from holdfast.kernel.clock import utc_now
from holdfast.payments.models import Payment
from holdfast.platform.models import User
from tests.support.academy import PRICE, A, Academy
from tests.support.booked import api_of
from tests.support.practice import DAY, Api, new_user
from tests.support.sandbox import Sandbox

UNPAID = {"error": "No payment has arrived for this booking."}


def not_pending(status: str) -> dict[str, str]:
    return {"error": f"Only pending bookings can be marked as paid. Current status: {status}"}


def opened(api: Api, booking_id: int) -> Any:
    answer = api.send(f"{A}/booking/{booking_id}/pay/")
    assert answer.status_code == 200, answer.content
    return answer.json()


@pytest.mark.spec("COA-2", "COA-7")
def test_a_created_booking_is_pending_and_its_time_reserved(academy: Academy, api: Api) -> None:
    answer = academy.create(api)

    booking = Booking.objects.get()
    assert answer.status_code == 200
    assert answer.json() | {"reserved_until": ""} == {
        "success": True,
        "message": "Booking created successfully",
        "booking_id": booking.pk,
        "start_datetime": f"{DAY}T10:00:00",
        "end_datetime": f"{DAY}T11:00:00",
        "status": "pending",
        "reserved_until": "",
    }
    assert booking.state == "pending_payment"
    assert [one.state for one in Allocation.objects.filter(owner=f"line:{booking.pk}")] == ["held"]


@pytest.mark.spec("COA-3", "COA-4", "COA-6", "COA-7")
def test_a_booking_is_paid_accepted_and_done(academy: Academy, api: Api, sandbox: Sandbox) -> None:
    coach = api_of(academy.coach)
    booking = academy.create(api).json()["booking_id"]
    payment = opened(api, booking)
    assert payment | {"payment_url": "", "payment_id": ""} == {
        "success": True,
        "booking_id": booking,
        "payment_id": "",
        "payment_url": "",
        "amount": "1500.00",
        "currency": "INR",
        "status": "pending",
    }
    sandbox.settle(payment["payment_id"])

    marked = api.send(
        f"{A}/booking/{booking}/mark-paid/",
        {"payment_id": payment["payment_id"], "payment_method": "credit_card"},
    )
    accepted = coach.send(f"{A}/booking/{booking}/accept/")
    early = coach.send(f"{A}/booking/{booking}/done/")

    assert (marked.status_code, marked.json()) == (
        200,
        {
            "success": True,
            "message": "Booking marked as paid successfully",
            "booking_id": booking,
            "status": "paid",
            "payment_id": payment["payment_id"],
            "payment_method": "credit_card",
        },
    )
    assert (accepted.status_code, accepted.json()["status"]) == (200, "confirmed")
    assert (early.status_code, early.json()) == (409, {"error": "This has not begun yet."})
    assert look_for_wrongs(now=utc_now()) == []


@pytest.mark.spec("COA-3", "COA-7", "BC-13")
@pytest.mark.parametrize("said", [{}, {"payment_id": "PAY-12345", "payment_method": "credit_card"}])
def test_nobody_becomes_paid_by_saying_so(academy: Academy, api: Api, said: dict[str, str]) -> None:
    booking = academy.create(api).json()["booking_id"]
    opened(api, booking)

    answer = api.send(f"{A}/booking/{booking}/mark-paid/", said)

    assert (answer.status_code, answer.json()) == (402, UNPAID)
    assert Booking.objects.get().state == "pending_payment"
    assert not Payment.objects.filter(wins=True).exists()


@pytest.mark.spec("COA-3")
def test_anothers_payment_pays_for_nothing_here(academy: Academy, api: Api, sandbox: Sandbox) -> None:
    stranger = api_of(new_user())
    theirs = opened(stranger, academy.create(stranger, at="12:00").json()["booking_id"])
    sandbox.settle(theirs["payment_id"])
    booking = academy.create(api).json()["booking_id"]

    answer = api.send(f"{A}/booking/{booking}/mark-paid/", {"payment_id": theirs["payment_id"]})

    assert (answer.status_code, answer.json()) == (402, UNPAID)
    assert Booking.objects.get(pk=booking).state == "pending_payment"


@pytest.mark.spec("COA-3")
@pytest.mark.parametrize("called", ["reference", "uuid", "pk"])
def test_a_payment_is_named_by_its_reference_its_uuid_or_its_id(
    academy: Academy, api: Api, sandbox: Sandbox, called: str
) -> None:
    booking = academy.create(api).json()["booking_id"]
    sandbox.settle(opened(api, booking)["payment_id"])
    name = getattr(Payment.objects.get(), called)

    answer = api.send(
        f"{A}/booking/{booking}/mark-paid/", {"payment_id": name if called == "pk" else str(name)}
    )

    assert (answer.status_code, answer.json()["status"]) == (200, "paid")


@pytest.mark.spec("COA-3")
def test_without_a_name_the_bookings_own_payment_is_looked_up(
    academy: Academy, api: Api, sandbox: Sandbox
) -> None:
    booking = academy.create(api).json()["booking_id"]
    sandbox.settle(opened(api, booking)["payment_id"])

    answer = api.send(f"{A}/booking/{booking}/mark-paid/")

    assert (answer.status_code, answer.json()["payment_method"]) == (200, "phonepe")
    assert Booking.objects.get().state == "pending_approval"


@pytest.mark.spec("COA-3", "COA-7")
def test_what_has_been_paid_is_marked_again_only_by_the_payment_that_has_paid(
    academy: Academy, api: Api, sandbox: Sandbox
) -> None:
    booking = academy.create(api).json()["booking_id"]
    first = opened(api, booking)["payment_id"]
    second = api.send(f"{A}/booking/{booking}/retry-payment/").json()["payment_id"]
    sandbox.settle(second)
    settle(Payment.objects.get(reference=second).pk, now=utc_now())  # the webhook has won
    mark = f"{A}/booking/{booking}/mark-paid/"

    assert first != second
    assert api.send(mark, {"payment_id": second}).status_code == 200
    for said in ({}, {"payment_id": first}, {"payment_id": "PAY-12345"}):
        answer = api.send(mark, said)
        assert (answer.status_code, answer.json()) == (400, not_pending("paid"))


@pytest.mark.spec("COA-3", "COA-7")
def test_anothers_booking_is_403_and_none_at_all_404(academy: Academy, api: Api, sandbox: Sandbox) -> None:
    booking = academy.create(api).json()["booking_id"]
    sandbox.settle(opened(api, booking)["payment_id"])

    anothers = api_of(new_user()).send(f"{A}/booking/{booking}/mark-paid/")
    nobodys = api.send(f"{A}/booking/{booking + 1}/mark-paid/")

    assert anothers.status_code == 403
    assert anothers.json() == {"error": "You are not authorized to update this booking"}
    assert (nobodys.status_code, nobodys.json()) == (404, {"error": "Booking not found"})
    assert Booking.objects.get().state == "pending_payment"


@pytest.mark.spec("COA-6", "COA-7")
def test_a_paid_booking_that_is_canceled_is_canceled_and_its_money_goes_back(
    academy: Academy, api: Api, customer: User, sandbox: Sandbox
) -> None:
    booking = academy.paid(sandbox, customer)

    answer = api.send(f"{A}/booking/{booking.pk}/cancel/")

    assert answer.status_code == 200
    assert answer.json() == {
        "success": True,
        "message": "Booking canceled successfully",
        "booking_id": booking.pk,
        "status": "canceled",
        "refund": "750.00",
        "currency": "INR",
        "percent": 50,
    }
    assert not Allocation.objects.filter(owner=f"line:{booking.pk}", state__in=KEEPS_TIME).exists()
    assert Payment.objects.get().captured == PRICE


@pytest.mark.spec("COA-6")
def test_the_coach_who_cancels_gives_all_of_it_back(
    academy: Academy, customer: User, sandbox: Sandbox
) -> None:
    booking = academy.accepted(sandbox, customer)

    answer = api_of(academy.coach).send(f"{A}/booking/{booking.pk}/cancel/")

    assert (answer.status_code, answer.json()["refund"], answer.json()["percent"]) == (200, "1500.00", 100)


@pytest.mark.spec("COA-2")
def test_a_time_that_is_booked_conflicts_and_the_nearest_are_offered(academy: Academy, api: Api) -> None:
    academy.create(api)

    for who in (api_of(new_user()), api):  # the coach has one course at a time, and a buffer before one
        answer = academy.create(who, academy.longer)

        assert answer.status_code == 409
        assert answer.json()["error"] == "This time slot conflicts with an existing booking"
        starts = [slot["start_time"] for slot in answer.json()["nearest_slots"]]
        assert starts[:2] == ["09:00", "11:30"]
    assert Booking.objects.count() == 1

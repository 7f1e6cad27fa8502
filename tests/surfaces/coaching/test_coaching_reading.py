"""Courses, coaches and bookings, as the coaching API shows them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from holdfast.booking.models import Booking
from holdfast.kernel.clock import utc_now
from holdfast.payments.models import Payment
from holdfast.platform.models import User
from tests.support.academy import A, Academy
from tests.support.booked import api_of
from tests.support.practice import DAY, Api, new_member
from tests.support.sandbox import Sandbox
from tests.support.statements import count_statements


@pytest.mark.spec("COA-1")
def test_courses_are_listed_with_their_coach(academy: Academy) -> None:
    answer = Api().get(f"{A}/courses/").json()

    assert [course["title"] for course in answer["results"]] == ["Yoga alone", "Breathing", "Yoga Pemula"]
    lesson, _, yoga = answer["results"]
    assert lesson | {"coach": lesson["coach"]["name"]} == {
        "id": academy.lesson.pk,
        "title": "Yoga alone",
        "description": "",
        "price": "1500.00",
        "currency": "INR",
        "duration": 60,
        "is_class": False,
        "places": 1,
        "languages": [],
        "image": None,
        "business": "jyoti",
        "timezone": "Asia/Kolkata",
        "coach": "The coach",
    }
    assert (yoga["is_class"], yoga["places"], yoga["coach"]["profile"]) == (True, 3, "Ten years on the mat.")


@pytest.mark.spec("COA-1")
def test_a_list_of_courses_costs_as_many_statements_whatever_its_length(academy: Academy) -> None:
    with count_statements() as one:
        Api().get(f"{A}/courses/?page_size=1")
    with count_statements() as three:
        Api().get(f"{A}/courses/?page_size=3")

    assert len(one) == len(three)


@pytest.mark.spec("COA-1")
def test_coaches_are_those_who_give_something(academy: Academy) -> None:
    answer = Api().get(f"{A}/coaches/").json()

    assert [(one["name"], one["profile"]) for one in answer["results"]] == [
        ("The coach", "Ten years on the mat.")
    ]
    coach = answer["results"][0]["id"]
    assert Api().get(f"{A}/courses/?coach={coach}").json()["count"] == 3
    assert Api().get(f"{A}/courses/?coach={coach + 1}").json()["count"] == 0


@pytest.mark.spec("COA-1")
@pytest.mark.parametrize("path", ["course/999999/", "course/999999/slots/?date=2030-01-01"])
def test_a_course_that_does_not_exist_is_not_found(academy: Academy, path: str) -> None:
    answer = Api().get(f"{A}/{path}")

    assert (answer.status_code, answer.json()) == (404, {"error": "Course not found"})


@pytest.mark.spec("COA-5")
def test_a_booking_is_listed_with_the_guides_fields(
    academy: Academy, api: Api, customer: User, sandbox: Sandbox
) -> None:
    booking = academy.paid(sandbox, customer)
    expected = {
        "id": booking.pk,
        "user_name": "A customer",
        "coach_name": "The coach",
        "course_title": "Yoga alone",
        "start_datetime": f"{DAY}T10:00:00",
        "end_datetime": f"{DAY}T11:00:00",
        "date": DAY,
        "start_time": "10:00",
        "end_time": "11:00",
        "status": "paid",
    }

    as_user = api.get(f"{A}/bookings/?role=user").json()
    as_coach = api_of(academy.coach).get(f"{A}/bookings/?role=coach").json()

    assert as_user["count"] == 1
    assert as_user["bookings"][0].items() >= expected.items()
    assert len(as_user["bookings"][0]["created_at"]) == len("2025-10-23T10:00:00")
    assert as_coach["bookings"] == as_user["bookings"]


@pytest.mark.spec("COA-5")
def test_one_sees_ones_own_as_user_and_what_one_gives_as_coach(
    academy: Academy, api: Api, customer: User
) -> None:
    academy.reserved(customer)

    seen = {
        (name, role): who.get(f"{A}/bookings/?role={role}").json()["count"]
        for name, who in {
            "customer": api,
            "coach": api_of(academy.coach),
            "other coach": api_of(academy.other_coach),
            "staff": api_of(new_member(academy.practice, "staff")),
        }.items()
        for role in ("user", "coach")
    }

    assert {one for one, count in seen.items() if count} == {("customer", "user"), ("coach", "coach")}


@pytest.mark.spec("COA-5")
def test_bookings_are_told_apart_by_status_and_come_in_pages(
    academy: Academy, api: Api, customer: User, sandbox: Sandbox
) -> None:
    academy.paid(sandbox, customer, at="09:00")
    pending = [academy.reserved(customer, at=at) for at in ("11:00", "13:00")]

    counts = {
        status: api.get(f"{A}/bookings/?status={status}").json()["count"]
        for status in ("pending", "paid", "confirmed", "done", "canceled")
    }
    second = api.get(f"{A}/bookings/?status=pending&page_size=1&page=2").json()
    unknown = api.get(f"{A}/bookings/?status=lost")

    assert counts == {"pending": 2, "paid": 1, "confirmed": 0, "done": 0, "canceled": 0}
    assert [one["id"] for one in second["bookings"]] == [pending[0].pk]
    assert (second["next"], "page=1" in second["previous"]) == (None, True)
    assert (unknown.status_code, list(unknown.json())) == (400, ["status"])


@pytest.mark.spec("COA-8", "GEN-1")
def test_a_session_needs_its_csrf_token_and_a_bearer_token_none(
    academy: Academy, api: Api, customer: User
) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(customer)
    browser.get("/booking/history/")  # where the page's own JavaScript would find the cookie
    token = browser.cookies["csrftoken"].value
    path = f"{A}/course/{academy.lesson.pk}/create/"
    body = {"date": DAY, "start_time": "10:00"}

    without = browser.post(path, body, content_type="application/json")
    with_it = browser.post(path, body, content_type="application/json", headers={"X-CSRFToken": token})
    bearer = academy.create(api, at="12:00")

    assert (without.status_code, with_it.status_code, bearer.status_code) == (403, 200, 200)
    assert Booking.objects.count() == 2


@pytest.mark.spec("COA-3")
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "amount"),
        ({"amount": "1499.00"}, "amount"),
        ({"amount": "1500.001"}, "amount"),
        ({"amount": True}, "amount"),
        ({"amount": "-1"}, "amount"),
        ({"amount": "1500.00", "payment_method": "promise"}, "payment_method"),
    ],
)
def test_another_amount_than_is_due_is_not_recorded(
    academy: Academy, customer: User, body: dict[str, Any], field: str
) -> None:
    booking = academy.reserved(customer)

    answer = api_of(academy.coach).send(f"{A}/booking/{booking.pk}/record-payment/", body)

    assert (answer.status_code, list(answer.json())) == (400, [field])
    assert Payment.objects.count() == 0


@pytest.mark.spec("COA-3")
def test_whoever_records_money_is_named_with_it(academy: Academy, customer: User) -> None:
    booking = academy.reserved(customer)

    answer = api_of(academy.coach).send(
        f"{A}/booking/{booking.pk}/record-payment/",
        {"amount": "1500.00", "payment_method": "bank_transfer", "note": "UTR 4711"},
    )

    payment = Payment.objects.get()
    assert answer.json() == {
        "success": True,
        "message": "Payment recorded successfully",
        "booking_id": booking.pk,
        "status": "paid",
        "payment_id": payment.reference,
        "amount": "1500.00",
        "currency": "INR",
        "recorded_by": "The coach",
    }
    assert payment.recorded_by == f"staff:{academy.coach.pk}"


@pytest.mark.spec("COA-4")
@pytest.mark.parametrize(("method", "status"), [("phonepe", 200), ("PhonePe", 200), ("barter", 400)])
def test_a_payment_is_begun_by_a_method_that_there_is(
    academy: Academy, api: Api, customer: User, method: str, status: int
) -> None:
    booking = academy.reserved(customer)

    answer = api.send(f"{A}/booking/{booking.pk}/pay/", {"payment_method": method})

    assert answer.status_code == status
    assert Payment.objects.count() == (1 if status == 200 else 0)


@pytest.mark.spec("COA-2")
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"start_time": "10:00"}, "date"),
        ({"date": DAY}, "start_time"),
        ({"date": DAY, "start_time": "03:00"}, "start_time"),
        ({"date": "2020-01-01", "start_time": "10:00"}, "date"),
        ({"date": DAY, "start_time": "25:00"}, "start_time"),
    ],
)
def test_a_time_that_is_not_open_is_refused_field_by_field(
    academy: Academy, api: Api, body: dict[str, str], field: str
) -> None:
    answer = api.send(f"{A}/course/{academy.lesson.pk}/create/", body)

    assert (answer.status_code, list(answer.json())) == (400, [field])
    assert not Booking.objects.exists()


@pytest.mark.spec("COA-2")
def test_the_answer_says_until_when_the_time_is_reserved(academy: Academy, api: Api) -> None:
    before = utc_now()

    until = academy.create(api).json()["reserved_until"]

    zone = academy.practice.business.zone
    assert (before + timedelta(minutes=30)).astimezone(zone).isoformat() <= f"{until}.999999+05:30"

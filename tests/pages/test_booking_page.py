"""Booking on a page, by the API's own rules."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from holdfast.availability.models import Allocation
from holdfast.flows.ending import expire_orders
from holdfast.kernel.clock import utc_now
from holdfast.orders.models import Order
from holdfast.payments.models import Payment
from holdfast.platform.models import User
from tests.support.practice import Practice, held
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.spec("WEB-2")


def open_day() -> date:
    return (utc_now() + timedelta(days=2)).date()


def page_of(practice: Practice) -> str:
    return f"/services/{practice.offering.pk}/"


def filled_in(**over: str) -> dict[str, str]:
    return {
        "preferred_date": open_day().isoformat(),
        "preferred_time": "10:00",
        "language": "Hindi",
        "birth_place": "Delhi, India",
        "birth_date": "1995-05-15",
        "birth_time": "08:30",
        "gender": "MALE",
        "questions": "",
        "contact_email": "user@example.com",
        "contact_phone": "9876543210",
    } | over


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


@pytest.fixture
def browser(customer: User) -> Client:
    client = Client()
    client.force_login(customer)
    return client


def test_a_visitor_sees_the_free_times_and_is_asked_to_sign_in(practice: Practice, client: Client) -> None:
    held(practice, now=utc_now(), day=open_day().isoformat(), at="10:00")

    response = client.get(page_of(practice), {"date": open_day().isoformat()})

    assert 'value="09:30"' in text(response)
    assert 'value="10:00"' not in text(response)
    assert f'href="/sign-in/?next={page_of(practice)}%3Fdate%3D{open_day()}"' in text(response)
    assert 'name="contact_phone"' not in text(response)


def test_a_visitor_who_sends_the_form_is_sent_to_sign_in(practice: Practice, client: Client) -> None:
    response = client.post(page_of(practice), filled_in())

    assert response["Location"] == f"/sign-in/?next={page_of(practice)}"
    assert not Order.objects.exists()


@pytest.mark.parametrize("said", ["", "yesterday", "1999-01-01", "9999-12-31", "2026-02-30", "\x00"])
def test_a_day_that_cannot_be_had_shows_the_first_one_with_a_free_time(
    practice: Practice, client: Client, said: str
) -> None:
    response = client.get(page_of(practice), {"date": said})

    assert response.status_code == 200
    assert 'name="preferred_time"' in text(response)


def test_the_form_holds_the_time_and_leads_to_the_payment(practice: Practice, browser: Client) -> None:
    response = browser.post(page_of(practice), filled_in())

    payment = Payment.objects.get()
    assert response.status_code == 303
    assert response["Location"] == f"/pay/{payment.reference}/"
    assert Allocation.objects.get().state == "held"
    to_pay = browser.get(response["Location"])
    assert to_pay["Cache-Control"] == "no-store"
    assert to_pay["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert f'href="{payment.payment_url}"'.replace("&", "&amp;") in text(to_pay)


def test_the_form_sent_twice_leads_to_the_same_payment(practice: Practice, browser: Client) -> None:
    first = browser.post(page_of(practice), filled_in())

    second = browser.post(page_of(practice), filled_in())

    assert second["Location"] == first["Location"]
    assert Payment.objects.count() == 1


@pytest.mark.spec("GEN-5")
@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"contact_phone": "123"}, "This is not a phone number."),
        ({"contact_email": "nobody"}, "This is not an email address"),
        ({"birth_date": "2999-01-01"}, "out of reach"),
        ({"language": "Klingon"}, "Offered in: Hindi."),
        ({"gender": ""}, "This field is required."),
        ({"preferred_time": "03:00"}, "This is not one of the open times of that day."),
        ({"preferred_date": "2020-01-01"}, "This date has passed."),
        ({"birth_place": "a\x00b"}, "Control characters are not text."),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_the_rest_is_kept(
    practice: Practice, browser: Client, wrong: dict[str, str], said: str
) -> None:
    response = browser.post(page_of(practice), filled_in(questions="Shall I travel?") | wrong)

    assert response.status_code == 400
    assert said in text(response)
    assert "Shall I travel?" in text(response)
    assert not Order.objects.exists()


@pytest.mark.spec("BC-24")
def test_a_page_takes_no_return_address(practice: Practice, browser: Client) -> None:
    browser.post(page_of(practice), filled_in(redirect_url="https://yourapp.com"))

    assert Order.objects.get().return_base == "http://testserver"


@pytest.mark.spec("BC-1")
def test_a_time_that_somebody_else_holds_is_refused_on_the_page(practice: Practice, browser: Client) -> None:
    held(practice, now=utc_now(), day=open_day().isoformat())

    response = browser.post(page_of(practice), filled_in())

    assert response.status_code == 409
    assert "This time has just been taken." in text(response)
    assert Order.objects.count() == 1


def test_too_many_tries_are_told_so_on_the_page(practice: Practice, browser: Client, settings: Any) -> None:
    settings.HOLDFAST_LIMITS = settings.HOLDFAST_LIMITS | {"start_by_user": 1}
    browser.post(page_of(practice), filled_in(contact_phone="123"))

    response = browser.post(page_of(practice), filled_in())

    assert response.status_code == 429
    assert 0 < int(response["Retry-After"]) <= 60
    assert not Order.objects.exists()


def test_a_gateway_that_has_not_answered_makes_the_customer_wait(
    practice: Practice, browser: Client, sandbox: Sandbox
) -> None:
    sandbox.arm("pay_500_after", 20)

    response = browser.post(page_of(practice), filled_in(), follow=True)

    assert response.redirect_chain[-1][0] == f"/pay/return/{Payment.objects.get().reference}/"
    assert "Waiting for your payment" in text(response)


def test_the_way_to_pay_ends_with_the_hold(practice: Practice, browser: Client) -> None:
    address = browser.post(page_of(practice), filled_in())["Location"]
    expire_orders(now=utc_now() + timedelta(hours=1))

    response = browser.get(address)

    assert response.status_code == 303
    assert response["Location"].startswith("http://testserver/astro-booking-failed?")


@pytest.mark.parametrize("number", [0, 999_999, 10**30])
def test_an_unknown_offering_is_a_finished_page(db: None, client: Client, number: int) -> None:
    response = client.get(f"/services/{number}/")

    assert response.status_code == 404
    assert "<h1" in text(response)

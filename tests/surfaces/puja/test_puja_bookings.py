"""Bookings that were made of carts, over HTTP: looked at, moved and canceled."""

from __future__ import annotations

from typing import Any

import pytest

from holdfast.booking.models import Booking
from holdfast.orders.models import Line
from holdfast.payments.models import Transaction
from holdfast.platform.models import User
from tests.support.booked import api_of
from tests.support.practice import DAY, Api, new_member, new_user
from tests.support.sandbox import Sandbox
from tests.support.statements import count_statements
from tests.support.temple import Temple
from tests.support.temple import bought as paid_for

B = "/api/booking/bookings/"
C = "/api/cart/carts/"
ADDRESS = {
    "address_line1": "12, MG Road",
    "address_line2": "",
    "city": "Pune",
    "state": "Maharashtra",
    "postal_code": "411001",
    "country": "India",
}


def bought(api: Api, sandbox: Sandbox, *wishes: dict[str, Any]) -> list[dict[str, Any]]:
    """What the customer has booked in one cart, in the order in which it was put there."""
    first, *more = wishes
    cart = api.send(C, first).json()["id"]
    for wish in more:
        assert api.send(f"{C}{cart}/items/", wish).status_code == 201
    started = api.send("/api/payments/process-cart/", {"cart_id": cart}).json()
    sandbox.settle(started["merchant_transaction_id"])
    assert api.get(f"/api/payments/{started['payment_id']}/check-booking/").json()["booking_created"]
    return list(reversed(api.get(B).json()["results"]))


@pytest.fixture
def booking(temple: Temple, api: Api, sandbox: Sandbox) -> dict[str, Any]:
    return bought(api, sandbox, temple.item(address=ADDRESS))[0]


@pytest.mark.spec("PUJ-8")
def test_a_booking_is_shown_by_either_of_its_ids_with_its_address(api: Api, booking: dict[str, Any]) -> None:
    answers = [api.get(f"{B}{booking[which]}/") for which in ("id", "book_id")]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert [answer.json() for answer in answers] == [booking, booking]
    assert booking["address"] == ADDRESS
    assert booking["package"]["location"] == "At the temple"


@pytest.mark.spec("PUJ-8", "GEN-2", "BC-19")
def test_those_who_run_the_business_see_its_bookings_and_nobody_else_does(
    temple: Temple, booking: dict[str, Any]
) -> None:
    staff, other = api_of(new_member(temple.practice, "staff")), api_of(new_user())

    assert staff.get(B).json()["results"] == [booking]
    assert staff.get(f"{B}{booking['id']}/").json() == booking
    assert other.get(B).json()["results"] == []
    for which in ("id", "book_id"):
        assert other.get(f"{B}{booking[which]}/").status_code == 404
        assert other.send(f"{B}{booking[which]}/cancel/").status_code == 404
    assert Booking.objects.get().state == "confirmed"


@pytest.mark.spec("PUJ-8", "GEN-12", "BC-18")
def test_a_booking_moves_to_another_time_as_the_package_that_it_is(
    temple: Temple, api: Api, sandbox: Sandbox
) -> None:
    grand = bought(api, sandbox, temple.item(package_id=temple.grand.pk))[0]

    answer = api.send(
        f"{B}{grand['id']}/reschedule/",
        {"selected_date": DAY, "selected_time": "02:30 PM", "reason": "Change of plans"},
    )

    assert answer.status_code == 200
    assert answer.json() == grand | {"selected_time": "14:30:00", "reschedule_reason": "Change of plans"}
    moved = Booking.objects.get()
    assert (moved.ends_at - moved.starts_at).total_seconds() == 120 * 60
    assert Line.objects.get().title == "Satyanarayan Puja (Grand)"
    assert api.get(f"{B}{grand['id']}/").json() == answer.json()


@pytest.mark.spec("PUJ-8", "GEN-5")
@pytest.mark.parametrize(
    ("time", "refusal"),
    [
        ("05:00 AM", {"selected_time": ["This is not one of the open times of that day."]}),
        ("noon", {"selected_time": ["Write the time as HH:MM, from 00:00 to 23:59."]}),
        ("10:30", {"selected_time": ["It is at this time already."]}),
    ],
)
def test_a_move_to_no_open_time_is_refused_and_the_booking_stands(
    api: Api, booking: dict[str, Any], time: str, refusal: dict[str, Any]
) -> None:
    answer = api.send(f"{B}{booking['id']}/reschedule/", {"selected_date": DAY, "selected_time": time})

    assert (answer.status_code, answer.json()) == (400, refusal)
    assert api.get(f"{B}{booking['id']}/").json() == booking


@pytest.mark.spec("PUJ-8", "GEN-5", "BC-1")
def test_a_move_to_a_time_that_is_taken_is_409_with_the_nearest_slots(
    temple: Temple, api: Api, sandbox: Sandbox, booking: dict[str, Any]
) -> None:
    bought(api_of(new_user()), sandbox, temple.item(selected_time="12:00"))

    answer = api.send(f"{B}{booking['id']}/reschedule/", {"selected_date": DAY, "selected_time": "12:00"})

    assert (answer.status_code, set(answer.json())) == (409, {"error", "nearest_slots"})
    assert api.get(f"{B}{booking['id']}/").json() == booking


@pytest.mark.spec("PUJ-8", "GEN-11")
def test_a_cancellation_is_previewed_and_made_and_leaves_the_rest_of_the_cart(
    temple: Temple, api: Api, sandbox: Sandbox
) -> None:
    puja, talk = bought(api, sandbox, temple.item(), temple.talk())
    staff = api_of(new_member(temple.practice, "staff"))

    preview = staff.get(f"{B}{puja['id']}/cancel/")
    answer = staff.send(f"{B}{puja['id']}/cancel/")
    again = staff.send(f"{B}{puja['id']}/cancel/")

    assert preview.json() == {"refund": "999.00", "currency": "INR", "percent": 100}
    assert answer.json() == {
        "success": True,
        "book_id": puja["book_id"],
        "status": "CANCELLED",
        **preview.json(),
    }
    assert (again.status_code, set(again.json())) == (409, {"error"})
    assert api.get(f"{B}{talk['id']}/").json() == talk
    assert [one.amount for one in Transaction.objects.filter(kind="refund")] == [99_900]


@pytest.mark.spec("PUJ-8", "GEN-5")
@pytest.mark.parametrize("which", ["0", "9" * 25, "BK-UNKNOWN", "abc"])
def test_what_is_no_booking_is_404(temple: Temple, api: Api, which: str) -> None:
    assert api.get(f"{B}{which}/").status_code == 404
    assert api.get(f"{B}{which}/cancel/").status_code == 404


@pytest.mark.spec("PUJ-8", "PUJ-6")
@pytest.mark.parametrize("pujas", [1, 3])
def test_lists_of_bookings_and_payments_take_the_same_statements_however_long_they_are(
    temple: Temple, api: Api, sandbox: Sandbox, customer: User, pujas: int
) -> None:
    for hour in range(10, 10 + pujas):
        paid_for(temple, sandbox, user=customer, at=f"{hour}:00")

    with count_statements() as of_bookings:
        bookings = api.get(B).json()["results"]
    with count_statements() as of_payments:
        payments = api.get("/api/payments/payments/").json()["results"]

    assert (len(bookings), len(payments)) == (pujas, pujas)
    assert len(of_bookings) == 6, of_bookings  # two of them: what one may see
    assert len(of_payments) == 4, of_payments

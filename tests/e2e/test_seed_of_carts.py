"""The documented sequence of a cart, typed as it stands but for ids and dates, against the running demo."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.support.newcomer import Demo

pytestmark = [pytest.mark.timeout(240), pytest.mark.spec("PUJ-2", "PUJ-4", "PUJ-5", "PUJ-6", "PUJ-8")]
LOOKS = 100


@pytest.fixture
def bearer(demo: Demo) -> dict[str, str]:
    return {"Authorization": f"Bearer {demo.token_of('customer@demo.test')}"}


def day(ahead: int) -> str:
    return (datetime.now(UTC).date() + timedelta(ahead)).isoformat()


def the_puja(demo: Demo) -> tuple[int, int]:
    """The first puja of the demo's temple, and its first package, which costs 999.00."""
    listed = demo.http.get("/api/puja/services/", params={"search": "Satyanarayan"}).json()
    puja = listed["results"][0]
    package = next(one for one in puja["packages"] if one["price"] == "999.00")
    return puja["id"], package["id"]


def cart_of(demo: Demo, bearer: dict[str, str], *, ahead: int) -> dict[str, Any]:
    puja, package = the_puja(demo)
    body = {
        "service_type": "PUJA",
        "puja_service": puja,
        "package_id": package,
        "selected_date": day(ahead),
        "selected_time": "10:30",
    }
    answer = demo.http.post("/api/cart/carts/", json=body, headers=bearer)
    assert answer.status_code == 201, answer.text
    cart: dict[str, Any] = answer.json()
    return cart


def checked(demo: Demo, payment: int, bearer: dict[str, str]) -> dict[str, Any]:
    """How the payment stands, looked at until it is decided, for its webhook is on its way."""
    for _ in range(LOOKS):
        answer: dict[str, Any] = demo.http.get(
            f"/api/payments/{payment}/check-booking/", headers=bearer
        ).json()
        if answer["payment_status"] != "PENDING":
            return answer
        demo.rows("SELECT pg_sleep(0.2)")
    pytest.fail("the payment is not decided")


def test_the_sequence_ends_with_a_confirmed_booking(demo: Demo, bearer: dict[str, str]) -> None:
    cart = cart_of(demo, bearer, ahead=16)

    paying = demo.http.post(
        "/api/payments/process-cart/", json={"cart_id": cart["id"], "method": "PHONEPE"}, headers=bearer
    ).json()
    httpx.post(paying["payment_url"], data={"outcome": "pay"}, follow_redirects=False)
    answer = checked(demo, paying["payment_id"], bearer)

    assert (cart["service_type"], cart["selected_date"], cart["selected_time"]) == ("PUJA", day(16), "10:30")
    assert (cart["status"], cart["total_price"]) == ("ACTIVE", "999.00")
    assert (paying["success"], paying["status"], paying["cart_id"]) == (True, "PENDING", cart["id"])
    assert (paying["amount"], paying["currency"]) == ("999.00", "INR")
    assert paying["transaction_id"]
    assert paying["merchant_transaction_id"].startswith("MT")
    assert (answer["success"], answer["payment_status"], answer["booking_created"]) == (True, "SUCCESS", True)
    booking = answer["booking"]
    assert booking["book_id"].startswith("BK-")
    assert booking["user"]["email"] == "customer@demo.test"
    assert booking["cart"] == {"cart_id": cart["cart_id"], "total_price": "999.00"}
    assert (booking["selected_date"], booking["selected_time"]) == (day(16), "10:30:00")
    assert (booking["status"], booking["total_amount"]) == ("CONFIRMED", "999.00")
    again = demo.http.get(f"/api/cart/carts/{cart['cart_id']}/", headers=bearer).json()
    assert again["status"] == "CONVERTED"


def test_another_amount_is_refused_in_the_documented_words(demo: Demo, bearer: dict[str, str]) -> None:
    cart = cart_of(demo, bearer, ahead=17)

    answer = demo.http.post(
        "/api/payments/process-cart/", json={"cart_id": cart["id"], "amount": 500.00}, headers=bearer
    )

    assert answer.status_code == 400
    assert answer.json() == {"amount": ["Payment amount must be exactly 999.00"]}


def test_what_is_no_cart_is_refused_in_the_documented_words(demo: Demo, bearer: dict[str, str]) -> None:
    answer = demo.http.post(
        "/api/payments/process-cart/", json={"cart_id": 999999, "method": "PHONEPE"}, headers=bearer
    )

    assert answer.status_code == 404
    assert answer.json() == {"error": "Cart payment processing failed", "details": "Active cart not found"}


def test_a_payment_that_failed_leaves_the_cart_to_be_paid_again(demo: Demo, bearer: dict[str, str]) -> None:
    cart = cart_of(demo, bearer, ahead=18)
    body = {"cart_id": cart["id"], "method": "PHONEPE"}
    first = demo.http.post("/api/payments/process-cart/", json=body, headers=bearer).json()
    httpx.post(first["payment_url"], data={"outcome": "fail"}, follow_redirects=False)
    failed = checked(demo, first["payment_id"], bearer)

    second = demo.http.post("/api/payments/process-cart/", json=body, headers=bearer).json()
    httpx.post(second["payment_url"], data={"outcome": "pay"}, follow_redirects=False)
    paid = checked(demo, second["payment_id"], bearer)

    assert failed == {
        "success": False,
        "payment_status": "FAILED",
        "booking_created": False,
        "message": "Payment status: Failed",
    }
    assert second["payment_id"] != first["payment_id"]
    assert paid["booking"]["status"] == "CONFIRMED"


@pytest.mark.spec("PUJ-3", "PUJ-10")
def test_a_code_makes_a_puja_and_a_consultation_cheaper(demo: Demo, bearer: dict[str, str]) -> None:
    cart = cart_of(demo, bearer, ahead=19)
    consultation = next(
        one
        for one in demo.http.get("/api/astrology/services/?page_size=50").json()["results"]
        if one["title"] == "Kundali consultation"
    )
    line = {
        "service_type": "ASTROLOGY",
        "astrology_service": consultation["id"],
        "selected_date": day(19),
        "selected_time": "03:00 PM",
        "language": "Hindi",
        "birth_place": "Delhi, India",
        "birth_date": "1995-05-15",
        "birth_time": "08:30",
        "gender": "MALE",
        "contact_email": "user@example.com",
        "contact_phone": "9876543210",
    }

    added = demo.http.post(f"/api/cart/carts/{cart['id']}/items/", json=line, headers=bearer)
    code = {"promo_code": "DISCOUNT10"}
    cheaper = demo.http.post(f"/api/cart/carts/{cart['id']}/apply_promo/", json=code, headers=bearer).json()

    assert added.status_code == 201, added.text
    told = (cheaper["subtotal"], cheaper["discount"], cheaper["total_price"])
    assert told == ("1498.00", "149.80", "1348.20")

"""The trade's Postman collection, run by newman against a running Holdfast, from the cart to another time.

Its requests stand as they are. Only what lies in them of another day and another shop is set: dates, ids and
the amount; and its variables, from the answers to the requests before.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from holdfast.kernel.clock import utc_now
from holdfast.platform.models import User
from holdfast.web.tokens import issue
from tests.support.newman import Answer, Newman
from tests.support.npm import installed
from tests.support.practice import new_practice, new_user
from tests.support.processes import Stack, start_stack
from tests.support.temple import Temple, temple_of

pytestmark = [pytest.mark.timeout(300), pytest.mark.spec("PUJ-9")]

HERE = Path(__file__).with_name("newman")
COLLECTION = HERE / "collection.json"
AFTERWARDS = ("Check Payment Status", "Check Booking After Payment")
REMEMBERED = (
    ("Create Cart", "cart_id", "id"),
    ("Initiate Payment (Payment-First)", "payment_id", "payment_id"),
)


@pytest.fixture
def stack(db: None, cheap_passwords: None, tmp_path: Path) -> Iterator[Stack]:
    running = start_stack(tmp_path)
    yield running
    running.stop()


@pytest.fixture
def temple(stack: Stack) -> Temple:
    return temple_of(new_practice(stack.sandbox, slug="temple"))


@pytest.fixture
def newman(tmp_path: Path) -> Newman:
    return Newman(installed(HERE, name="newman"), tmp_path)


@pytest.fixture
def buyer(db: None, cheap_passwords: None) -> User:
    return new_user("buyer@example.com")


class Shopping:
    """One customer with the collection in hand."""

    def __init__(self, newman: Newman, stack: Stack, temple: Temple, buyer: User, tmp_path: Path) -> None:
        self.newman, self.stack, self.temple, self.buyer = newman, stack, temple, buyer
        self.day = (utc_now() + timedelta(days=9)).date()
        self.variables: dict[str, Any] = {
            "base_url": stack.url,
            "token": issue(buyer, now=utc_now()).access,
        }
        self.collection = tmp_path / "collection.json"
        self.amount = "899.10"

    def run(self, *names: str, **variables: Any) -> dict[str, Answer]:
        self.variables |= variables
        self.collection.write_text(self._of_today())
        return self.newman.run(self.collection, names, self.variables)

    def _of_today(self) -> str:
        """The collection with our dates, ids and amount, and told to remember the ids that it is answered."""
        written = COLLECTION.read_text()
        for theirs, ours in {
            "2025-07-20": self.day.isoformat(),
            "2025-07-22": (self.day + timedelta(days=2)).isoformat(),
            '\\"puja_service\\": 1': f'\\"puja_service\\": {self.temple.puja.pk}',
            '\\"package_id\\": 1': f'\\"package_id\\": {self.temple.basic.pk}',
            "500.00": self.amount,
        }.items():
            assert theirs in written, theirs
            written = written.replace(theirs, ours)
        collection = json.loads(written)
        requests = {one["name"]: one for folder in collection["item"] for one in folder["item"]}
        for name, variable, field in REMEMBERED:
            keep = f'pm.environment.set("{variable}", pm.response.json().{field})'
            requests[name]["event"] = [{"listen": "test", "script": {"exec": [keep]}}]
        return json.dumps(collection)


@pytest.fixture
def shopping(newman: Newman, stack: Stack, temple: Temple, buyer: User, tmp_path: Path) -> Shopping:
    return Shopping(newman, stack, temple, buyer, tmp_path)


def test_every_request_of_the_collection_gets_the_documented_answer(shopping: Shopping) -> None:
    temple, sandbox, day = shopping.temple, shopping.stack.sandbox, shopping.day

    carts = shopping.run("Cart")
    made = carts["Create Cart"].body
    priced = {"subtotal": "999.00", "discount": "99.90", "total_price": "899.10"}
    assert_cart(carts["Create Cart"], 201, temple, day)
    assert carts["Get Active Carts"].status == 200
    assert carts["Get Active Carts"].body["results"] == [made]
    assert carts["Apply Promo Code"].status == 200
    cheaper = carts["Apply Promo Code"].body
    assert cheaper == made | priced | {
        "promo_code": "DISCOUNT10",
        "updated_at": cheaper["updated_at"],
    }

    payments = shopping.run("Payments", cart_id=made["id"])
    started = payments["Initiate Payment (Payment-First)"]
    assert_started(started, made["id"])
    assert payments["Check Payment Status"].body["status"] == "PENDING"
    assert payments["Check Booking After Payment"].body == {
        "success": False,
        "payment_status": "PENDING",
        "booking_created": False,
        "message": "Payment status: Pending",
    }
    sandbox.settle(started.body["merchant_transaction_id"])

    paid = shopping.run(*AFTERWARDS, payment_id=started.body["payment_id"])
    assert paid["Check Payment Status"].status == 200
    assert paid["Check Payment Status"].body["status"] == "SUCCESS"
    checked = paid["Check Booking After Payment"]
    assert_booked(checked, made["cart_id"], shopping.buyer, day)

    booking = checked.body["booking"]
    bookings = shopping.run("Booking", booking_id=booking["id"])
    assert [one.status for one in bookings.values()] == [200, 200, 200]
    assert bookings["Get My Bookings"].body["results"] == [booking]
    assert bookings["Get Booking Details"].body == booking
    moved = (day + timedelta(days=2)).isoformat()
    assert bookings["Reschedule Booking"].body == booking | {
        "selected_date": moved,
        "selected_time": "11:00:00",
        "reschedule_reason": "Change of plans",
    }


def test_the_collection_is_sent_without_the_last_slash_and_as_text(shopping: Shopping) -> None:
    sent = shopping.run("Cart")

    assert {name: (one.status, one.path, one.content_type) for name, one in sent.items()} == {
        "Create Cart": (201, "/api/cart/carts", "text/plain"),
        "Get Active Carts": (200, "/api/cart/carts/active", ""),
        "Apply Promo Code": (200, sent["Apply Promo Code"].path, "text/plain"),
    }


def assert_cart(answer: Answer, status: int, temple: Temple, day: date) -> None:
    said = answer.body
    assert answer.status == status, said
    assert said["puja_service"]["id"] == temple.puja.pk
    assert (said["package"]["id"], said["package"]["price"]) == (temple.basic.pk, "999.00")
    assert {name: said[name] for name in ("service_type", "status", "total_price", "discount")} == {
        "service_type": "PUJA",
        "status": "ACTIVE",
        "total_price": "999.00",
        "discount": "0.00",
    }
    assert (said["selected_date"], said["selected_time"]) == (day.isoformat(), "10:00")


def assert_started(answer: Answer, cart: int) -> None:
    said = answer.body
    assert answer.status == 200, said
    assert said == {
        "success": True,
        "payment_id": said["payment_id"],
        "transaction_id": said["transaction_id"],
        "merchant_transaction_id": said["merchant_transaction_id"],
        "amount": "899.10",
        "currency": "INR",
        "payment_url": said["payment_url"],
        "status": "PENDING",
        "cart_id": cart,
    }
    assert said["payment_url"].startswith("http")


def assert_booked(answer: Answer, cart: str, buyer: User, day: date) -> None:
    said = answer.body
    assert answer.status == 200, said
    booking = said["booking"]
    assert {name: said[name] for name in ("success", "payment_status", "booking_created")} == {
        "success": True,
        "payment_status": "SUCCESS",
        "booking_created": True,
    }
    assert booking["book_id"].startswith("BK-")
    assert booking["user"] == {"id": buyer.pk, "email": "buyer@example.com"}
    assert booking["cart"] == {"cart_id": cart, "total_price": "899.10"}
    assert (booking["selected_date"], booking["selected_time"]) == (day.isoformat(), "10:00:00")
    assert (booking["status"], booking["total_amount"]) == ("CONFIRMED", "899.10")

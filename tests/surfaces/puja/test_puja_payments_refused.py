"""Paying for a cart that is refused, over HTTP: in which words, and that nothing has moved."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from holdfast.availability.models import Allocation
from holdfast.flows.settlement import settle
from holdfast.kernel.clock import utc_now
from holdfast.orders.models import Order
from holdfast.payments.models import Payment
from tests.support.booked import api_of
from tests.support.practice import DAY, Api, new_user
from tests.support.sandbox import Sandbox
from tests.support.temple import Temple

PAY = "/api/payments/process-cart/"
PAYMENTS = "/api/payments/payments/"
C = "/api/cart/carts/"


def kept() -> list[str]:
    """The states of the time that is kept."""
    return list(Allocation.objects.filter(state__in=("held", "taken")).values_list("state", flat=True))


def state() -> list[Any]:
    return [
        *Order.objects.order_by("pk").values_list("pk", "state", "total"),
        *Payment.objects.order_by("pk").values_list("pk", "state"),
        *kept(),
    ]


@pytest.mark.spec("PUJ-4", "GEN-5")
@pytest.mark.parametrize("method", ["BARTER", "offline", "", 5])
def test_an_unknown_method_is_refused(api: Api, cart: dict[str, Any], method: Any) -> None:
    before = state()

    answer = api.send(PAY, {"cart_id": cart["id"], "method": method})

    assert (answer.status_code, set(answer.json())) == (400, {"method"})
    assert state() == before


@pytest.mark.spec("PUJ-4", "GEN-5")
@pytest.mark.parametrize("written", ["abc", "", 0, -1, 1.5, True, [], 2**63])
def test_what_is_no_id_of_a_cart_is_refused_in_plain_words(
    api: Api, cart: dict[str, Any], written: Any
) -> None:
    before = state()

    answer = api.send(PAY, {"cart_id": written})

    assert (answer.status_code, answer.json()) == (400, {"cart_id": ["Write the cart's id or its cart_id."]})
    assert state() == before


@pytest.mark.spec("PUJ-4", "GEN-5")
@pytest.mark.parametrize("amount", [500.0, "998.99", "999.001", 0, "0.999e3x", True, -999, "NaN", "1e400"])
def test_another_amount_is_refused(api: Api, cart: dict[str, Any], amount: Any) -> None:
    before = state()

    answer = api.send(PAY, {"cart_id": cart["id"], "amount": amount})

    assert (answer.status_code, set(answer.json())) == (400, {"amount"})
    if amount in (500.0, "998.99", "999.001", 0) and amount is not True:
        assert answer.json() == {"amount": ["Payment amount must be exactly 999.00"]}
    assert state() == before


@pytest.mark.spec("PUJ-4", "GEN-5", "GEN-2")
@pytest.mark.parametrize("whose", ["nobody's", "another's", "deleted"])
def test_what_is_no_active_cart_of_ones_own_is_refused_as_documented(
    api: Api, cart: dict[str, Any], whose: str
) -> None:
    asks = api_of(new_user()) if whose == "another's" else api
    if whose == "deleted":
        api.delete(f"{C}{cart['id']}/")
    before = state()

    answers = [
        asks.send(PAY, {"cart_id": cart_id})
        for cart_id in ((999_999, str(uuid4())) if whose == "nobody's" else (cart["id"], cart["cart_id"]))
    ]

    assert [(answer.status_code, answer.json()) for answer in answers] == [
        (404, {"error": "Cart payment processing failed", "details": "Active cart not found"})
    ] * 2
    assert state() == before


@pytest.mark.spec("PUJ-4", "GEN-8")
def test_a_foreign_return_address_is_refused(api: Api, cart: dict[str, Any]) -> None:
    ours = api.send(PAY, {"cart_id": cart["id"], "redirect_url": "https://evil.example"})

    assert (ours.status_code, set(ours.json())) == (400, {"redirect_url"})
    assert kept() == []


@pytest.mark.spec("PUJ-4", "GEN-5", "BC-1")
def test_a_time_that_another_cart_holds_is_409_with_the_nearest_slots(
    temple: Temple, api: Api, started: dict[str, Any]
) -> None:
    rival = api_of(new_user())
    theirs = rival.send(C, temple.item()).json()
    before = state()

    answer = rival.send(PAY, {"cart_id": theirs["id"]})

    said = answer.json()
    assert (answer.status_code, said["error"]) == (
        409,
        "This time has just been taken. Please choose another.",
    )
    assert [slot["start_time"] for slot in said["nearest_slots"]] == [
        "09:00",
        "09:30",
        "10:00",
        "11:00",
        "11:30",
    ]
    assert said["nearest_slots"][0]["start"] == f"{DAY}T09:00:00+05:30"
    assert state() == before
    assert rival.get(f"{C}{theirs['id']}/").json()["status"] == "ACTIVE"


@pytest.mark.spec("PUJ-4", "GEN-5", "GEN-6")
def test_ones_own_held_time_in_another_cart_is_409_with_the_way_to_pay_and_to_release_it(
    temple: Temple, api: Api, started: dict[str, Any]
) -> None:
    second = api.send(C, temple.item()).json()
    before = state()

    answer = api.send(PAY, {"cart_id": second["id"]})

    assert answer.status_code == 409
    assert answer.json() == {
        "error": "You are already holding this time. Pay for it, or release it.",
        "nearest_slots": [],
        "payment_url": started["payment_url"],
        "release_url": f"/api/payments/{started['merchant_transaction_id']}/release/",
    }
    assert state() == before
    assert api.send(answer.json()["release_url"]).status_code == 200
    assert (kept(), api.get(f"{C}{started['cart_id']}/").json()["status"]) == ([], "ACTIVE")
    assert api.send(PAY, {"cart_id": second["id"]}).status_code == 200


@pytest.mark.spec("PUJ-4", "GEN-6")
def test_a_fourth_cart_that_holds_its_time_is_too_many(temple: Temple, api: Api) -> None:
    carts = [api.send(C, temple.item(selected_time=f"{hour}:00")).json()["id"] for hour in range(10, 14)]

    answers = [api.send(PAY, {"cart_id": cart}) for cart in carts]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert int(answers[-1]["Retry-After"]) > 0
    assert kept() == ["held"] * 3


@pytest.mark.spec("PUJ-4", "PUJ-5")
def test_a_converted_cart_is_paid_no_second_time(api: Api, started: dict[str, Any], sandbox: Sandbox) -> None:
    sandbox.settle(started["merchant_transaction_id"])
    settle(started["payment_id"], now=utc_now())
    before = state()

    answer = api.send(PAY, {"cart_id": started["cart_id"]})

    assert (answer.status_code, answer.json()) == (
        409,
        {"error": "Cart payment processing failed", "details": "This cart has been paid for."},
    )
    assert state() == before


@pytest.mark.spec("PUJ-4", "GEN-5")
def test_a_gateway_that_refuses_is_answered_as_documented(
    api: Api, cart: dict[str, Any], sandbox: Sandbox
) -> None:
    sandbox.arm("pay_500_before", status=403)

    answer = api.send(PAY, {"cart_id": cart["id"]})

    assert (answer.status_code, int(answer["Retry-After"]) > 0) == (503, True)
    assert answer.json() == {
        "error": "Payment processing failed",
        "details": "PhonePe payment failed: This payment method cannot be reached just now. "
        "Please try again shortly.",
    }
    assert api.get(f"{C}{cart['id']}/").json()["status"] == "ACTIVE"
    assert api.send(PAY, {"cart_id": cart["id"]}).status_code == 200


@pytest.mark.spec("PUJ-6", "GEN-2", "BC-19")
def test_anothers_payment_is_not_there(api: Api, started: dict[str, Any]) -> None:
    other, payment = api_of(new_user()), started["payment_id"]
    addresses = (
        f"{PAYMENTS}{payment}/",
        f"{PAYMENTS}{payment}/check-booking/",
        f"/api/payments/{payment}/check-booking/",
    )

    assert [other.get(address).status_code for address in addresses] == [404, 404, 404]
    assert other.get(PAYMENTS).json()["results"] == []

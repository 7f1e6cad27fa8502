"""A cart over HTTP from its first payment to its end: found out by webhook, run out, left, deleted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from holdfast.availability.models import Allocation
from holdfast.booking.lifecycle import BOOKING
from holdfast.booking.models import Booking
from holdfast.catalog.models import Offering, Package
from holdfast.flows.audit import look_for_wrongs
from holdfast.flows.ending import expire_orders
from holdfast.flows.settlement import settle
from holdfast.kernel.clock import utc_now
from holdfast.orders.lifecycle import ORDER
from holdfast.orders.models import Order
from holdfast.payments.models import Transaction
from holdfast.platform.models import User
from holdfast.surfaces.puja.terms import CART_WORDS, WORDS
from holdfast.web.tokens import issue
from tests.flows.door import completed, deliver
from tests.support.booked import api_of
from tests.support.practice import Api, new_user
from tests.support.sandbox import Sandbox
from tests.support.temple import Temple
from tests.support.worker import work

PAY = "/api/payments/process-cart/"
C = "/api/cart/carts/"
WINDOW = timedelta(minutes=20)  # every hold is over


def started(api: Api, cart: dict[str, Any], **over: Any) -> dict[str, Any]:
    answer = api.send(PAY, {"cart_id": cart["id"], **over})
    assert answer.status_code == 200, answer.content
    said: dict[str, Any] = answer.json()
    return said


def seen(api: Api, cart: dict[str, Any]) -> dict[str, Any]:
    said: dict[str, Any] = api.get(f"{C}{cart['id']}/").json()
    return said


def kept() -> list[str]:
    return list(Allocation.objects.filter(state__in=("held", "taken")).values_list("state", flat=True))


@pytest.mark.spec("PUJ-5", "PUJ-8")
def test_every_state_has_a_word() -> None:
    assert set(WORDS) == set(BOOKING.states)
    assert set(CART_WORDS) == set(ORDER.states) - {"canceled"}


@pytest.mark.spec("PUJ-7", "PUJ-5")
def test_a_webhook_books_what_is_in_the_cart_once_however_often_it_comes(
    api: Api, cart: dict[str, Any], sandbox: Sandbox
) -> None:
    payment = started(api, cart)
    sandbox.settle(payment["merchant_transaction_id"])
    event = completed(payment["merchant_transaction_id"], amount=99_900)

    statuses = [deliver(event), deliver(event)]
    work()

    assert statuses == [200, 200]
    assert Booking.objects.get().state == "confirmed"
    assert seen(api, cart)["status"] == "CONVERTED"


@pytest.mark.spec("PUJ-7", "BC-21")
def test_a_webhook_that_lies_books_nothing(api: Api, cart: dict[str, Any]) -> None:
    payment = started(api, cart)

    status = deliver(completed(payment["merchant_transaction_id"], amount=99_900))
    work()

    assert status == 200
    assert Booking.objects.count() == 0
    assert (seen(api, cart)["status"], kept()) == ("ACTIVE", ["held"])


@pytest.mark.spec("PUJ-5")
def test_while_a_payment_is_open_the_same_one_is_answered_and_nothing_may_be_changed(
    temple: Temple, api: Api, cart: dict[str, Any]
) -> None:
    payment = started(api, cart)

    again = started(api, cart)
    changes = [
        api.send(f"{C}{cart['id']}/items/", temple.talk()),
        api.send(f"{C}{cart['id']}/apply_promo/", {"promo_code": "DISCOUNT10"}),
        api.send(f"{C}{cart['id']}/remove_promo/"),
        api.delete(f"{C}{cart['id']}/items/{cart['items'][0]['id']}/"),
    ]

    assert again == payment
    assert [answer.status_code for answer in changes] == [409] * 4
    assert all(set(answer.json()) == {"error"} for answer in changes)
    after = seen(api, cart)
    assert after == cart | {"updated_at": after["updated_at"]}


@pytest.mark.spec("PUJ-5", "BC-5")
def test_after_its_window_a_cart_is_active_and_paid_at_the_price_of_that_day(
    temple: Temple, api: Api, customer: User, cart: dict[str, Any], sandbox: Sandbox
) -> None:
    started(api, cart)
    Package.objects.filter(pk=temple.basic.pk).update(price=109_900)

    meanwhile = seen(api, cart)
    expire_orders(now=utc_now() + WINDOW)
    after = seen(api, cart)
    free_again = kept()
    second = started(api, cart, amount="1099.00")
    sandbox.settle(second["merchant_transaction_id"])
    booked = api.get(f"/api/payments/{second['payment_id']}/check-booking/").json()["booking"]

    assert (meanwhile["total_price"], meanwhile["note"]) == ("999.00", "")
    assert (after["status"], after["total_price"], free_again) == ("ACTIVE", "1099.00", [])
    assert after["note"] == (
        "Prices have changed since you went to pay: it was INR 999.00 then, and is INR 1099.00 now."
    )
    assert booked["total_amount"] == "1099.00"
    assert look_for_wrongs(now=utc_now()) == []


@pytest.mark.spec("PUJ-5", "GEN-5")
def test_the_old_price_is_refused_once_it_is_another(temple: Temple, api: Api, cart: dict[str, Any]) -> None:
    Package.objects.filter(pk=temple.basic.pk).update(price=109_900)

    answer = api.send(PAY, {"cart_id": cart["id"], "amount": "999.00"})

    assert (answer.status_code, answer.json()) == (
        400,
        {"amount": ["Payment amount must be exactly 1099.00"]},
    )
    assert (kept(), Order.objects.get().state) == ([], "open")


@pytest.mark.spec("PUJ-4", "GEN-5")
@pytest.mark.parametrize("gone", ["everything", "its time", "the service"])
def test_a_cart_that_cannot_be_booked_says_which_field_is_wrong(
    temple: Temple, api: Api, cart: dict[str, Any], gone: str
) -> None:
    if gone == "everything":
        api.delete(f"{C}{cart['id']}/items/{cart['items'][0]['id']}/")
    elif gone == "its time":
        Offering.objects.filter(pk=temple.puja.pk).update(minimum_notice=timedelta(days=300))
    else:
        Offering.objects.filter(pk=temple.puja.pk).update(active=False)

    answer = api.send(PAY, {"cart_id": cart["id"]})

    field = "selected_time" if gone == "its time" else "cart_id"
    assert (answer.status_code, set(answer.json())) == (400, {field})
    assert (kept(), Order.objects.get().state) == ([], "open")


@pytest.mark.spec("PUJ-2", "PUJ-5")
def test_a_cart_that_is_being_paid_is_deleted_and_its_money_goes_back(
    api: Api, cart: dict[str, Any], sandbox: Sandbox
) -> None:
    payment = started(api, cart)

    deleted = api.delete(f"{C}{cart['id']}/")
    free_again = kept()
    sandbox.settle(payment["merchant_transaction_id"])
    settle(payment["payment_id"], now=utc_now())

    assert (deleted.status_code, free_again) == (204, [])
    assert api.get(f"{C}{cart['id']}/").status_code == 404
    assert Booking.objects.count() == 0
    assert [one.amount for one in Transaction.objects.filter(kind="refund")] == [99_900]
    assert api.get(f"/api/payments/{payment['payment_id']}/check-booking/").json()["booking_created"] is False


@pytest.mark.spec("PUJ-2", "PUJ-5")
def test_a_cart_that_has_been_paid_meanwhile_is_not_deleted(
    api: Api, cart: dict[str, Any], sandbox: Sandbox
) -> None:
    payment = started(api, cart)
    sandbox.settle(payment["merchant_transaction_id"])

    answer = api.delete(f"{C}{cart['id']}/")

    assert (answer.status_code, answer.json()) == (409, {"error": "This has been paid for meanwhile."})
    assert (Booking.objects.get().state, seen(api, cart)["status"]) == ("confirmed", "CONVERTED")


@pytest.mark.spec("PUJ-2", "GEN-5")
def test_a_cart_stays_for_as_long_as_the_gateway_does_not_say_that_it_is_unpaid(
    api: Api, cart: dict[str, Any], sandbox: Sandbox
) -> None:
    started(api, cart)
    sandbox.arm("status_500_before")

    unknown = api.delete(f"{C}{cart['id']}/")

    assert (unknown.status_code, unknown.json()) == (
        202,
        {"status": "PENDING", "status_url": f"{C}{cart['id']}/"},
    )
    assert (seen(api, cart)["status"], kept()) == ("ACTIVE", ["held"])
    assert api.delete(f"{C}{cart['id']}/").status_code == 204


@pytest.mark.spec("PUJ-5", "BC-1")
def test_of_two_carts_for_one_time_one_is_booked(temple: Temple, api: Api, sandbox: Sandbox) -> None:
    rival = api_of(new_user())
    mine, theirs = (one.send(C, temple.item()).json() for one in (api, rival))

    first = started(rival, theirs)
    refused = api.send(PAY, {"cart_id": mine["id"]})
    sandbox.settle(first["merchant_transaction_id"])
    rival.get(f"/api/payments/{first['payment_id']}/check-booking/")

    assert refused.status_code == 409
    assert Booking.objects.count() == 1
    assert (seen(api, mine)["status"], seen(rival, theirs)["status"]) == ("ACTIVE", "CONVERTED")


@pytest.mark.spec("PUJ-2", "GEN-4")
def test_a_cart_that_is_made_again_under_its_key_is_the_same_cart(temple: Temple, customer: User) -> None:
    api = Api(issue(customer, now=utc_now()).access)
    key = {"HTTP_IDEMPOTENCY_KEY": "cart-0123456789abcdef"}

    first, second = (api.send(C, temple.item(), **key) for _ in range(2))

    assert (first.status_code, first.json()) == (second.status_code, second.json())
    assert Order.objects.count() == 1

"""Adding a gateway takes one file and one line: Toy's file, and the line that puts it among the gateways."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import httpx

import holdfast
from holdfast.booking.models import Booking
from holdfast.flows.refunds import pursue
from holdfast.flows.settlement import settle
from holdfast.payments.models import Transaction
from holdfast.platform.models import GatewayEvent
from tests.flows.door import deliver
from tests.support.practice import NOW, Practice, held, payment_of
from tests.support.sandbox import Sandbox
from tests.support.toy import WEBHOOK_PATH, charge, decline, entry
from tests.support.worker import work

LATER = NOW + timedelta(minutes=1)


def test_adding_a_gateway_takes_one_file_and_one_line(practice: Practice, toy_gateway: Sandbox) -> None:
    checkout = held(practice)
    charge(toy_gateway, checkout.reference)

    settle(payment_of(checkout).pk, now=LATER)

    payment = payment_of(checkout)
    assert (payment.state, payment.captured, payment.wins) == ("captured", 199_900, True)
    assert payment.account.gateway == "toy"
    assert payment.gateway_reference.startswith("toy_")
    assert Booking.objects.get().state == "confirmed"
    assert entry(toy_gateway, checkout.reference)["state"] == "captured"


def test_the_engine_has_never_heard_of_the_gateway_that_was_added() -> None:
    sources = Path(holdfast.__file__).parent.rglob("*.py")

    assert [path.name for path in sources if "toy" in path.read_text(encoding="utf-8").lower()] == []


def test_the_page_of_an_added_gateway_is_where_the_customer_is_sent(
    practice: Practice, toy_gateway: Sandbox
) -> None:
    checkout = held(practice)
    assert checkout.payment_url is not None

    page = httpx.get(checkout.payment_url)
    chosen = httpx.post(checkout.payment_url, data={"outcome": "pay"})

    assert "INR 1,999.00" in page.text
    assert chosen.status_code == 303
    assert chosen.headers["Location"].endswith(f"/pay/return/{checkout.reference}/")


def test_the_webhook_of_an_added_gateway_is_stored_and_settled_by_the_worker(
    practice: Practice, toy_gateway: Sandbox
) -> None:
    checkout = held(practice)
    charge(toy_gateway, checkout.reference)
    sent = toy_gateway.webhooks(checkout.reference)[-1]

    statuses = [deliver(sent["body"].encode(), sent["headers"], path=WEBHOOK_PATH) for _ in range(2)]
    work()

    event = GatewayEvent.objects.get()
    assert statuses == [200, 200]
    assert (event.gateway, event.event, event.deliveries) == ("toy", "payment.captured", 2)
    assert event.result == "settled"
    assert Booking.objects.get().state == "confirmed"


def test_a_forged_webhook_of_an_added_gateway_is_turned_away(
    practice: Practice, toy_gateway: Sandbox
) -> None:
    checkout = held(practice)
    toy_gateway.arm("webhook_wrong_signature", only=checkout.reference)
    charge(toy_gateway, checkout.reference)
    sent = toy_gateway.webhooks(checkout.reference)[-1]

    status = deliver(sent["body"].encode(), sent["headers"], path=WEBHOOK_PATH)

    assert status == 401
    assert not Booking.objects.exists()
    assert payment_of(checkout).state == "pending"


def test_a_payment_that_an_added_gateway_declines_fails(practice: Practice, toy_gateway: Sandbox) -> None:
    checkout = held(practice)
    decline(toy_gateway, checkout.reference)

    settle(payment_of(checkout).pk, now=LATER)

    payment = payment_of(checkout)
    assert (payment.state, payment.reason) == ("failed", "declined")
    assert not Booking.objects.exists()


def test_late_money_of_an_added_gateway_goes_back_through_it_when_the_time_is_gone(
    practice: Practice, toy_gateway: Sandbox
) -> None:
    late = held(practice)
    decline(toy_gateway, late.reference)
    settle(payment_of(late).pk, now=LATER)
    held(practice)
    toy_gateway.arm("late_success", only=late.reference)
    charge(toy_gateway, late.reference)
    settle(payment_of(late).pk, now=LATER)

    refund = Transaction.objects.get(kind="refund")
    pursue(refund.pk, now=LATER)

    refund.refresh_from_db()
    assert refund.state == "succeeded"
    assert payment_of(late).refunded == 199_900
    assert entry(toy_gateway, late.reference)["refunded"] == 199_900

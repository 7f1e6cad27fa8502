"""What Stripe does wrong with money and time, played through the whole engine.

Each row carries its id in ``docs/gateway-misbehaviours.md``. The stories of reserved money in ``tests/flows``
are told of Stripe as well; what is signed and spelled in a wrong way is tried closer in the adapter's tests.
"""

from __future__ import annotations

import json
from datetime import timedelta
from functools import partial
from typing import Any

import httpx
import pytest
from django.test import Client
from stripe import WebhookSignature

from holdfast.booking.models import Booking
from holdfast.flows.reconciliation import reconcile
from holdfast.flows.returning import standing
from holdfast.flows.settlement import settle
from holdfast.kernel.errors import Unavailable
from holdfast.payments.gateways.deadline import deadline
from holdfast.payments.models import Payment
from holdfast.platform.models import GatewayEvent
from tests.flows.books import nothing_booked, standing_of
from tests.flows.door import PATH, deliver, open_door
from tests.gateways.story import (
    LOOKS,
    OPEN,
    PRICE,
    Fault,
    booked_once,
    deliver_all,
    fault,
    happened,
    look_on,
    paid,
)
from tests.gateways.troubles import SHORT
from tests.support.practice import NOW, Practice, held, payment_of
from tests.support.racing import race
from tests.support.sandbox import Sandbox
from tests.support.stripe import CREDENTIALS, WEBHOOK_PATH
from tests.support.ways import (
    SOON,
    assert_all_is_well,
    at_the_gateway,
)
from tests.support.worker import work

# ---- paid in the end, whatever happened -----------------------------------------------------------------

BOOKED_ALL_THE_SAME = [
    pytest.param(fault("webhook_doubled", copies=3), marks=pytest.mark.spec("GW-1")),
    pytest.param(fault("webhook_twin"), marks=pytest.mark.spec("GW-2")),
    pytest.param(fault("webhook_two_signatures"), marks=pytest.mark.spec("GW-17")),
    pytest.param(fault("webhook_wrong_amount", 9), marks=pytest.mark.spec("GW-21")),
    pytest.param(fault("presented_in_another_currency"), marks=pytest.mark.spec("GW-22")),
    pytest.param(fault("look_up_another_payment", 2), marks=pytest.mark.spec("GW-28")),
    pytest.param(fault("pay_pending", reads=2), marks=pytest.mark.spec("GW-29")),
    pytest.param(fault("look_up_flap", 6), marks=pytest.mark.spec("GW-35")),
    pytest.param(fault("look_up_lag", 3), marks=pytest.mark.spec("GW-36")),
    pytest.param(fault("retrieve_session_500_after", 2), marks=pytest.mark.spec("GW-38")),
    pytest.param(fault("retrieve_session_reset_after", 2), marks=pytest.mark.spec("GW-39")),
    pytest.param(fault("retrieve_session_429", 2, seconds=30), marks=pytest.mark.spec("GW-45")),
    pytest.param(fault("retrieve_session_html", 2), marks=pytest.mark.spec("GW-46")),
    pytest.param(fault("webhook_truncated"), marks=pytest.mark.spec("GW-46")),
    pytest.param(fault("look_up_unknown_state", 2), marks=pytest.mark.spec("GW-47")),
    pytest.param(fault("webhook_unknown_event"), marks=pytest.mark.spec("GW-47")),
    pytest.param(fault("webhook_old_version", 9), marks=pytest.mark.spec("GW-74")),
]


@pytest.mark.parametrize("armed", BOOKED_ALL_THE_SAME, ids=lambda armed: armed[0])
def test_who_has_paid_is_booked_once_whatever_stripe_did(
    practice: Practice, stripe_gateway: Sandbox, armed: Fault
) -> None:
    checkout = paid(practice, stripe_gateway, armed)

    statuses = deliver_all(stripe_gateway, checkout)
    look_on(stripe_gateway)
    deliver_all(stripe_gateway, checkout, backwards=True)

    assert happened(stripe_gateway, armed)
    assert set(statuses) == {200}
    assert booked_once(checkout)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("webhook_wrong_signature", marks=pytest.mark.spec("GW-12")),
        pytest.param("webhook_without_signature", marks=pytest.mark.spec("GW-13")),
        pytest.param("webhook_old_scheme", marks=pytest.mark.spec("GW-13")),
        pytest.param("webhook_old", marks=pytest.mark.spec("GW-15")),
        pytest.param("webhook_from_the_future", marks=pytest.mark.spec("GW-16")),
        pytest.param("webhook_other_mode", marks=pytest.mark.spec("GW-17")),
    ],
)
def test_an_event_that_is_not_stripes_or_not_of_now_is_refused_and_the_payment_found_without_it(
    practice: Practice, stripe_gateway: Sandbox, name: str
) -> None:
    checkout = paid(practice, stripe_gateway, fault(name, 9))

    statuses = deliver_all(stripe_gateway, checkout)
    assert set(statuses) == {401}
    assert not GatewayEvent.objects.filter(verified=True).exists()
    assert standing_of(checkout.reference) == OPEN
    look_on(stripe_gateway)

    assert booked_once(checkout)


@pytest.mark.spec("GW-5", "GW-6", "GW-71")
def test_who_has_paid_is_booked_though_stripe_tells_nothing(
    practice: Practice, stripe_gateway: Sandbox
) -> None:
    checkout = paid(practice, stripe_gateway, fault("webhook_lost", 9))

    look_on(stripe_gateway)

    assert not GatewayEvent.objects.exists()
    assert booked_once(checkout)


@pytest.mark.spec("GW-8", "GW-11")
def test_events_that_come_again_and_in_the_wrong_order_book_once(
    practice: Practice, stripe_gateway: Sandbox
) -> None:
    stripe_gateway.arm("webhook_lost", 9)
    checkout = held(practice)
    stripe_gateway.settle(checkout.reference, "fail")
    stripe_gateway.settle(checkout.reference)

    statuses = deliver_all(stripe_gateway, checkout, backwards=True)

    assert len(statuses) > 4
    assert set(statuses) == {200}
    assert booked_once(checkout)


@pytest.mark.spec("GW-3")
def test_an_event_that_is_quicker_than_the_answer_to_our_start_is_kept_and_settled(
    practice: Practice, stripe_gateway: Sandbox
) -> None:
    with open_door() as door:
        stripe_gateway.add_merchant("HOLDFAST_DEMO", webhook_url=door.url.replace(PATH, WEBHOOK_PATH))
        stripe_gateway.arm("webhook_before_start_answer")
        checkout = held(practice)
        came_before = GatewayEvent.objects.count()
        stripe_gateway.add_merchant("HOLDFAST_DEMO", webhook_url="")

    work()
    look_on(stripe_gateway)

    assert came_before > 0
    assert booked_once(checkout)


@pytest.mark.spec("GW-37")
def test_who_goes_back_from_stripes_page_and_pays_in_another_tab_is_booked(
    practice: Practice, stripe_gateway: Sandbox
) -> None:
    checkout = held(practice)
    stripe_gateway.settle(checkout.reference, "cancel")
    settle(payment_of(checkout).pk, now=SOON)
    assert standing_of(checkout.reference) == OPEN
    stripe_gateway.settle(checkout.reference)

    look_on(stripe_gateway)

    assert booked_once(checkout)


@pytest.mark.parametrize(
    ("armed", "took"),
    [
        pytest.param(fault("amount_higher"), (PRICE + 100, "INR"), marks=pytest.mark.spec("GW-21")),
        pytest.param(fault("amount_lower"), (PRICE - 100, "INR"), marks=pytest.mark.spec("GW-21")),
        pytest.param(fault("paid_in_another_currency"), (PRICE, "INR"), marks=pytest.mark.spec("GW-22")),
    ],
)
def test_another_amount_or_currency_is_quarantined_and_books_nothing(
    practice: Practice, stripe_gateway: Sandbox, armed: Fault, took: tuple[int, str]
) -> None:
    checkout = paid(practice, stripe_gateway, armed)

    look_on(stripe_gateway)

    payment = payment_of(checkout)
    assert (payment.captured, payment.currency) == took
    assert (payment.quarantined, payment.wins) == (True, False)
    assert not Booking.objects.exists()


@pytest.mark.spec("GW-4", "GW-7")
def test_the_page_that_stripe_sends_back_to_asks_stripe_and_believes_nothing_else(
    practice: Practice, stripe_gateway: Sandbox
) -> None:
    checkout = held(practice)
    page, lies = f"/pay/return/{checkout.reference}/", {"session_id": "cs_test_other", "status": "complete"}

    before = [Client().get(page, lies).status_code for _ in range(3)]
    assert standing_of(checkout.reference) == OPEN
    stripe_gateway.settle(checkout.reference)
    after = standing(checkout.reference, now=NOW + timedelta(minutes=1)).status

    assert (set(before), after) == ({200}, "SUCCESS")
    assert booked_once(checkout)


@pytest.mark.spec("GW-10")
def test_fifty_events_at_once_are_one_event_and_one_booking(
    practice: Practice, stripe_gateway: Sandbox
) -> None:
    checkout = paid(practice, stripe_gateway, fault("webhook_burst", copies=50))
    sent = [one for one in stripe_gateway.webhooks(checkout.reference) if one["body"].count("evt_")]
    first = [one for one in sent if one["body"] == sent[0]["body"]]

    def some(part: list[dict[str, Any]]) -> set[int]:
        return {deliver(one["body"].encode(), one["headers"], path=WEBHOOK_PATH) for one in part}

    statuses = race([partial(some, first[start::5]) for start in range(5)])
    work()
    look_on(stripe_gateway)

    assert len(first) == 50
    assert statuses == [{200}] * 5
    assert [event.deliveries for event in GatewayEvent.objects.all()] == [50]
    assert booked_once(checkout)


@pytest.mark.spec("GW-49", "GW-50")
def test_where_stripes_page_is_down_another_attempt_is_paid_and_a_slow_answer_is_none(
    practice: Practice, stripe_gateway: Sandbox
) -> None:
    stripe_gateway.arm("page_down")
    first = held(practice)
    assert first.payment_url is not None
    assert httpx.get(first.payment_url).status_code == 503
    second = held(practice, at="11:00")
    stripe_gateway.settle(second.reference)
    stripe_gateway.arm("retrieve_session_slow", only=second.reference, seconds=0.2)

    with deadline(SHORT):
        reconcile(now=LOOKS[0])
    assert standing_of(second.reference) == OPEN
    look_on(stripe_gateway)

    assert booked_once(second)
    assert payment_of(first).state == "expired"


@pytest.mark.spec("GEN-20")
def test_of_what_stripe_tells_of_its_customer_nothing_is_kept(
    practice: Practice, stripe_gateway: Sandbox
) -> None:
    private = {
        "billing_details": {"name": "A guest", "address": {"line1": "1 High Street"}},
        "shipping": {"name": "A guest"},
        "customer_details": {"name": "A guest"},
        "payment_method_details": {"card": {"last4": "4242", "fingerprint": "Xt5EWLLDS7FJjR1c"}},
        "receipt_email": "guest@example.com",
    }
    body = json.dumps(
        {"id": "evt_1", "type": "charge.updated", "livemode": False, "data": {"object": private}}
    )
    seal = WebhookSignature.generate_signature_header(body, CREDENTIALS["webhook_secret"])

    status = deliver(body.encode(), {"Stripe-Signature": seal}, path=WEBHOOK_PATH)

    kept = GatewayEvent.objects.get().body
    assert status == 200
    for secret in ("guest", "High Street", "4242", "Xt5EWLLDS7FJjR1c"):
        assert secret not in kept


# ---- the session ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("create_session_500_after", marks=pytest.mark.spec("GW-38")),
        pytest.param("create_session_500_stored", marks=pytest.mark.spec("GW-41")),
        pytest.param("create_session_reset_after", marks=pytest.mark.spec("GW-39")),
    ],
)
def test_a_session_whose_answer_was_lost_is_found_by_our_reference_and_its_money_too(
    practice: Practice, stripe_gateway: Sandbox, name: str
) -> None:
    before = stripe_gateway.calls().get("create_session", 0)
    checkout = paid(practice, stripe_gateway, fault(name))
    assert checkout.payment_url is None

    look_on(stripe_gateway)

    assert booked_once(checkout)
    assert payment_of(checkout).gateway_reference.startswith("cs_test_")
    assert stripe_gateway.calls()["create_session"] == before + 1


@pytest.mark.spec("GW-40")
@pytest.mark.parametrize("name", ["create_session_500_before", "create_session_key_in_use"])
def test_a_session_that_was_never_opened_frees_its_time(
    practice: Practice, stripe_gateway: Sandbox, name: str
) -> None:
    stripe_gateway.arm(name)
    lost = held(practice)
    assert lost.payment_url is None

    look_on(stripe_gateway)

    assert standing_of(lost.reference)[1:] == ("expired", "released")
    assert nothing_booked()


@pytest.mark.spec("GW-59")
def test_a_session_is_closed_when_the_time_to_pay_is_over_though_stripe_keeps_it_longer(
    practice: Practice, stripe_gateway: Sandbox
) -> None:
    checkout = held(practice)
    over = payment_of(checkout).expires_at
    assert over == NOW + timedelta(seconds=payment_of(checkout).order.terms.pay_within)

    settle(payment_of(checkout).pk, now=over - timedelta(seconds=1))
    assert at_the_gateway(stripe_gateway, checkout.reference) == ("open", 0)
    settle(payment_of(checkout).pk, now=over)

    assert at_the_gateway(stripe_gateway, checkout.reference) == ("expired", 0)
    assert standing_of(checkout.reference) == ("expired", "expired", "released")


@pytest.mark.spec("GW-59")
def test_who_pays_while_the_session_is_being_closed_is_booked(
    practice: Practice, stripe_gateway: Sandbox
) -> None:
    checkout = held(practice)
    over = payment_of(checkout).expires_at
    assert over is not None
    stripe_gateway.arm("expire_races_payment", only=checkout.reference)

    settle(payment_of(checkout).pk, now=over)

    assert booked_once(checkout)
    assert_all_is_well(now=over)


@pytest.mark.spec("GW-76")
def test_a_key_of_the_other_mode_sells_nothing_and_holds_nothing(
    practice: Practice, stripe_gateway: Sandbox
) -> None:
    practice.account.credentials = practice.account.credentials | {"secret_key": "sk_live_holdfast"}
    practice.account.save()
    before = stripe_gateway.calls().get("create_session", 0)

    with pytest.raises(Unavailable):
        held(practice)

    assert stripe_gateway.calls().get("create_session", 0) == before
    assert standing_of(Payment.objects.get().reference) == ("failed", "expired", "released")


@pytest.mark.spec("GW-70")
@pytest.mark.parametrize("seconds", [-500, 500])
def test_where_our_clock_differs_by_minutes_a_session_is_opened_and_a_lost_one_found(
    practice: Practice, stripe_gateway: Sandbox, seconds: int
) -> None:
    ours = NOW + timedelta(seconds=seconds)
    stripe_gateway.arm("create_session_500_after")
    lost, opened = held(practice, now=ours), held(practice, at="11:00", now=ours)
    stripe_gateway.settle(lost.reference)

    settle(payment_of(lost).pk, now=ours + timedelta(minutes=1))

    assert (lost.payment_url, opened.payment_url is None) == (None, False)
    assert booked_once(lost)

"""What gateways do wrong between a checkout and its booking, played through the whole engine.

Each row carries its id in ``docs/gateway-misbehaviours.md``. What is sent, signed and spelled in a wrong way
is tried more closely in the tests of the adapter and of the flows; here the money and the time must agree.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.test import Client

from holdfast.booking.models import Booking
from holdfast.flows.returning import standing
from holdfast.platform.models import GatewayEvent
from tests.flows.books import everything, nothing_booked, standing_of
from tests.flows.door import deliver, open_door
from tests.gateways.story import OPEN, PRICE, Fault, booked_once, deliver_all, fault, happened, look_on, paid
from tests.support.practice import NOW, Practice, held, payment_of
from tests.support.racing import race
from tests.support.sandbox import Sandbox
from tests.support.worker import work

# ---- paid in the end, whatever happened -----------------------------------------------------------------

BOOKED_ALL_THE_SAME = [
    pytest.param(fault("webhook_doubled", copies=3), marks=pytest.mark.spec("GW-1")),
    pytest.param(fault("webhook_in_two_words"), marks=pytest.mark.spec("GW-2")),
    pytest.param(fault("webhook_delayed"), marks=pytest.mark.spec("GW-4")),
    pytest.param(fault("attempt_failed_then_completed"), marks=pytest.mark.spec("GW-8", "GW-30")),
    pytest.param(fault("status_amount_as_text", 9), marks=pytest.mark.spec("GW-23")),
    pytest.param(fault("status_fees", 9), marks=pytest.mark.spec("GW-25")),
    pytest.param(fault("status_of_another_order", 2), marks=pytest.mark.spec("GW-28")),
    pytest.param(fault("pending_then_completed"), marks=pytest.mark.spec("GW-29")),
    pytest.param(fault("failed_then_completed", seconds=3), marks=pytest.mark.spec("GW-32")),
    pytest.param(fault("status_not_found", 2), marks=pytest.mark.spec("GW-32")),
    pytest.param(fault("status_flap", 6), marks=pytest.mark.spec("GW-35")),
    pytest.param(fault("status_lag", 3), marks=pytest.mark.spec("GW-36")),
    pytest.param(fault("pay_bom"), marks=pytest.mark.spec("GW-46")),
    pytest.param(fault("pay_trailing_comma"), marks=pytest.mark.spec("GW-46")),
    pytest.param(fault("pay_duplicate_key"), marks=pytest.mark.spec("GW-46")),
    pytest.param(fault("webhook_without_envelope"), marks=pytest.mark.spec("GW-46")),
    pytest.param(fault("webhook_malformed_json"), marks=pytest.mark.spec("GW-46")),
    pytest.param(fault("webhook_duplicate_key"), marks=pytest.mark.spec("GW-46")),
    pytest.param(fault("webhook_truncated"), marks=pytest.mark.spec("GW-46")),
    pytest.param(fault("status_html", 2), marks=pytest.mark.spec("GW-46")),
    pytest.param(fault("status_empty", 2), marks=pytest.mark.spec("GW-46")),
    pytest.param(fault("status_truncated", 2), marks=pytest.mark.spec("GW-46")),
    pytest.param(fault("status_unknown_state", 2), marks=pytest.mark.spec("GW-47")),
    pytest.param(fault("status_unknown_payment_mode", 9), marks=pytest.mark.spec("GW-47")),
    pytest.param(fault("webhook_unknown_event"), marks=pytest.mark.spec("GW-47")),
    pytest.param(fault("webhook_unknown_type"), marks=pytest.mark.spec("GW-47")),
    pytest.param(fault("webhook_unknown_payment_mode"), marks=pytest.mark.spec("GW-47")),
    pytest.param(fault("status_500_before", 2), marks=pytest.mark.spec("GW-38")),
    pytest.param(fault("status_500_after", 2), marks=pytest.mark.spec("GW-38")),
    pytest.param(fault("status_reset_after", 2), marks=pytest.mark.spec("GW-39")),
    pytest.param(fault("status_reset_before", 2), marks=pytest.mark.spec("GW-40")),
    pytest.param(fault("status_401"), marks=pytest.mark.spec("GW-43")),
    pytest.param(fault("token_expired_midflow"), marks=pytest.mark.spec("GW-43")),
    pytest.param(fault("token_in_milliseconds"), marks=pytest.mark.spec("GW-43", "GW-70")),
    pytest.param(fault("status_429", 2, seconds=30), marks=pytest.mark.spec("GW-45")),
    pytest.param(fault("pay_expire_at_skew", seconds=600), marks=pytest.mark.spec("GW-70")),
    pytest.param(fault("pay_expire_at_skew", seconds=-600), marks=pytest.mark.spec("GW-70")),
    pytest.param(fault("pay_expire_at_in_seconds"), marks=pytest.mark.spec("GW-70")),
    pytest.param(fault("pay_expiry_misspelled"), marks=pytest.mark.spec("GW-70")),
]


@pytest.mark.parametrize("armed", BOOKED_ALL_THE_SAME, ids=lambda armed: f"{armed[0]} {armed[2] or ''}")
def test_who_has_paid_is_booked_once_whatever_the_gateway_did(
    practice: Practice, sandbox: Sandbox, armed: Fault
) -> None:
    checkout = paid(practice, sandbox, armed)

    statuses = deliver_all(sandbox, checkout)
    look_on(sandbox)
    deliver_all(sandbox, checkout, backwards=True)

    assert happened(sandbox, armed)
    assert set(statuses) <= {200}
    assert booked_once(checkout)


@pytest.mark.spec("GW-5", "GW-6", "GW-71")
@pytest.mark.parametrize("armed", [fault("webhook_lost"), fault("status_lag")], ids=["lost", "late"])
def test_who_has_paid_is_booked_though_no_webhook_and_nobody_comes_back(
    practice: Practice, sandbox: Sandbox, armed: Fault
) -> None:
    checkout = paid(practice, sandbox, armed)

    look_on(sandbox)

    assert not GatewayEvent.objects.exists()
    assert booked_once(checkout)


@pytest.mark.spec("GW-3")
def test_a_webhook_that_is_quicker_than_the_answer_to_pay_is_kept_and_settled(
    practice: Practice, sandbox: Sandbox
) -> None:
    with open_door() as door:
        sandbox.add_merchant("HOLDFAST_DEMO", webhook_url=door.url)
        sandbox.arm("webhook_before_pay_answer")
        checkout = held(practice)
        came_before = GatewayEvent.objects.count()
        sandbox.add_merchant("HOLDFAST_DEMO", webhook_url="")

    work()
    look_on(sandbox)

    assert came_before == 1
    assert booked_once(checkout)


@pytest.mark.spec("GW-4")
def test_the_return_page_says_confirmed_only_when_the_gateway_does(
    practice: Practice, sandbox: Sandbox
) -> None:
    checkout = held(practice)
    before = standing(checkout.reference, now=NOW + timedelta(seconds=5)).status
    sandbox.settle(checkout.reference)

    after = standing(checkout.reference, now=NOW + timedelta(seconds=30)).status

    assert (before, after) == ("PENDING", "SUCCESS")
    assert booked_once(checkout)


@pytest.mark.spec("GW-7")
def test_a_return_page_that_is_opened_with_lies_any_number_of_times_changes_nothing(
    practice: Practice, sandbox: Sandbox
) -> None:
    checkout = held(practice)
    lies = {"code": "PAYMENT_SUCCESS", "state": "COMPLETED", "amount": str(PRICE)}
    robots = [Client(), Client(headers={"Purpose": "prefetch"}), Client(headers={"User-Agent": "robot"})]

    answers = [robot.get(f"/pay/return/{checkout.reference}/", lies).status_code for robot in robots * 2]

    assert set(answers) == {200}
    assert standing_of(checkout.reference) == OPEN
    assert nothing_booked()


@pytest.mark.spec("GW-10")
def test_two_hundred_webhooks_at_once_are_one_event_and_one_booking(
    practice: Practice, sandbox: Sandbox
) -> None:
    checkout = paid(practice, sandbox, fault("webhook_burst", copies=200))
    sent = sandbox.webhooks(checkout.reference)

    def some(part: list[dict[str, Any]]) -> set[int]:
        return {deliver(one["body"].encode(), one["headers"]) for one in part}

    statuses = race([partial(some, sent[first::10]) for first in range(10)])
    work()

    assert len(sent) == 200
    assert statuses == [{200}] * 10
    assert [event.deliveries for event in GatewayEvent.objects.all()] == [200]
    assert booked_once(checkout)


@pytest.mark.spec("GW-11")
def test_a_webhook_that_found_nobody_in_is_taken_when_it_is_sent_again(
    practice: Practice, sandbox: Sandbox
) -> None:
    checkout = paid(practice, sandbox)
    assert not GatewayEvent.objects.exists()

    resent = sandbox.resend(checkout.reference)[-1]
    status = deliver(resent["body"].encode(), resent["headers"])
    work()

    assert status == 200
    assert booked_once(checkout)


@pytest.mark.spec("GW-12")
@pytest.mark.parametrize(
    "name",
    ["webhook_wrong_hash", "webhook_uppercase_hash", "webhook_hash_with_scheme", "webhook_without_hash"],
)
def test_a_webhook_with_a_wrong_hash_is_refused_and_the_payment_is_found_without_it(
    practice: Practice, sandbox: Sandbox, name: str
) -> None:
    checkout = paid(practice, sandbox, fault(name))

    statuses = deliver_all(sandbox, checkout)
    assert statuses == [401]
    assert standing_of(checkout.reference) == OPEN
    look_on(sandbox)

    assert booked_once(checkout)


@pytest.mark.spec("GW-14")
def test_a_rightly_signed_lie_about_an_unpaid_order_books_nothing(
    practice: Practice, sandbox: Sandbox
) -> None:
    sandbox.arm("webhook_forged_completed")
    checkout = held(practice)

    statuses = deliver_all(sandbox, checkout)

    assert statuses == [200]
    assert standing_of(checkout.reference) == OPEN
    assert nothing_booked()


@pytest.mark.spec("GW-15")
def test_an_old_event_that_is_replayed_for_ever_has_one_effect(practice: Practice, sandbox: Sandbox) -> None:
    checkout = paid(practice, sandbox)
    deliver_all(sandbox, checkout)
    books = everything()

    for _ in range(3):
        deliver_all(sandbox, checkout)

    events = [event | {"deliveries": 4} for event in books.pop("GatewayEvent")]
    now = everything()
    assert now.pop("GatewayEvent") == events
    assert now == books


# ---- money that does not match --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("armed", "took"),
    [
        pytest.param(fault("amount_higher"), PRICE + 100, marks=pytest.mark.spec("GW-21")),
        pytest.param(fault("amount_lower"), PRICE - 100, marks=pytest.mark.spec("GW-21")),
        pytest.param(fault("status_amount_in_rupees", 99), 1_999, marks=pytest.mark.spec("GW-24")),
    ],
)
def test_another_amount_is_quarantined_and_books_nothing(
    practice: Practice, sandbox: Sandbox, armed: Fault, took: int
) -> None:
    checkout = paid(practice, sandbox, armed)

    deliver_all(sandbox, checkout)
    look_on(sandbox)

    payment = payment_of(checkout)
    assert (payment.captured, payment.quarantined, payment.wins) == (took, True, False)
    assert not Booking.objects.exists()


@pytest.mark.spec("GW-75")
def test_anothers_order_on_our_webhook_is_acknowledged_and_ignored(
    practice: Practice, sandbox: Sandbox
) -> None:
    checkout = paid(practice, sandbox, fault("webhook_foreign_order"))
    foreign, ours = sandbox.webhooks(checkout.reference)

    status = deliver(foreign["body"].encode(), foreign["headers"])
    work()
    assert status == 200
    assert GatewayEvent.objects.get().result == "unknown"
    assert standing_of(checkout.reference) == OPEN

    assert deliver(ours["body"].encode(), ours["headers"]) == 200
    work()
    assert booked_once(checkout)

"""The admin's safe actions: replay a gateway's event, look at the gateway now."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob

from holdfast.booking.models import Booking
from holdfast.flows.settlement import settle
from holdfast.flows.timeline import timeline_of
from holdfast.flows.watching import money_waiting_on_a_person
from holdfast.flows.webhooks import Call, store_forged
from holdfast.kernel.clock import utc_now
from holdfast.payments.models import Transaction
from holdfast.platform.models import GatewayEvent, Transition, User
from tests.desk.conftest import call_from_the_gateway, lose_messages, quarantined
from tests.support.practice import Practice, held, payment_of
from tests.support.sandbox import Sandbox
from tests.support.worker import work

pytestmark = pytest.mark.spec("GEN-16")

EVENTS = "/admin/holdfast_platform/gatewayevent/"
PAYMENTS = "/admin/holdfast_payments/payment/"


def run(browser: Client, page: str, action: str, *rows: Any) -> str:
    """Run an action of a list's page on some rows; what the page says afterwards."""
    answer = browser.post(
        page, {"action": action, "_selected_action": [row.pk for row in rows], "index": 0}, follow=True
    )
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_a_lost_event_is_replayed_and_its_payment_settled(
    practice: Practice, sandbox: Sandbox, admin: User, admins_browser: Client
) -> None:
    checkout = held(practice)
    sandbox.settle(checkout.reference)
    call_from_the_gateway(checkout)
    lose_messages()

    said = run(admins_browser, EVENTS, "replay", GatewayEvent.objects.get())
    work()

    assert "will be handled again" in said
    assert Booking.objects.get().state == "confirmed"
    assert GatewayEvent.objects.get().result == "settled"
    [trace] = LogEntry.objects.all()
    assert (trace.user_id, trace.get_change_message()) == (admin.pk, "Replayed")
    told = timeline_of(payment_of(checkout).order_id)
    assert [entry.actor for entry in told if entry.kind == "person"] == [f"admin:{admin.pk}"]


def test_replaying_twice_changes_nothing(
    practice: Practice, sandbox: Sandbox, admins_browser: Client
) -> None:
    checkout = held(practice)
    sandbox.settle(checkout.reference)
    call_from_the_gateway(checkout)
    work()
    before = (Transition.objects.count(), Transaction.objects.count(), Booking.objects.count())

    for _ in range(2):
        run(admins_browser, EVENTS, "replay", GatewayEvent.objects.get())
    work()

    assert (Transition.objects.count(), Transaction.objects.count(), Booking.objects.count()) == before
    assert LogEntry.objects.count() == 2


def test_a_forged_event_is_not_replayed(practice: Practice, admins_browser: Client) -> None:
    store_forged(Call("phonepe", practice.account.pk, {}, b"{}"), now=utc_now())

    said = run(admins_browser, EVENTS, "replay", GatewayEvent.objects.get())

    assert "did not come from the gateway" in said
    assert not ProcrastinateJob.objects.exists()
    assert not LogEntry.objects.exists()


def test_looking_at_the_gateway_now_settles_a_payment(
    practice: Practice, sandbox: Sandbox, admin: User, admins_browser: Client
) -> None:
    checkout = held(practice)
    sandbox.settle(checkout.reference)

    said = run(admins_browser, PAYMENTS, "look_now", payment_of(checkout))

    assert f"{checkout.reference} is captured." in said
    assert payment_of(checkout).wins
    assert LogEntry.objects.get().user == admin


def test_looking_at_a_gateway_that_does_not_answer_changes_nothing(
    practice: Practice, sandbox: Sandbox, admins_browser: Client
) -> None:
    checkout = held(practice)
    sandbox.settle(checkout.reference)
    sandbox.arm("status_500_before")

    said = run(admins_browser, PAYMENTS, "look_now", payment_of(checkout))

    assert f"{checkout.reference} is pending." in said
    assert not Booking.objects.exists()


def test_an_action_is_never_run_by_opening_an_address(practice: Practice, admins_browser: Client) -> None:
    payment = payment_of(held(practice))

    admins_browser.get(PAYMENTS, {"action": "look_now", "_selected_action": str(payment.pk)})

    payment.refresh_from_db()
    assert payment.looked_at is None
    assert not LogEntry.objects.exists()


@pytest.mark.spec("BC-12")
def test_money_that_pays_nothing_is_given_back_by_hand_once(
    practice: Practice, sandbox: Sandbox, admin: User, admins_browser: Client
) -> None:
    checkout = quarantined(practice, sandbox)

    said = run(admins_browser, PAYMENTS, "give_back", payment_of(checkout))
    again = run(admins_browser, PAYMENTS, "give_back", payment_of(checkout))

    assert "goes back." in said
    assert "nothing left to give back" in again
    [refund] = Transaction.objects.filter(kind="refund")
    assert (refund.amount, refund.state) == (payment_of(checkout).captured, "pending")
    assert Transition.objects.get(subject="transaction").actor == f"admin:{admin.pk}"
    assert not money_waiting_on_a_person().exists()


@pytest.mark.spec("BC-12")
def test_the_money_of_a_booking_is_not_given_back_by_hand(
    practice: Practice, sandbox: Sandbox, admins_browser: Client
) -> None:
    checkout = held(practice)
    sandbox.settle(checkout.reference)
    settle(payment_of(checkout).pk, now=utc_now())

    said = run(admins_browser, PAYMENTS, "give_back", payment_of(checkout))

    assert "cancel the booking instead" in said
    assert not Transaction.objects.filter(kind="refund").exists()
    assert payment_of(checkout).wins

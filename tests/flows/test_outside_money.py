"""Money that moves without us: given back in a dashboard, or given back by us and come again."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest

from holdfast.flows.audit import look_for_wrongs
from holdfast.flows.reconciliation import reconcile
from holdfast.flows.refunds import refund_some
from holdfast.flows.webhooks import handle
from holdfast.kernel.money import Money
from holdfast.payments.gateways.phonepe import PhonePe
from holdfast.payments.models import Transaction
from holdfast.platform.models import GatewayEvent
from tests.flows.books import everything
from tests.flows.door import HASH, PATH, deliver
from tests.gateways.accounts import MemoryTokens, phonepe_account
from tests.support.practice import NOW, Practice
from tests.support.sandbox import Sandbox
from tests.support.shop import Story, at, bought, canceled, goes_back
from tests.support.toy import WEBHOOK_PATH, refund_outside
from tests.support.ways import PRICE, SOON, assert_all_is_well, at_the_gateway, emails
from tests.support.worker import work

DAYS = timedelta(days=1)
PART = 50_000


@pytest.fixture
def story(practice: Practice, toy_gateway: Sandbox) -> Story:
    """A booking in twelve days, paid at a gateway that says of a payment how much of it has gone."""
    return bought(toy_gateway, at(practice.offering, "10:00"))


@pytest.fixture
def at_phonepe(practice: Practice, sandbox: Sandbox) -> Story:
    """The same at a gateway that says nothing of refunds unless it is asked about that one."""
    sandbox.arm("dashboard_refund", amount=PART)
    return bought(sandbox, at(practice.offering, "10:00"))


def told(gateway: Sandbox, story: Story, *, times: int = 1) -> list[int]:
    """The last webhook about the payment arrives, so often, and the worker works."""
    sent = gateway.webhooks(story.payment.reference)[-1]
    path = WEBHOOK_PATH if gateway.gateway == "toy" else PATH
    statuses = [deliver(sent["body"].encode(), sent["headers"], path=path) for _ in range(times)]
    work()
    return statuses


def movements(story: Story) -> list[tuple[str, int, str]]:
    rows = Transaction.objects.filter(payment__order_id=story.order_id).order_by("pk")
    return [(row.kind, row.amount, row.state) for row in rows if row.kind != "purchase"]


def wrongs(*, now: datetime) -> set[str]:
    return {one.check for one in look_for_wrongs(now=now)}


@pytest.mark.spec("GW-33", "GW-67")
def test_a_refund_from_the_dashboard_is_written_down_when_a_webhook_tells_of_it(
    story: Story, toy_gateway: Sandbox
) -> None:
    refund_outside(toy_gateway, story.payment.reference, PART)

    statuses = told(toy_gateway, story, times=3)

    assert statuses == [200] * 3
    assert movements(story) == [("reversal", PART, "succeeded")]
    assert (story.payment.reversed, story.payment.left) == (PART, PRICE - PART)
    assert emails()[-1] == "reversed"
    assert story.states == ["completed", "confirmed"]
    assert_all_is_well()


@pytest.mark.spec("GW-33", "GW-67")
@pytest.mark.parametrize("days", [1, 7])
def test_nobody_tells_of_a_refund_and_the_sweep_finds_it(
    story: Story, toy_gateway: Sandbox, days: int
) -> None:
    for earlier in range(1, days):
        reconcile(now=NOW + earlier * DAYS)
    refund_outside(toy_gateway, story.payment.reference, PART)

    reconcile(now=NOW + days * DAYS)
    reconcile(now=NOW + 9 * DAYS)

    assert movements(story) == [("reversal", PART, "succeeded")]
    assert story.payment.next_look_at is None
    assert_all_is_well(now=NOW + 9 * DAYS)


@pytest.mark.spec("GW-67")
def test_a_webhook_after_the_sweep_tells_nothing_new(story: Story, toy_gateway: Sandbox) -> None:
    refund_outside(toy_gateway, story.payment.reference, PART)
    reconcile(now=NOW + DAYS)

    told(toy_gateway, story)

    assert movements(story) == [("reversal", PART, "succeeded")]
    assert_all_is_well(now=NOW + DAYS)


@pytest.mark.spec("GW-67")
def test_a_sweep_after_the_webhook_finds_nothing_new(story: Story, toy_gateway: Sandbox) -> None:
    refund_outside(toy_gateway, story.payment.reference, PART)
    told(toy_gateway, story)

    reconcile(now=NOW + DAYS)

    assert movements(story) == [("reversal", PART, "succeeded")]
    assert_all_is_well(now=NOW + DAYS)


@pytest.mark.spec("GW-67")
def test_each_refund_from_the_dashboard_is_written_down(story: Story, toy_gateway: Sandbox) -> None:
    for day in (1, 7):
        refund_outside(toy_gateway, story.payment.reference, PART)
        reconcile(now=NOW + day * DAYS)

    assert movements(story) == [("reversal", PART, "succeeded")] * 2
    assert emails().count("reversed") == 2
    assert_all_is_well(now=NOW + 7 * DAYS)


@pytest.mark.spec("GW-33")
def test_a_booking_whose_money_has_all_left_is_found_by_the_audit_and_ends_without_a_refund(
    story: Story, toy_gateway: Sandbox
) -> None:
    refund_outside(toy_gateway, story.payment.reference)
    told(toy_gateway, story)
    found = wrongs(now=SOON)

    owed = canceled(story)
    goes_back(toy_gateway)

    assert found == {"booking without its money"}
    assert owed.refund == Money(0, "INR")
    assert movements(story) == [("reversal", PRICE, "succeeded")]
    assert story.states == ["canceled", "canceled"]
    assert_all_is_well()


@pytest.mark.spec("GW-33")
def test_what_is_left_after_a_refund_from_the_dashboard_is_all_that_a_cancellation_gives(
    story: Story, toy_gateway: Sandbox
) -> None:
    refund_outside(toy_gateway, story.payment.reference, PART)
    told(toy_gateway, story)

    owed = canceled(story)
    goes_back(toy_gateway)

    assert owed.refund == Money(PRICE - PART, "INR")
    assert at_the_gateway(toy_gateway, story.payment.reference)[1] == PRICE
    assert story.payment.left == 0
    assert_all_is_well()


@pytest.mark.spec("GW-67")
def test_a_gateway_that_tells_no_totals_is_asked_about_the_refund_that_it_tells_of(
    at_phonepe: Story, sandbox: Sandbox
) -> None:
    told(sandbox, at_phonepe, times=3)
    event = GatewayEvent.objects.get()
    handle(event.pk, now=SOON)

    assert event.reference == at_phonepe.payment.reference
    assert event.refund_reference.startswith("DASHBOARD-")
    assert movements(at_phonepe) == [("reversal", PART, "succeeded")]
    assert at_phonepe.payment.left == PRICE - PART
    assert emails().count("reversed") == 1
    assert_all_is_well()


@pytest.mark.spec("GW-67")
def test_phonepes_webhook_names_our_payment_and_their_refund(at_phonepe: Story, sandbox: Sandbox) -> None:
    sent = sandbox.webhooks(at_phonepe.payment.reference)[-1]
    gateway = PhonePe(phonepe_account(f"{sandbox.url}/phonepe/apis/pg-sandbox", tokens=MemoryTokens()))

    notice = gateway.read_webhook({"authorization": HASH}, sent["body"].encode())

    payload = json.loads(sent["body"])["payload"]
    assert notice.event == "pg.refund.completed"
    assert notice.reference == payload["originalMerchantOrderId"] == at_phonepe.payment.reference
    assert notice.refund_reference == payload["merchantRefundId"]
    assert notice.gateway_reference == payload["refundId"]


@pytest.mark.spec("GW-67")
def test_a_refund_of_another_payment_is_not_written_down_whatever_a_webhook_says(
    practice: Practice, at_phonepe: Story, sandbox: Sandbox
) -> None:
    other = bought(sandbox, at(practice.offering, "11:00"))
    sent = json.loads(sandbox.webhooks(at_phonepe.payment.reference)[-1]["body"])
    sent["payload"]["originalMerchantOrderId"] = other.payment.reference
    before = everything()["Transaction"]

    deliver(json.dumps(sent).encode())
    work()

    assert everything()["Transaction"] == before
    assert other.payment.left == PRICE


@pytest.mark.spec("GW-63")
@pytest.mark.parametrize("days", [1, 7])
def test_a_refund_that_fails_after_it_succeeded_is_found_by_the_sweep_and_owed_again(
    story: Story, toy_gateway: Sandbox, days: int
) -> None:
    toy_gateway.arm("refund_fails_after_success", seconds=60)
    canceled(story)
    work()
    seen = movements(story)
    for earlier in range(1, days):
        reconcile(now=SOON + earlier * DAYS)

    toy_gateway.advance(61)
    reconcile(now=SOON + days * DAYS)
    goes_back(toy_gateway, now=SOON + days * DAYS)

    assert seen == [("refund", PRICE, "succeeded")]
    assert movements(story) == [
        ("refund", PRICE, "succeeded"),
        ("refund_failed", PRICE, "succeeded"),
        ("refund", PRICE, "succeeded"),
    ]
    assert story.payment.refunded == PRICE
    assert at_the_gateway(toy_gateway, story.payment.reference)[1] == PRICE
    assert_all_is_well(now=SOON + days * DAYS)


@pytest.mark.spec("GW-63")
def test_a_webhook_tells_of_it_at_once_and_however_often_it_is_owed_once(
    story: Story, toy_gateway: Sandbox
) -> None:
    toy_gateway.arm("refund_fails_after_success", seconds=3)
    canceled(story)
    work()
    toy_gateway.advance(4)

    told(toy_gateway, story, times=2)
    for event in GatewayEvent.objects.all():
        handle(event.pk, now=SOON)
    goes_back(toy_gateway)

    assert [kind for kind, _, _ in movements(story)] == ["refund", "refund_failed", "refund"]
    assert story.payment.refunded == PRICE
    assert_all_is_well()


@pytest.mark.spec("GW-63", "GW-67")
def test_money_that_came_again_and_then_left_from_the_dashboard_is_written_down_too(
    story: Story, toy_gateway: Sandbox
) -> None:
    """What has gone rises to the same sum twice: with our refund first, and without it later."""
    reference = story.payment.reference
    toy_gateway.arm("refund_fails_after_success", seconds=60)
    refund_some(story.payment.pk, Money(30_000, "INR"), reason="late start", by="staff:1", now=SOON)
    work()
    refund_outside(toy_gateway, reference, 20_000)
    reconcile(now=SOON + DAYS)

    toy_gateway.arm("refund_refused", times=3)
    toy_gateway.advance(61)
    for hours in (7 * 24, 7 * 24 + 2, 7 * 24 + 20):
        reconcile(now=SOON + timedelta(hours=hours))
        work()
    refund_outside(toy_gateway, reference, 30_000)
    told(toy_gateway, story)

    kinds = [(kind, amount) for kind, amount, state in movements(story) if state == "succeeded"]
    assert kinds == [
        ("refund", 30_000),
        ("reversal", 20_000),
        ("refund_failed", 30_000),
        ("reversal", 30_000),
    ]
    assert (story.payment.refunded, story.payment.reversed) == (0, 50_000)
    assert at_the_gateway(toy_gateway, reference)[1] == 50_000
    assert_all_is_well(now=SOON + 8 * DAYS)

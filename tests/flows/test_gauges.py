"""What an operator watches moves with what happens, and what calls a person is ready for Prometheus."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from holdfast.flows.ending import expire_orders
from holdfast.flows.refunds import give_back_what_waits
from holdfast.flows.settlement import settle
from holdfast.flows.watching import gauges
from holdfast.flows.webhooks import handle
from holdfast.kernel.clock import utc_now
from holdfast.platform import metrics  # noqa: F401 - registers what is counted
from holdfast.platform.models import GatewayEvent
from holdfast.platform.outbox import post
from tests.flows.door import deliver_sent
from tests.support.practice import NOW, Api, Practice, held, payment_of
from tests.support.sandbox import Sandbox
from tests.support.worker import work

pytestmark = pytest.mark.spec("GEN-21")

ROOT = Path(__file__).resolve().parents[2]
LATER = NOW + timedelta(minutes=1)


def gauge(name: str, *, now: datetime = NOW) -> float:
    families = text_string_to_metric_families(gauges(now=now))
    read = {family.name: family.samples[0].value for family in families if family.samples}
    return float(read[f"holdfast_{name}"])


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"holdfast_{name}", labels) or 0


@pytest.mark.parametrize(
    ("outcome", "did"), [("pay", "complete"), ("fail", "fail_and_free"), (None, "look_again")]
)
def test_payments_are_counted_by_what_became_of_them(
    practice: Practice, sandbox: Sandbox, outcome: str | None, did: str
) -> None:
    checkout = held(practice)
    if outcome:
        sandbox.settle(checkout.reference, outcome)
    before = counted("settlements_total", gateway="phonepe", did=did)

    settle(payment_of(checkout).pk, now=NOW)

    assert counted("settlements_total", gateway="phonepe", did=did) == before + 1


@pytest.mark.spec("GW-71")
def test_it_is_said_how_long_a_gateway_has_been_silent(practice: Practice, sandbox: Sandbox) -> None:
    assert "seconds_since_webhook{" not in gauges(now=NOW)
    checkout = held(practice)
    sandbox.settle(checkout.reference)
    deliver_sent(sandbox, checkout.reference)
    GatewayEvent.objects.update(received_at=NOW)

    assert gauge("seconds_since_webhook", now=LATER) == 60


@pytest.mark.spec("GW-70")
@pytest.mark.parametrize("ahead", [600, -600])
def test_a_gateways_clock_that_differs_is_measured(practice: Practice, sandbox: Sandbox, ahead: int) -> None:
    def skew() -> float:
        held(practice, now=utc_now())
        expire_orders(now=utc_now() + timedelta(days=1))
        return counted("gateway_clock_skew_seconds", gateway="phonepe")

    right = skew()
    sandbox.arm("pay_expire_at_skew", seconds=ahead)

    assert abs(right) < 30
    assert abs(skew() - right - ahead) < 30


def test_a_webhook_is_as_old_as_it_is_when_it_has_been_settled(practice: Practice, sandbox: Sandbox) -> None:
    checkout = held(practice)
    sandbox.settle(checkout.reference)
    deliver_sent(sandbox, checkout.reference)
    event = GatewayEvent.objects.get()
    many, long = counted("webhook_age_seconds_count"), counted("webhook_age_seconds_sum")

    handle(event.pk, now=event.received_at + timedelta(seconds=42))

    assert counted("webhook_age_seconds_count") == many + 1
    assert counted("webhook_age_seconds_sum") == pytest.approx(long + 42)


def test_the_queue_is_as_deep_as_there_are_messages_to_deliver(practice: Practice, sandbox: Sandbox) -> None:
    checkout = held(practice)
    sandbox.settle(checkout.reference)
    settle(payment_of(checkout).pk, now=NOW)
    waiting = gauge("queue_depth")

    work()

    assert (waiting, gauge("queue_depth")) == (1, 0)


def test_a_message_for_at_once_is_in_the_queue_and_one_for_later_is_not_yet(db: None) -> None:
    post("refund", in_seconds=0, refund=1)
    post("refund", in_seconds=60, refund=2)

    assert gauge("queue_depth") == 1


def test_a_message_given_up_is_seen(db: None) -> None:
    post("gateway_event", event=1)
    before = gauge("messages_given_up")

    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'failed'")

    assert (before, gauge("messages_given_up")) == (0, 1)
    assert gauge("queue_depth") == 0


def test_payments_are_undecided_until_they_are_decided_and_overdue_when_nobody_looks(
    practice: Practice, sandbox: Sandbox
) -> None:
    checkout = held(practice)
    seen = {now: gauge("payments_overdue_for_a_look", now=now) for now in (NOW, NOW + timedelta(minutes=10))}
    undecided = gauge("payments_undecided")
    sandbox.settle(checkout.reference)

    settle(payment_of(checkout).pk, now=LATER)

    assert list(seen.values()) == [0, 1]
    assert (undecided, gauge("payments_undecided")) == (1, 0)
    assert gauge("payments_overdue_for_a_look", now=NOW + timedelta(minutes=10)) == 0


def quarantine(practice: Practice, sandbox: Sandbox) -> int:
    checkout = held(practice)
    sandbox.settle(checkout.reference)
    sandbox.arm("status_amount_in_rupees", only=checkout.reference)
    settle(payment_of(checkout).pk, now=LATER)
    return payment_of(checkout).pk


@pytest.mark.parametrize("ask", [lambda: gauge("money_waiting_on_a_person"), lambda: exported()[WAITING]])
def test_money_waits_on_a_person_until_one_has_decided(
    practice: Practice, sandbox: Sandbox, ask: Callable[[], float]
) -> None:
    before = ask()
    payment_id = quarantine(practice, sandbox)
    waiting = ask()

    give_back_what_waits(payment_id, by="admin:1", now=LATER)

    assert (before, waiting, ask()) == (0, 1, 0)


# Alerts

WAITING = "holdfast_money_waiting_on_a_person"


def exported() -> Mapping[str, float]:
    """Every sample that /metrics answers, by its name."""
    answer = Api().get("/metrics").content.decode()
    families = list(text_string_to_metric_families(answer))
    samples = {sample.name: sample.value for family in families for sample in family.samples}
    return {family.name: 0.0 for family in families} | samples


def rules() -> dict[str, str]:
    """The condition of each alert of docs/alerts.yml."""
    text = ROOT.joinpath("docs/alerts.yml").read_text(encoding="utf-8")
    return dict(re.findall(r"- alert: (\w+)\n\s+expr: (.+)\n", text))


def test_somebody_is_called_when_money_waits_on_a_person() -> None:
    assert rules()["MoneyWaitsOnAPerson"] == f"max({WAITING}) > 0"


def test_every_alert_is_about_what_is_exported(db: None) -> None:
    known = {name.removesuffix("_total").removesuffix("_bucket") for name in exported()}

    watched = {name for rule in rules().values() for name in re.findall(r"holdfast_\w+", rule)}

    assert {name.removesuffix("_total").removesuffix("_bucket") for name in watched} <= known


def test_every_metric_with_an_alarm_on_its_page_has_a_rule() -> None:
    page = ROOT.joinpath("docs/operations.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(holdfast_\w+)` \| .* \| (.*?) ?\|$", page, re.MULTILINE)

    alarming = {name for name, alert_when in rows if alert_when}

    assert alarming
    assert {name for name in alarming if not any(name in rule for rule in rules().values())} == set()

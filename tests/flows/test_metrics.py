"""An operator sees how booking requests end, which holds run out, and which gateways do not answer."""

from __future__ import annotations

from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from holdfast.flows.ending import expire_orders
from holdfast.flows.settlement import settle
from holdfast.kernel.errors import SlotTaken
from holdfast.payments.gateways.base import Unknown
from tests.support.practice import NOW, Practice, held, payment_of
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.spec("GEN-21")


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"holdfast_{name}_total", labels) or 0


def test_a_booking_request_is_counted_by_how_it_ends(practice: Practice) -> None:
    endings = ("held", "SlotTaken")
    before = [counted("checkouts", trade="astrology", ended=ended) for ended in endings]

    held(practice)
    with pytest.raises(SlotTaken):
        held(practice)

    after = [counted("checkouts", trade="astrology", ended=ended) for ended in endings]
    assert after == [count + 1 for count in before]


def test_a_hold_that_runs_out_is_counted_once(practice: Practice) -> None:
    held(practice)
    before = counted("holds_expired")

    for _ in range(2):
        expire_orders(now=NOW + timedelta(hours=1))

    assert counted("holds_expired") == before + 1


def test_a_gateway_without_a_clear_answer_is_counted(practice: Practice, sandbox: Sandbox) -> None:
    checkout = held(practice)
    before = counted("gateway_unknowns", gateway="phonepe")
    sandbox.arm("status_500_before")

    with pytest.raises(Unknown):
        settle(payment_of(checkout).pk, now=NOW)

    assert counted("gateway_unknowns", gateway="phonepe") == before + 1

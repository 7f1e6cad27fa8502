"""What is armed happens, as often as it was asked for, and then no more."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from sandbox.gateways import GATEWAYS
from tests.sandbox.conftest import Shop
from tests.support.sandbox import Sandbox, SandboxError


@pytest.mark.parametrize("gateway", GATEWAYS, ids=lambda gateway: gateway.name)
def test_every_fault_has_a_sentence(gateway: Any) -> None:
    for name, sentence in gateway.faults.items():
        assert name == name.lower()
        assert sentence[0].isupper(), name
        assert sentence.endswith("."), name


def test_an_unknown_fault_is_refused_with_the_list(sandbox: Sandbox) -> None:
    body = {"gateway": "phonepe", "fault": "meteor"}

    answer = httpx.post(f"{sandbox.url}/control/faults", json=body)

    assert answer.status_code == 400
    assert "webhook_lost" in answer.json()["faults"]


@pytest.mark.parametrize(
    "changes", [{"times": 0}, {"times": "2"}, {"gateway": "paypal"}, {"only": 5}, {"seconds": []}]
)
def test_a_fault_that_makes_no_sense_is_refused(sandbox: Sandbox, changes: dict[str, Any]) -> None:
    body = {"gateway": "phonepe", "fault": "webhook_lost"} | changes

    assert httpx.post(f"{sandbox.url}/control/faults", json=body).status_code == 400
    assert sandbox.armed() == []


def test_a_fault_happens_so_many_times_and_can_be_called_off(
    shop: Shop, sandbox: Sandbox, reference: str
) -> None:
    shop.pay(reference)
    sandbox.arm("status_500_before", times=3)

    first = [shop.status(reference).status_code for _ in range(2)]
    left = sandbox.armed()
    sandbox.disarm()

    assert first == [500, 500]
    assert [(fault["fault"], fault["times"]) for fault in left] == [("status_500_before", 1)]
    assert shop.status(reference).status_code == 200


def test_a_fault_can_be_kept_for_one_order(shop: Shop, sandbox: Sandbox, reference: str) -> None:
    shop.pay(reference)
    shop.pay(f"{reference}-2")
    sandbox.arm("status_401", only=reference)

    assert shop.status(f"{reference}-2").status_code == 200
    assert shop.status(reference).status_code == 401


def test_control_refuses_what_it_cannot_do(sandbox: Sandbox, shop: Shop, reference: str) -> None:
    shop.pay(reference)

    for reference_and_outcome in [("UNKNOWN", "pay"), (reference, "steal")]:
        with pytest.raises(SandboxError):
            sandbox.settle(*reference_and_outcome)

    assert shop.status(reference).json()["state"] == "PENDING"

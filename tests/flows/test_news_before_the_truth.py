"""A webhook that its gateway does not bear out yet: it is asked again soon, and never believed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from holdfast.flows.reconciliation import reconcile
from holdfast.flows.settlement import settle
from holdfast.flows.webhooks import handle
from holdfast.platform.models import GatewayEvent
from tests.flows.books import nothing_booked, standing_of
from tests.flows.door import deliver_sent
from tests.support.practice import NOW, Practice, held, payment_of
from tests.support.sandbox import Sandbox

OLD = NOW + timedelta(minutes=10)  # its turn comes every minute by then


@pytest.mark.spec("BC-7")
@pytest.mark.parametrize("fault", ["status_lag", "status_500_before"])
def test_what_a_webhook_says_too_early_is_asked_about_again_soon(
    practice: Practice, sandbox: Sandbox, fault: str
) -> None:
    checkout = held(practice)
    sandbox.settle(checkout.reference)
    deliver_sent(sandbox, checkout.reference)
    sandbox.arm(fault)

    handle(GatewayEvent.objects.get().pk, now=OLD)
    assert nothing_booked()
    assert reconcile(now=OLD + timedelta(seconds=4)) == 0
    assert reconcile(now=OLD + timedelta(seconds=5)) == 1

    assert standing_of(checkout.reference) == ("captured", "completed", "taken")


@pytest.mark.spec("GW-45")
def test_a_gateway_that_has_asked_us_to_wait_is_left_alone_for_so_long(
    practice: Practice, sandbox: Sandbox
) -> None:
    checkout = held(practice)
    sandbox.settle(checkout.reference)
    deliver_sent(sandbox, checkout.reference)
    sandbox.arm("status_429", seconds=300)

    handle(GatewayEvent.objects.get().pk, now=OLD)

    assert nothing_booked()
    assert payment_of(checkout).next_look_at == OLD + timedelta(minutes=5)


def test_without_a_webhook_an_old_payment_waits_for_its_turn(practice: Practice, sandbox: Sandbox) -> None:
    """The negative control: the same answer, and nobody had told us of anything."""
    checkout = held(practice)
    sandbox.settle(checkout.reference)
    sandbox.arm("status_lag")

    settle(payment_of(checkout).pk, now=OLD)

    assert reconcile(now=OLD + timedelta(seconds=5)) == 0
    assert payment_of(checkout).next_look_at == OLD + timedelta(minutes=1)


def test_a_payment_that_its_webhook_has_decided_is_not_asked_about_again(
    practice: Practice, sandbox: Sandbox
) -> None:
    checkout = held(practice)
    sandbox.settle(checkout.reference)
    deliver_sent(sandbox, checkout.reference)

    handle(GatewayEvent.objects.get().pk, now=OLD)

    assert standing_of(checkout.reference) == ("captured", "completed", "taken")
    assert reconcile(now=OLD + timedelta(seconds=5)) == 0

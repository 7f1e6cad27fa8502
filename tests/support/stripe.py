"""The practice sells through Stripe, whose sandbox is put to the tests' own time.

A folder whose conftest imports ``stripe_gateway`` has the fixture: the handle that comes back steers Stripe.
Its clock shows NOW, for Stripe is told moments and no spans; what it sends has the real time on it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from holdfast.payments.models import GatewayAccount
from tests.flows.door import deliver
from tests.support.practice import NOW, Practice
from tests.support.sandbox import Sandbox

CREDENTIALS = {"secret_key": "sk_test_holdfast_demo", "webhook_secret": "whsec_holdfast_demo"}
WEBHOOK_PATH = "/api/payments/webhook/stripe/"


@pytest.fixture
def stripe_gateway(practice: Practice, sandbox: Sandbox) -> Iterator[Sandbox]:
    """The practice's ``account`` is at Stripe; the handle steers it."""
    GatewayAccount.objects.filter(business=practice.business).update(position=1)
    practice.account = GatewayAccount.objects.create(
        business=practice.business,
        gateway="stripe",
        credentials=CREDENTIALS,
        base_urls={"api": f"{sandbox.url}/stripe"},
    )
    steered = put_to_our_time(at_stripe(sandbox))
    yield steered
    steered.disarm()
    steered.reset_clock()
    steered.add_merchant("HOLDFAST_DEMO", webhook_url="")


def at_stripe(sandbox: Sandbox) -> Sandbox:
    """The same sandbox, steering Stripe."""
    return replace(sandbox, gateway="stripe")


# What Toy's stories call a question to the gateway, and how a payment stands there.
QUESTIONS = {"start": "create_session", "void": "cancel", "look_up": "retrieve_session"}
TWISTS = ("look_up_lag", "look_up_flap", "look_up_unknown_state", "look_up_another_payment")
READS = ("retrieve", "list")
STATES = {"requires_capture": "authorized", "succeeded": "captured", "canceled": "voided"}


class InToysWords(Sandbox):
    """Stripe's handle for the stories that are told of Toy: what they arm, count and read means the same."""

    def arm(self, fault: str, times: int = 1, **extra: Any) -> None:
        for asked, theirs in QUESTIONS.items():
            if fault.startswith(f"{asked}_") and fault not in TWISTS:
                fault = theirs + fault.removeprefix(asked)
        super().arm(fault, times, **extra)

    def calls(self) -> dict[str, int]:
        ours = {theirs: asked for asked, theirs in QUESTIONS.items()}
        counted: Counter[str] = Counter()
        for call, times in super().calls().items():
            counted["look_up" if call.startswith(READS) else ours.get(call, call)] += times
        return dict(counted)

    def ledger(self) -> list[dict[str, Any]]:
        entries = super().ledger()
        return [entry | {"state": STATES.get(entry["state"], entry["state"])} for entry in entries]


def in_toys_words(sandbox: Sandbox) -> Sandbox:
    return InToysWords(sandbox.url, sandbox.process, sandbox.output, "stripe", sandbox.http)


def put_to_our_time(sandbox: Sandbox) -> Sandbox:
    """Its clock shows NOW."""
    sandbox.advance((NOW - datetime.now(UTC)).total_seconds())
    return sandbox


def happens(sandbox: Sandbox, fault: str, reference: str, **extra: Any) -> None:
    """Somebody in Stripe's dashboard, or a card's bank, does this to a payment at once."""
    stripe = at_stripe(sandbox)
    stripe.arm(fault, only=reference, **extra)
    stripe.advance(0)  # it has happened when this comes back
    assert fault not in [one["fault"] for one in stripe.armed() if one["only"] == reference], (
        "not in that state"
    )


def tell(sandbox: Sandbox, reference: str) -> list[int]:
    """Every event about a payment arrives, in order; the statuses answered. The worker has not worked yet."""
    return [
        deliver(sent["body"].encode(), sent["headers"], path=WEBHOOK_PATH)
        for sent in at_stripe(sandbox).webhooks(reference)
    ]

"""One sandbox process for the tests of this folder, with nothing armed at the start of each test."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from holdfast.kernel.money import Money
from holdfast.payments.gateways.base import RefundRequest, Start
from holdfast.payments.gateways.phonepe import PhonePe
from tests.gateways.accounts import MemoryTokens, about, phonepe_account
from tests.support.sandbox import Sandbox, start_sandbox
from tests.support.stripe import stripe_gateway  # noqa: F401 - a fixture, for pytest to find here
from tests.support.toy import toy_gateway  # noqa: F401 - as above
from tests.support.ways import reserving  # noqa: F401 - as above

PRICE = Money(199_900, "INR")


@pytest.fixture(scope="session")
def sandbox_process() -> Iterator[Sandbox]:
    sandbox = start_sandbox()
    yield sandbox
    sandbox.stop()


@pytest.fixture
def sandbox(sandbox_process: Sandbox) -> Sandbox:
    sandbox_process.disarm()
    sandbox_process.reset_clock()
    return sandbox_process


@pytest.fixture
def sandbox_of_its_own() -> Iterator[Sandbox]:
    """For tests that push the gateway's clock ahead, or have it send webhooks."""
    sandbox = start_sandbox()
    yield sandbox
    sandbox.stop()


@pytest.fixture
def now() -> datetime:
    """The gateway lives by the real clock, so its callers do too."""
    return datetime.now(UTC)


@pytest.fixture
def tokens() -> MemoryTokens:
    return MemoryTokens()


@pytest.fixture
def phonepe(sandbox: Sandbox, tokens: MemoryTokens) -> PhonePe:
    return PhonePe(phonepe_account(f"{sandbox.url}/phonepe/apis/pg-sandbox", tokens=tokens))


@pytest.fixture
def wanted() -> Start:
    """A payment that nobody has started yet."""
    return Start(
        reference=f"ASTRO_ORDER_5_{secrets.token_hex(8).upper()}",
        amount=PRICE,
        return_url="https://booking.example/pay/return/7K2M",
        pay_within=timedelta(minutes=15),
        description="Astrology consultation",
    )


@pytest.fixture
def paid(phonepe: PhonePe, sandbox: Sandbox, wanted: Start, now: datetime) -> Start:
    """A payment that the customer has made."""
    phonepe.start(wanted, now=now)
    sandbox.settle(wanted.reference, "pay")
    return wanted


@pytest.fixture
def refund(paid: Start) -> RefundRequest:
    """A refund of half of it that nobody has asked for yet."""
    return RefundRequest(
        refund_reference=f"REFUND-{secrets.token_hex(8).upper()}",
        payment=about(paid),
        amount=Money(100_000, "INR"),
    )

"""Accounts for tests, with a token store that lives in this process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType

from holdfast.kernel.money import Money
from holdfast.payments.gateways import GATEWAYS
from holdfast.payments.gateways.base import About, Account, Gateway, Start, Token
from tests.support import stripe, toy

NOW = datetime(2026, 8, 3, 9, 0, tzinfo=UTC)

# Those of the sandbox's default merchant.
CREDENTIALS = {
    "client_id": "HOLDFAST_DEMO",
    "client_secret": "holdfast-demo-secret",
    "client_version": "1",
    "webhook_username": "simuser",
    "webhook_password": "Sim12345",
}


@dataclass
class MemoryTokens:
    """A token store with a claim that somebody else may hold (``claimable`` is False)."""

    token: Token | None = None
    claimable: bool = True
    written: list[Token] = field(default_factory=list)

    def read(self) -> Token | None:
        return self.token

    def may_refresh(self, *, now: datetime) -> bool:
        return self.claimable

    def give_up(self, *, now: datetime) -> None:
        self.claimable = True

    def write(self, token: Token) -> None:
        self.token = token
        self.written.append(token)


def phonepe_account(
    url: str, *, tokens: MemoryTokens | None = None, credentials: Mapping[str, str] = CREDENTIALS
) -> Account:
    """An account whose servers are all at ``url``."""
    return Account(
        credentials=credentials,
        live=False,
        tokens=MemoryTokens() if tokens is None else tokens,
        base_urls={"pg": url, "oauth": url},
    )


def offline_account(url: str, *, credentials: Mapping[str, str] = MappingProxyType({})) -> Account:
    """An account that has no servers, wherever they were said to be."""
    return Account(credentials=credentials, live=False, tokens=MemoryTokens())


def toy_account(url: str, *, credentials: Mapping[str, str] = toy.CREDENTIALS) -> Account:
    return Account(credentials=credentials, live=False, tokens=MemoryTokens(), base_urls={"api": url})


def about(wanted: Start, *, now: datetime = NOW, gateway_reference: str = "") -> About:
    """A payment that was written down at ``now``, as its gateway is asked about it."""
    return About(wanted.reference, wanted.amount, created_at=now, gateway_reference=gateway_reference)


def named(reference: str, amount: Money | None = None) -> About:
    """The same of a payment of which only the name matters."""
    return About(reference, amount or Money(100, "INR"), created_at=NOW)


def stripe_account(url: str, *, credentials: Mapping[str, str] = stripe.CREDENTIALS) -> Account:
    return Account(credentials=credentials, live=False, tokens=MemoryTokens(), base_urls={"api": url})


# Every gateway that there is, and the one that tests add.
KINDS: dict[str, type[Gateway]] = {**GATEWAYS, toy.Toy.name: toy.Toy}
# Where the sandbox speaks for them.
SERVED_AT = {"phonepe": "/phonepe/apis/pg-sandbox", "stripe": "/stripe", "toy": "/toy"}
# What the sandbox calls a question to a gateway, where that has another name for it.
IN_THEIR_WORDS = {"stripe": {"void": "cancel"}}
# How to point each gateway at one address, for what all gateways have in common.
ACCOUNTS: dict[str, Callable[..., Account]] = {
    "phonepe": phonepe_account,
    "offline": offline_account,
    "stripe": stripe_account,
    "toy": toy_account,
}

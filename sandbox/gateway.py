"""The contract of a simulated gateway: one folder, one class, one line in ``gateways.py``."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from starlette.routing import BaseRoute

from sandbox.courier import Webhook
from sandbox.merchants import Merchant
from sandbox.world import World

OUTCOMES = ("pay", "fail", "cancel")  # what a customer can do on a hosted page


@dataclass(frozen=True)
class LedgerEntry:
    """What the gateway believes of one payment, as an auditor would ask for it."""

    reference: str
    amount: int  # minor units: what was paid, or, while nothing is, what was asked for
    currency: str
    state: str  # the gateway's own word
    refunded: int
    disputed: int = 0  # taken back by the customer's bank, for good or until that is decided


class Gateway(ABC):
    """``faults`` are all the names that can be armed, with a sentence each.

    A merchant is known by the field ``merchant_name`` and has those of ``merchant_fields`` besides, with
    their defaults (None: must be given). ``merchant_secrets`` are never shown.
    """

    name: ClassVar[str]
    faults: ClassVar[Mapping[str, str]]
    merchant_name: ClassVar[str]
    merchant_fields: ClassVar[Mapping[str, str | None]]
    merchant_secrets: ClassVar[frozenset[str]]

    def __init__(self, world: World) -> None:
        self.world = world

    @abstractmethod
    def default_merchant(self, *, webhook_url: str) -> Merchant:
        """The merchant that is there from the start."""

    @abstractmethod
    def routes(self) -> list[BaseRoute]:
        """The gateway's API and its hosted pages."""

    @abstractmethod
    def ledger(self) -> list[LedgerEntry]:
        """Every payment, oldest first."""

    @abstractmethod
    def settle(self, reference: str, outcome: str) -> str:
        """Do what a customer would on the hosted page; the state that follows.

        Raises UnknownReference, and Closed for an order that can no longer be paid.
        """

    @abstractmethod
    def webhook_about(self, reference: str) -> Webhook:
        """The webhook that says how things stand. Raises UnknownReference."""

    @abstractmethod
    def tick(self) -> None:
        """Let happen what is due by the clock."""

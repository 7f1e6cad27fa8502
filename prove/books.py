"""Both sets of books side by side: what the gateway wrote down of each payment, and what we did."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psycopg

THEIRS = """
    SELECT merchant_order_id, CASE state WHEN 'COMPLETED' THEN coalesce(paid, amount) ELSE 0 END,
        (SELECT coalesce(sum(amount), 0) FROM phonepe_refunds r
         WHERE r.order_id = o.order_id AND r.state = 'COMPLETED')
    FROM phonepe_orders o
"""
OURS = """
    SELECT reference, captured, refunded + reversed, state IN ('failed', 'canceled', 'expired')
    FROM holdfast_payments_payment
"""


@dataclass(frozen=True)
class Account:
    """What one side says of one payment, in minor units. ``given_up``: we think that no money will come."""

    paid: int = 0
    refunded: int = 0
    given_up: bool = False

    def differs_from(self, other: Account) -> int:
        """The money that the two disagree on."""
        return abs(self.paid - other.paid) + abs(self.refunded - other.refunded)


Accounts = Mapping[str, Account]
NOTHING = Account()


def gateways_books(file: Path) -> Accounts:
    """By our reference. Read from the sandbox's own file, past everything that it serves."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=10)) as connection:
        return {reference: Account(*row) for reference, *row in connection.execute(THEIRS)}


def our_books(connection: psycopg.Connection[tuple[object, ...]]) -> Accounts:
    rows = connection.execute(OURS).fetchall()
    return {str(reference): Account(*row) for reference, *row in rows}  # type: ignore[arg-type] # as OURS says


def differences(theirs: Accounts, ours: Accounts) -> dict[str, int]:
    """The payments that the two disagree on, and by how much. One that only the other knows is all wrong."""
    found = {
        reference: theirs.get(reference, NOTHING).differs_from(ours.get(reference, NOTHING))
        for reference in theirs.keys() | ours.keys()
    }
    return {reference: amount for reference, amount in found.items() if amount}

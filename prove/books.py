"""Both sets of books side by side: what the gateway wrote down of each payment, and what we did."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psycopg

PHONEPE = """
    SELECT merchant_order_id, CASE state WHEN 'COMPLETED' THEN coalesce(paid, amount) ELSE 0 END,
        (SELECT coalesce(sum(amount), 0) FROM phonepe_refunds r
         WHERE r.order_id = o.order_id AND r.state = 'COMPLETED'), 0
    FROM phonepe_orders o
"""
# What is set free looks like a refund in old versions of its API, and is none.
STRIPE = """
    SELECT s.reference, coalesce(i.amount_received, 0),
        (SELECT coalesce(sum(amount), 0) FROM stripe_refunds r
         WHERE r.intent_id = i.id AND r.status = 'succeeded' AND NOT r.is_release),
        CASE i.status WHEN 'requires_capture' THEN i.amount_capturable ELSE 0 END
    FROM stripe_sessions s LEFT JOIN stripe_intents i ON i.id = s.intent_id
"""
OF_A_SESSION = "SELECT reference FROM stripe_sessions WHERE id = ?"
OURS = """
    SELECT reference, captured, refunded + reversed, CASE state WHEN 'authorized' THEN authorized ELSE 0 END,
        state IN ('failed', 'canceled', 'expired')
    FROM holdfast_payments_payment
"""


@dataclass(frozen=True)
class Account:
    """What one side says of one payment, in minor units. ``given_up``: we think that no money will come."""

    paid: int = 0
    refunded: int = 0
    reserved: int = 0
    given_up: bool = False

    def differs_from(self, other: Account) -> int:
        """The money that the two disagree on."""
        pairs = (
            (self.paid, other.paid),
            (self.refunded, other.refunded),
            (self.reserved, other.reserved),
        )
        return sum(abs(one - another) for one, another in pairs)

    def knows_more_than(self, other: Account) -> bool:
        """Whether money has come or gone here that the other has not written down."""
        return self.paid > other.paid or self.refunded > other.refunded or self.reserved > other.reserved


Accounts = Mapping[str, Account]
NOTHING = Account()


def gateways_books(file: Path) -> Accounts:
    """By our reference. Read from the sandbox's own file, past everything that it serves."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=10)) as connection:
        rows = [*connection.execute(PHONEPE), *connection.execute(STRIPE)]
    return {reference: Account(*row) for reference, *row in rows}


def named_by_us(file: Path, session: str) -> str:
    """Our reference of a payment that its customer knows as one of Stripe's sessions."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=10)) as connection:
        found = connection.execute(OF_A_SESSION, [session]).fetchone()
        return str(found[0]) if found else session


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

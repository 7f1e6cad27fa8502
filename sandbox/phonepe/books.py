"""What PhonePe writes down: orders, the attempts to pay them, and refunds. Amounts are paisa, times ms."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from sandbox.database import Database

PENDING, COMPLETED, FAILED, CONFIRMED = "PENDING", "COMPLETED", "FAILED", "CONFIRMED"

SCHEMA = """
CREATE TABLE IF NOT EXISTS phonepe_orders (
    order_id TEXT PRIMARY KEY, client_id TEXT NOT NULL, merchant_order_id TEXT NOT NULL,
    amount INTEGER NOT NULL, state TEXT NOT NULL, created_at INTEGER NOT NULL, expire_at INTEGER NOT NULL,
    redirect_url TEXT NOT NULL, page_token TEXT NOT NULL UNIQUE, meta_info TEXT NOT NULL,
    error_code TEXT, detailed_error_code TEXT, paid INTEGER,
    completes_after_reads INTEGER, completes_at INTEGER, quietly INTEGER NOT NULL,
    UNIQUE (client_id, merchant_order_id)
);
CREATE INDEX IF NOT EXISTS phonepe_open_orders ON phonepe_orders (expire_at) WHERE state = 'PENDING';
CREATE INDEX IF NOT EXISTS phonepe_late_orders ON phonepe_orders (completes_at)
    WHERE completes_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS phonepe_order_references ON phonepe_orders (merchant_order_id);
CREATE TABLE IF NOT EXISTS phonepe_attempts (
    transaction_id TEXT PRIMARY KEY, order_id TEXT NOT NULL, payment_mode TEXT NOT NULL,
    timestamp INTEGER NOT NULL, amount INTEGER NOT NULL, state TEXT NOT NULL,
    error_code TEXT, detailed_error_code TEXT
);
CREATE INDEX IF NOT EXISTS phonepe_attempts_of_order ON phonepe_attempts (order_id);
CREATE TABLE IF NOT EXISTS phonepe_refunds (
    refund_id TEXT PRIMARY KEY, client_id TEXT NOT NULL, merchant_refund_id TEXT NOT NULL,
    order_id TEXT NOT NULL, amount INTEGER NOT NULL, state TEXT NOT NULL, timestamp INTEGER NOT NULL,
    moves_at INTEGER NOT NULL, stuck_until INTEGER NOT NULL, ends_as TEXT NOT NULL, error_code TEXT,
    UNIQUE (client_id, merchant_refund_id)
);
CREATE INDEX IF NOT EXISTS phonepe_refunds_of_order ON phonepe_refunds (order_id);
CREATE INDEX IF NOT EXISTS phonepe_open_refunds ON phonepe_refunds (moves_at)
    WHERE state IN ('PENDING', 'CONFIRMED');
CREATE TABLE IF NOT EXISTS phonepe_tokens (
    token TEXT PRIMARY KEY, client_id TEXT NOT NULL, issued_at INTEGER NOT NULL, expires_at INTEGER NOT NULL
);
"""


@dataclass(frozen=True)
class Order:
    """One ``pay`` call. The last three fields are what is still to come of it, when a fault says so."""

    order_id: str
    client_id: str
    merchant_order_id: str
    amount: int
    state: str
    created_at: int
    expire_at: int
    redirect_url: str
    page_token: str
    meta_info: dict[str, Any] = field(default_factory=dict)
    error_code: str | None = None
    detailed_error_code: str | None = None
    paid: int | None = None
    completes_after_reads: int | None = None
    completes_at: int | None = None
    quietly: bool = False

    @property
    def under_way(self) -> bool:
        """The customer has done his part, and the bank has not answered yet."""
        return self.completes_after_reads is not None or self.completes_at is not None


@dataclass(frozen=True)
class Attempt:
    transaction_id: str
    order_id: str
    payment_mode: str
    timestamp: int
    amount: int
    state: str
    error_code: str | None = None
    detailed_error_code: str | None = None


@dataclass(frozen=True)
class Refund:
    refund_id: str
    client_id: str
    merchant_refund_id: str
    order_id: str
    amount: int
    state: str
    timestamp: int
    moves_at: int
    stuck_until: int = 0
    ends_as: str = COMPLETED
    error_code: str | None = None


class Books:
    def __init__(self, database: Database) -> None:
        self._database = database
        database.create(SCHEMA)

    def save_order(self, order: Order) -> Order:
        row = asdict(order) | {"meta_info": json.dumps(order.meta_info)}
        self._database.put("phonepe_orders", row, key="order_id")
        return order

    def save_attempt(self, attempt: Attempt) -> Attempt:
        self._database.put("phonepe_attempts", asdict(attempt), key="transaction_id")
        return attempt

    def save_refund(self, refund: Refund) -> Refund:
        self._database.put("phonepe_refunds", asdict(refund), key="refund_id")
        return refund

    def orders(self, where: str, *values: Any) -> list[Order]:
        """The orders that fit, oldest first. ``where`` is SQL over the order's fields."""
        rows = self._database.rows(f"SELECT * FROM phonepe_orders WHERE {where} ORDER BY rowid", *values)
        return [
            Order(
                **(dict(row) | {"meta_info": json.loads(row["meta_info"]), "quietly": bool(row["quietly"])})
            )
            for row in rows
        ]

    def order(self, where: str, *values: Any) -> Order | None:
        return next(iter(self.orders(where, *values)), None)

    def order_of(self, refund: Refund) -> Order:
        return self.orders("order_id = ?", refund.order_id)[0]

    def attempts(self, order: Order) -> list[Attempt]:
        statement = "SELECT * FROM phonepe_attempts WHERE order_id = ? ORDER BY rowid"
        return [Attempt(**dict(row)) for row in self._database.rows(statement, order.order_id)]

    def attempt(self, transaction_id: str) -> Attempt | None:
        row = self._database.row("SELECT * FROM phonepe_attempts WHERE transaction_id = ?", transaction_id)
        return Attempt(**dict(row)) if row else None

    def refunds(self, where: str, *values: Any) -> list[Refund]:
        """The refunds that fit, oldest first. ``where`` is SQL over the refund's fields."""
        rows = self._database.rows(f"SELECT * FROM phonepe_refunds WHERE {where} ORDER BY rowid", *values)
        return [Refund(**dict(row)) for row in rows]

    def refund(self, where: str, *values: Any) -> Refund | None:
        return next(iter(self.refunds(where, *values)), None)

"""What Toy writes down: payments, refunds, and its answers to calls with a key. Times are ms."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from sandbox.database import Database

# Of a payment. PROCESSING and CAPTURING wait for a bank.
OPEN, PROCESSING, AUTHORIZED, CAPTURING, CAPTURED = (
    "open",
    "processing",
    "authorized",
    "capturing",
    "captured",
)
DECLINED, CANCELED, EXPIRED, VOIDED, LAPSED = "declined", "canceled", "expired", "voided", "lapsed"
# Of a refund.
PENDING, SUCCEEDED, FAILED = "pending", "succeeded", "failed"

SCHEMA = """
CREATE TABLE IF NOT EXISTS toy_payments (
    id TEXT PRIMARY KEY, client_id TEXT NOT NULL, reference TEXT NOT NULL, amount INTEGER NOT NULL,
    currency TEXT NOT NULL, manual INTEGER NOT NULL, return_url TEXT NOT NULL,
    page_token TEXT NOT NULL UNIQUE, state TEXT NOT NULL, expires_at INTEGER NOT NULL,
    paid INTEGER NOT NULL, captured INTEGER NOT NULL,
    capture_before INTEGER, lapses_at INTEGER, becomes TEXT, moves_at INTEGER, moves_after_reads INTEGER,
    taking INTEGER NOT NULL, UNIQUE (client_id, reference)
);
CREATE INDEX IF NOT EXISTS toy_payments_under_way ON toy_payments (state)
    WHERE state IN ('open', 'processing', 'authorized', 'capturing');
CREATE TABLE IF NOT EXISTS toy_refunds (
    id TEXT PRIMARY KEY, client_id TEXT NOT NULL, reference TEXT NOT NULL, payment_id TEXT NOT NULL,
    amount INTEGER NOT NULL, state TEXT NOT NULL, becomes TEXT, moves_at INTEGER,
    UNIQUE (client_id, reference)
);
CREATE INDEX IF NOT EXISTS toy_refunds_of_payment ON toy_refunds (payment_id);
CREATE INDEX IF NOT EXISTS toy_refunds_under_way ON toy_refunds (moves_at) WHERE moves_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS toy_answers (
    client_id TEXT NOT NULL, key TEXT NOT NULL, asked TEXT NOT NULL, status INTEGER NOT NULL,
    body TEXT NOT NULL, PRIMARY KEY (client_id, key)
);
"""


@dataclass(frozen=True)
class Payment:
    """``paid`` is what the customer gave, reserved or taken; ``captured`` what of it was taken.

    ``becomes`` is what a payment that waits for a bank will be, at ``moves_at`` or after so many reads, and
    ``taking`` how much is then taken.
    """

    id: str
    client_id: str
    reference: str
    amount: int
    currency: str
    manual: bool
    return_url: str
    page_token: str
    state: str
    expires_at: int
    paid: int = 0
    captured: int = 0
    capture_before: int | None = None
    lapses_at: int | None = None
    becomes: str | None = None
    moves_at: int | None = None
    moves_after_reads: int | None = None
    taking: int = 0


@dataclass(frozen=True)
class Refund:
    id: str
    client_id: str
    reference: str
    payment_id: str
    amount: int
    state: str
    becomes: str | None = None
    moves_at: int | None = None


@dataclass(frozen=True)
class Answer:
    """What was answered to the call with this key. ``asked`` is that call, as one text."""

    client_id: str
    key: str
    asked: str
    status: int
    body: str


class Books:
    def __init__(self, database: Database) -> None:
        self._database = database
        database.create(SCHEMA)

    def save(self, payment: Payment) -> Payment:
        self._database.put("toy_payments", asdict(payment), key="id")
        return payment

    def save_refund(self, refund: Refund) -> Refund:
        self._database.put("toy_refunds", asdict(refund), key="id")
        return refund

    def save_answer(self, answer: Answer) -> None:
        self._database.put("toy_answers", asdict(answer), key="client_id, key")

    def payments(self, where: str, *values: Any) -> list[Payment]:
        """The payments that fit, oldest first. ``where`` is SQL over the payment's fields."""
        rows = self._database.rows(f"SELECT * FROM toy_payments WHERE {where} ORDER BY rowid", *values)
        return [Payment(**(dict(row) | {"manual": bool(row["manual"])})) for row in rows]

    def payment(self, where: str, *values: Any) -> Payment | None:
        return next(iter(self.payments(where, *values)), None)

    def payment_of(self, refund: Refund) -> Payment:
        return self.payments("id = ?", refund.payment_id)[0]

    def refunds(self, where: str, *values: Any) -> list[Refund]:
        rows = self._database.rows(f"SELECT * FROM toy_refunds WHERE {where} ORDER BY rowid", *values)
        return [Refund(**dict(row)) for row in rows]

    def refund(self, where: str, *values: Any) -> Refund | None:
        return next(iter(self.refunds(where, *values)), None)

    def refunded(self, payment: Payment) -> int:
        """What has gone back for good."""
        return sum(one.amount for one in self.refunds("payment_id = ? AND state = ?", payment.id, SUCCEEDED))

    def refundable(self, payment: Payment) -> int:
        """What is left, counting refunds that are still under way as gone."""
        gone = self.refunds("payment_id = ? AND state <> ?", payment.id, FAILED)
        return payment.captured - sum(one.amount for one in gone)

    def answer(self, client_id: str, key: str) -> Answer | None:
        statement = "SELECT * FROM toy_answers WHERE client_id = ? AND key = ?"
        row = self._database.row(statement, client_id, key)
        return Answer(**dict(row)) if row else None

"""What Stripe writes down: sessions, payment intents, charges, refunds, disputes, events. Times are ms."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Generic, TypeVar

from sandbox.database import Database
from sandbox.stripe.schema import SCHEMA

Json = dict[str, Any]

# Of a session.
OPEN, COMPLETE, EXPIRED = "open", "complete", "expired"
# Of a payment intent.
UNPAID, PROCESSING, RESERVED, PAID, CANCELED = (
    "requires_payment_method",
    "processing",
    "requires_capture",
    "succeeded",
    "canceled",
)
# Of a charge and a refund.
PENDING, SUCCEEDED, FAILED = "pending", "succeeded", "failed"
# Of a dispute.
NEEDS_RESPONSE, WON, LOST = "needs_response", "won", "lost"


@dataclass(frozen=True)
class Session:
    """One Checkout Session. ``presented`` is what the customer saw, if that was another currency."""

    id: str
    client_id: str
    reference: str
    amount: int
    currency: str
    capture_method: str
    status: str
    created: int
    expires_at: int
    url: str
    success_url: str
    cancel_url: str = ""
    email: str = ""
    adaptive: bool = False
    ui_mode: str = "hosted_page"
    line_items: Json = field(default_factory=dict)
    metadata: Json = field(default_factory=dict)
    intent_metadata: Json = field(default_factory=dict)
    intent_id: str | None = None
    presented: Json = field(default_factory=dict)


@dataclass(frozen=True)
class Intent:
    """``becomes`` is what an intent that waits for a bank will be, at ``moves_at`` or after so many reads."""

    id: str
    client_id: str
    session_id: str
    amount: int
    currency: str
    capture_method: str
    status: str
    created: int
    metadata: Json = field(default_factory=dict)
    charge_id: str | None = None
    amount_capturable: int = 0
    amount_received: int = 0
    canceled_at: int | None = None
    cancellation_reason: str | None = None
    last_payment_error: Json = field(default_factory=dict)
    presented: Json = field(default_factory=dict)
    lapses_at: int | None = None
    becomes: str | None = None
    moves_at: int | None = None
    moves_after_reads: int | None = None


@dataclass(frozen=True)
class Charge:
    id: str
    client_id: str
    intent_id: str
    amount: int
    currency: str
    status: str
    created: int
    metadata: Json = field(default_factory=dict)
    captured: bool = False
    amount_captured: int = 0
    capture_before: int | None = None
    failure_code: str | None = None
    presented: Json = field(default_factory=dict)


@dataclass(frozen=True)
class Refund:
    """``is_release``: no money went back; of old, Stripe wrote a refund when it let reserved money go."""

    id: str
    client_id: str
    intent_id: str
    charge_id: str
    amount: int
    currency: str
    status: str
    created: int
    reason: str | None = None
    metadata: Json = field(default_factory=dict)
    failure_reason: str | None = None
    becomes: str | None = None
    moves_at: int | None = None
    is_release: bool = False


@dataclass(frozen=True)
class Dispute:
    id: str
    client_id: str
    intent_id: str
    charge_id: str
    amount: int
    currency: str
    status: str
    created: int
    reason: str = "fraudulent"


@dataclass(frozen=True)
class Event:
    """Something happened: ``data`` is the object as it was then, ``request`` the call that made it so."""

    id: str
    client_id: str
    reference: str
    type: str
    created: int
    api_version: str
    data: Json = field(default_factory=dict)
    request: Json = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """What was answered to the call with this key. ``asked`` is that call, as one text."""

    client_id: str
    key: str
    asked: str
    status: int
    body: str
    request_id: str
    created: int


Record = Session | Intent | Charge | Refund | Dispute | Event
R = TypeVar("R", bound=Record)


class Table(Generic[R]):
    """The records of one kind. ``where`` is SQL over their fields."""

    def __init__(self, database: Database, name: str, kind: type[R]) -> None:
        self._database = database
        self._name = name
        self._kind = kind
        self._objects = {one.name for one in fields(kind) if one.type == "Json"}
        self._truths = {one.name for one in fields(kind) if one.type == "bool"}

    def save(self, record: R) -> R:
        row = {name: json.dumps(v) if name in self._objects else v for name, v in asdict(record).items()}
        self._database.put(self._name, row, key="id")
        return record

    def all(self, where: str, *values: Any, order: str = "rowid") -> list[R]:
        """Those that fit, oldest first unless another order is asked for."""
        statement = f"SELECT * FROM {self._name} WHERE {where} ORDER BY {order}"
        return [self._record(dict(row)) for row in self._database.rows(statement, *values)]

    def one(self, where: str, *values: Any) -> R | None:
        return next(iter(self.all(where, *values)), None)

    def get(self, id: str) -> R:
        """The record, which must be there: nothing is ever removed."""
        return self.all("id = ?", id)[0]

    def place(self, id: str) -> int:
        """Which in the order of writing it was."""
        row = self._database.row(f"SELECT rowid AS place FROM {self._name} WHERE id = ?", id)
        return int(row["place"]) if row else 0

    def _record(self, row: Json) -> R:
        row |= {name: json.loads(row[name]) for name in self._objects}
        return self._kind(**(row | {name: bool(row[name]) for name in self._truths}))


class Books:
    def __init__(self, database: Database) -> None:
        self._database = database
        database.create(SCHEMA)
        self.sessions = Table(database, "stripe_sessions", Session)
        self.intents = Table(database, "stripe_intents", Intent)
        self.charges = Table(database, "stripe_charges", Charge)
        self.refunds = Table(database, "stripe_refunds", Refund)
        self.disputes = Table(database, "stripe_disputes", Dispute)
        self.events = Table(database, "stripe_events", Event)
        self._kinds: dict[str, Table[Any]] = {
            "cs": self.sessions,
            "pi": self.intents,
            "ch": self.charges,
            "re": self.refunds,
            "dp": self.disputes,
        }

    def find(self, id: str) -> Any:
        """What has this id, whatever it is; None if nothing has."""
        table = self._kinds.get(id.partition("_")[0])
        return table.one("id = ?", id) if table else None

    def session_of(self, record: Session | Intent | Charge | Refund | Dispute) -> Session:
        """The session that all of this began with."""
        if isinstance(record, Session):
            return record
        intent = record if isinstance(record, Intent) else self.intents.get(record.intent_id)
        return self.sessions.get(intent.session_id)

    def refunded(self, charge: Charge) -> int:
        """What Stripe counts as given back of a charge: all refunds that have not failed."""
        return sum(one.amount for one in self.refunds.all("charge_id = ? AND status <> ?", charge.id, FAILED))

    def given_back(self, intent: Intent) -> int:
        """What has in truth gone back to the customer."""
        found = self.refunds.all("intent_id = ? AND status = ? AND NOT is_release", intent.id, SUCCEEDED)
        return sum(one.amount for one in found)

    def withdrawn(self, intent: Intent) -> int:
        """What the card's bank has taken back, for good or until a dispute is won."""
        found = self.disputes.all("intent_id = ? AND status <> ?", intent.id, WON)
        return sum(one.amount for one in found)

    def answer(self, client_id: str, key: str) -> Answer | None:
        statement = "SELECT * FROM stripe_answers WHERE client_id = ? AND key = ?"
        row = self._database.row(statement, client_id, key)
        return Answer(**dict(row)) if row else None

    def save_answer(self, answer: Answer) -> None:
        self._database.put("stripe_answers", asdict(answer), key="client_id, key")

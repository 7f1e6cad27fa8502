"""Who sells through the gateways: their keys, and where they want their webhooks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.database import Database

SCHEMA = """
CREATE TABLE IF NOT EXISTS merchants (
    gateway TEXT NOT NULL, name TEXT NOT NULL, details TEXT NOT NULL, PRIMARY KEY (gateway, name)
);
"""


@dataclass(frozen=True)
class Merchant:
    """One account at one gateway. ``name`` is what the gateway calls it by: PhonePe's client id."""

    gateway: str
    name: str
    details: Mapping[str, str]

    def __getitem__(self, field: str) -> str:
        return self.details.get(field, "")


class Merchants:
    def __init__(self, database: Database) -> None:
        self._database = database
        database.create(SCHEMA)

    def save(self, merchant: Merchant) -> None:
        """Add a merchant, or put it in place of the one of that name."""
        details = json.dumps(dict(merchant.details))
        row = {"gateway": merchant.gateway, "name": merchant.name, "details": details}
        self._database.put("merchants", row, key="gateway, name")

    def find(self, gateway: str, name: str) -> Merchant | None:
        row = self._database.row("SELECT * FROM merchants WHERE gateway = ? AND name = ?", gateway, name)
        return Merchant(row["gateway"], row["name"], json.loads(row["details"])) if row else None

    def get(self, gateway: str, name: str) -> Merchant:
        """The merchant, who must be there: nobody is ever removed."""
        merchant = self.find(gateway, name)
        if merchant is None:
            raise KeyError(f"{gateway} has no merchant {name}")
        return merchant

    def all(self) -> list[Merchant]:
        rows = self._database.rows("SELECT * FROM merchants ORDER BY gateway, name")
        return [Merchant(row["gateway"], row["name"], json.loads(row["details"])) for row in rows]

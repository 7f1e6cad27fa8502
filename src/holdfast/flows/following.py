"""What becomes of bookings, in an order in which it can be followed without missing anything.

An id is given out before its transaction commits, so whoever goes on after the highest id that he has seen
misses a row with a lower one that commits later. A ``Cursor`` is a transaction's number and an id, and only
what lies below the oldest transaction that is still open is read: nothing can appear there any more.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from holdfast.booking.models import Booking
from holdfast.notifications.live import Update
from holdfast.platform.models import Transition
from holdfast.platform.waking import BELOW

WRITTEN = re.compile(r"(\d{1,19})-(\d{1,18})")
OF_BOOKINGS = f"""FROM "{Transition._meta.db_table}" t
    JOIN "{Booking._meta.db_table}" b ON b.line_id = t.subject_id
    WHERE t.subject = 'booking' AND {BELOW}"""
CHANGES = f"""
    SELECT t.xid::text, t.id, b.reference, b.trade, t.after, t.at, b.business_id, b.provider_id
    {OF_BOOKINGS} AND (t.xid, t.id) > (%s::xid8, %s) ORDER BY t.xid, t.id LIMIT %s
"""
ONE_CHANGE = f"""
    SELECT t.xid::text, t.id, b.reference, b.trade, t.after, t.at, b.business_id, b.provider_id
    FROM "{Transition._meta.db_table}" t JOIN "{Booking._meta.db_table}" b ON b.line_id = t.subject_id
    WHERE t.subject = 'booking' AND t.id = %s
"""


@dataclass(frozen=True, order=True)
class Cursor:
    """How far somebody has followed. Written ``744-31``, as the ``id`` of an event."""

    xid: int = 0
    id: int = 0

    def __str__(self) -> str:
        return f"{self.xid}-{self.id}"

    @property
    def params(self) -> tuple[str, int]:
        """As SQL takes it: psycopg has no type of its own for an ``xid8``."""
        return str(self.xid), self.id

    @classmethod
    def read(cls, text: str) -> Cursor | None:
        """The cursor that is written there, if one is."""
        said = WRITTEN.fullmatch(text)
        return cls(int(said[1]), int(said[2])) if said else None


@dataclass(frozen=True)
class Change:
    """One transition of a booking, and whose booking it is."""

    cursor: Cursor
    update: Update
    business: int
    provider: int | None

    @classmethod
    def of(cls, row: Sequence[Any]) -> Change:
        """A row of CHANGES."""
        xid, key, reference, trade, state, at, business, provider = row
        return cls(Cursor(int(xid), key), Update(reference, trade, state, at), business, provider)


@dataclass(frozen=True)
class Scope:
    """What somebody may follow: one booking; or a business, of it one trade, the bookings of a provider."""

    reference: str = ""
    business: int | None = None
    trade: str | None = None
    providers: frozenset[int] | None = None

    @property
    def whose(self) -> str | int:
        """By what those who follow are found when something changes."""
        return self.reference or self.business or ""

    def sees(self, change: Change) -> bool:
        if self.reference:
            return change.update.reference == self.reference
        return (
            change.business == self.business
            and self.trade in (None, change.update.trade)
            and (self.providers is None or change.provider in self.providers)
        )


def changes_after(cursor: Cursor, *, limit: int) -> list[Change]:
    """What has become of bookings since, oldest first."""
    with connection.cursor() as asked:
        asked.execute(CHANGES, [*cursor.params, limit])
        return [Change.of(row) for row in asked.fetchall()]


def change_number(transition: int) -> Change | None:
    """One transition of a booking by its id."""
    with connection.cursor() as asked:
        asked.execute(ONE_CHANGE, [transition])
        row = asked.fetchone()
        return Change.of(row) if row else None


def latest(row: Sequence[Any] | None) -> Cursor:
    """The cursor of all that there is: of the row that LATEST finds, if it finds one."""
    return Cursor(int(row[0]), row[1]) if row else Cursor()

"""Whom a webhook can be from: the accounts at each gateway, kept in memory from one call to the next.

To read them anew would cost as much as to store the call. What is kept may be out of date, so whoever goes by
it asks in the statement that writes whether ``version`` is still the account's, and reads afresh before it
refuses a call. One thing shows only after KEPT_FOR: that another account has begun to use the same secret.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models.expressions import RawSQL

from holdfast.payments.models import GatewayAccount
from holdfast.payments.queries import accounts_at

KEPT_FOR = timedelta(seconds=5)
# PostgreSQL's own mark of the transaction that wrote a row last. No other can change the row and leave it.
VERSION = f'"{GatewayAccount._meta.db_table}".xmin::text'


@dataclass(frozen=True)
class Sender:
    """An account as it stood when it was read."""

    account: GatewayAccount
    version: str


@dataclass(frozen=True)
class Kept:
    senders: Sequence[Sender]
    until: datetime


_kept: dict[str, Kept] = {}


def senders_at(gateway: str, *, account: int | None, now: datetime, afresh: bool) -> Sequence[Sender]:
    """Every account at a gateway, or that one, if it is there."""
    kept = _kept.get(gateway)
    if kept is None or afresh or kept.until <= now:
        kept = _kept[gateway] = Kept(_read(gateway), until=now + KEPT_FOR)
    return [sender for sender in kept.senders if account in (None, sender.account.pk)]


def forget_senders() -> None:
    """Read every account anew when a webhook comes next."""
    _kept.clear()


def _read(gateway: str) -> Sequence[Sender]:
    rows = accounts_at(gateway).annotate(version=RawSQL(VERSION, []))  # noqa: S611 - nothing of anybody's is in it
    return [Sender(account, account.version) for account in rows]

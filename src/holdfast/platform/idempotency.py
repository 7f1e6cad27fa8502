"""Idempotency keys: a write that is repeated answers as the first time, and is not done again.

A key is claimed and answered in statements of their own, outside of every transaction, so that it is seen
at once and no lock is held meanwhile. What a crash in between means is in docs/decisions/0013.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db import connection
from django.db.models import F

from holdfast.kernel.errors import KeyUsed, StillAnswering

from .models import IdempotencyKey

log = structlog.get_logger(__name__)

# Longer than any write takes: it waits for a gateway's answers, 20 seconds at most for each.
LEASE = timedelta(minutes=2)
KEPT_FOR = timedelta(hours=24)


@dataclass(frozen=True)
class Asked:
    """Who asks for what, under which key. ``fingerprint`` differs when the request does."""

    actor: str
    route: str
    key: str
    fingerprint: str


@dataclass(frozen=True)
class Claim:
    """The right to run a request, until another attempt takes over."""

    row: int
    attempt: int


@dataclass(frozen=True)
class Answer:
    """What a request was answered, to be said again word by word."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def claim(asked: Asked, *, now: datetime) -> Claim | Answer:
    """The right to run this request, or the answer that it was given the first time.

    Raises KeyUsed when the key came with another request, and StillAnswering while the first one runs.
    """
    row = _new(asked, now=now)
    if row is not None:
        return Claim(row, attempt=1)
    known = IdempotencyKey.objects.filter(actor=asked.actor, route=asked.route, key=asked.key).first()
    if known is None:  # it was let go a moment ago
        raise StillAnswering
    if known.fingerprint != asked.fingerprint:
        raise KeyUsed
    return _taken_over(known, now=now) if known.status is None else _answer_of(known)


def keep(claimed: Claim, answer: Answer) -> None:
    """Remember what the request was answered. An attempt that has been overtaken is not remembered."""
    said = {"headers": dict(answer.headers), "body": answer.body.decode(BYTES)}
    kept = IdempotencyKey.objects.filter(pk=claimed.row, attempt=claimed.attempt, status=None).update(
        status=answer.status, answer=said
    )
    if not kept:
        log.warning("answered_after_its_lease", key=claimed.row, status=answer.status)


def let_go(claimed: Claim) -> None:
    """Forget that the request was ever made, so that it may come again under its key."""
    IdempotencyKey.objects.filter(pk=claimed.row, attempt=claimed.attempt, status=None).delete()


def _new(asked: Asked, *, now: datetime) -> int | None:
    """A row of one's own, in one statement; None if there is one already."""
    table = IdempotencyKey._meta.db_table
    sql = f"""
        INSERT INTO "{table}" (actor, route, key, fingerprint, attempt, lease_until, created_at)
        VALUES (%s, %s, %s, %s, 1, %s, %s) ON CONFLICT DO NOTHING RETURNING id
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, [asked.actor, asked.route, asked.key, asked.fingerprint, now + LEASE, now])
        made = cursor.fetchone()
    return int(made[0]) if made else None


def _taken_over(known: IdempotencyKey, *, now: datetime) -> Claim:
    """The right to run what somebody began and did not end: compare and set, so that one repeat has it."""
    taken = IdempotencyKey.objects.filter(
        pk=known.pk, attempt=known.attempt, status=None, lease_until__lte=now
    ).update(attempt=F("attempt") + 1, lease_until=now + LEASE)
    if not taken:
        raise StillAnswering
    log.warning("taken_over", key=known.pk, attempt=known.attempt + 1)
    return Claim(known.pk, attempt=known.attempt + 1)


def _answer_of(known: IdempotencyKey) -> Answer:
    assert known.status is not None, "it has been answered"
    return Answer(known.status, known.answer["headers"], known.answer["body"].encode(BYTES))


# JSON keeps text, not bytes; this encoding has a letter for each of them.
BYTES = "latin-1"

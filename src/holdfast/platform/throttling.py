"""Throttles, shared by all processes: fixed windows counted in one unlogged table, one statement."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import connection

from holdfast.kernel.errors import TooMany

from .models import Throttle


def throttle(limits: Mapping[str, int], *, now: datetime, seconds: int = 60) -> None:
    """Count one more use of every key. Raises TooMany when one is over its limit (0: no limit)."""
    counted = sorted(key for key, limit in limits.items() if limit)
    if not counted:
        return
    window = int(now.timestamp()) // seconds
    rows = ", ".join(["(%s, %s, 1)"] * len(counted))
    table = Throttle._meta.db_table
    sql = f"""
        INSERT INTO "{table}" AS seen (key, "window", count) VALUES {rows}
        ON CONFLICT (key, "window") DO UPDATE SET count = seen.count + 1 RETURNING key, count
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, [part for key in counted for part in (f"{key}/{seconds}", window)])
        uses = {key.rsplit("/", 1)[0]: count for key, count in cursor.fetchall()}
    if any(uses[key] > limits[key] for key in counted):
        raise TooMany(retry_after=(window + 1) * seconds - int(now.timestamp()))

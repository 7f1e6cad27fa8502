"""Throttles, shared by all processes: fixed windows counted in one unlogged table, one statement."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import connection

from holdfast.kernel.errors import TooMany

from .models import Throttle

A_MINUTE, AN_HOUR = 60, 3600


def throttle(limits: Mapping[str, int], *, now: datetime, seconds: int = A_MINUTE) -> None:
    """Count one more use of every key. Raises TooMany when one is over its limit (0: no limit).

    A window is so many ``seconds`` long, a minute or an hour, and is known by the minute that it begins with.
    """
    counted = sorted(key for key, limit in limits.items() if limit)
    if not counted:
        return
    begins = int(now.timestamp()) // seconds * seconds
    window = begins // A_MINUTE
    rows = ", ".join(["(%s, %s, 1)"] * len(counted))
    table = Throttle._meta.db_table
    sql = f"""
        INSERT INTO "{table}" AS seen (key, "window", count) VALUES {rows}
        ON CONFLICT (key, "window") DO UPDATE SET count = seen.count + 1 RETURNING key, count
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, [part for key in counted for part in (key, window)])
        uses = dict(cursor.fetchall())
    if any(uses[key] > limits[key] for key in counted):
        raise TooMany(retry_after=begins + seconds - int(now.timestamp()))

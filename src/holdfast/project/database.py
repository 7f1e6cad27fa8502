"""DATABASE_URL in Django's words."""

from __future__ import annotations

from typing import Any

from psycopg.conninfo import conninfo_to_dict

ADDRESS = ("host", "port", "user", "password", "dbname")


def database(url: str, *, pool: int) -> dict[str, Any]:
    """A Django database from a ``postgresql://`` address; other parameters of it are passed on to libpq.

    Fit for pgbouncer in transaction mode: no server-side cursors, no prepared statements, no startup
    options. ``pool`` connections are kept open for the threads of a serving process; 0 for none. The engine
    is Django's, but for its pool.
    """
    parts = {key: str(value) for key, value in conninfo_to_dict(url).items() if value is not None}
    extra = {key: value for key, value in parts.items() if key not in ADDRESS}
    return {
        "ENGINE": "holdfast.project.postgresql",
        "NAME": parts.get("dbname", "holdfast"),
        "USER": parts.get("user", ""),
        "PASSWORD": parts.get("password", ""),
        "HOST": parts.get("host", ""),
        "PORT": parts.get("port", ""),
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": True,
        "OPTIONS": {**extra, "pool": {"min_size": 1, "max_size": pool, "timeout": 10}} if pool else extra,
    }

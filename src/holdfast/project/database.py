"""DATABASE_URL in Django's words."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from psycopg.conninfo import conninfo_to_dict

ADDRESS = ("host", "port", "user", "password", "dbname")


# What a connection has sent so often is prepared: from then on the server need not parse and plan it.
PREPARED_AFTER = 5


@dataclass(frozen=True)
class Addresses:
    """Where the database is; and the server itself, past any pooler, for who needs a session of its own."""

    url: str
    direct: str


def addresses() -> Addresses:
    """As the environment says."""
    url = os.environ.get("DATABASE_URL", "postgresql:///holdfast")
    return Addresses(url, os.environ.get("DATABASE_DIRECT_URL") or url)


def database(url: str, *, pool: int, direct_url: str) -> dict[str, Any]:
    """A Django database from a ``postgresql://`` address; other parameters of it are passed on to libpq.

    Fit for pgbouncer in transaction mode, where ``direct_url`` is another one: no server-side cursors, no
    startup options, and statements are prepared only where nothing stands between us and the server.
    ``pool`` connections are kept open for the threads of a serving process; 0 for none. The engine is
    Django's, but for its pool.
    """
    parts = {key: str(value) for key, value in conninfo_to_dict(url).items() if value is not None}
    extra = {key: value for key, value in parts.items() if key not in ADDRESS}
    options: dict[str, Any] = {
        **extra,
        "server_side_binding": True,  # a statement and its values go apart, so that it can be prepared
        "prepare_threshold": PREPARED_AFTER if direct_url == url else None,
    }
    if pool:
        options["pool"] = {"min_size": 1, "max_size": pool, "timeout": 10}
    return {
        "ENGINE": "holdfast.project.postgresql",
        "NAME": parts.get("dbname", "holdfast"),
        "USER": parts.get("user", ""),
        "PASSWORD": parts.get("password", ""),
        "HOST": parts.get("host", ""),
        "PORT": parts.get("port", ""),
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": True,
        "OPTIONS": options,
    }

"""Loaded before Django's settings are: where the tests' database is, and keys to work with.

Without DATABASE_URL the embedded PostgreSQL is started under ``.holdfast-test`` (HOLDFAST_TEST_HOME); it
is left running for the next run, and forgets what it is told at a power cut, for speed. When pytest-xdist
runs several workers, the first uses the server of the process that started them, and each other has one of
its own, so that connections and locks of one are nothing to the next.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import psycopg
from cryptography.fernet import Fernet

from holdfast.project.embedded import EmbeddedPostgres

ROOT = Path(__file__).resolve().parents[2]
FAST = ("fsync = off", "synchronous_commit = off", "full_page_writes = off")
OURS = "HOLDFAST_TEST_SERVER_IS_OURS"  # the workers inherit it
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "gw0")


def pytest_configure() -> None:
    """Nothing to do: importing this module has done it."""


def _database() -> str:
    home = Path(os.environ.get("HOLDFAST_TEST_HOME") or ROOT / ".holdfast-test")
    url = EmbeddedPostgres(home if WORKER == "gw0" else home / WORKER).start()
    with psycopg.connect(url, autocommit=True) as connection:
        for setting in FAST:
            connection.execute(f"ALTER SYSTEM SET {setting}")
        connection.execute("SELECT pg_reload_conf()")
    return url


os.environ.setdefault("HOLDFAST_SECRET_KEY", "the tests' secret key, which opens nothing else")
os.environ.setdefault("HOLDFAST_TOKEN_KEY", "the tests' token key, long enough, which opens nothing else")
os.environ.setdefault("HOLDFAST_ENCRYPTION_KEYS", Fernet.generate_key().decode())
os.environ.setdefault("HOLDFAST_PUBLIC_URL", "http://testserver")
os.environ.setdefault("HOLDFAST_LOG_LEVEL", "WARNING")
os.environ["HOLDFAST_POOL"] = "0"
FILES = tempfile.TemporaryDirectory(prefix="holdfast-files-")  # gone when the tests are over
os.environ["HOLDFAST_FILES_DIR"] = FILES.name
if not os.environ.get("DATABASE_URL") or (OURS in os.environ and WORKER != "gw0"):
    os.environ.update({"DATABASE_URL": _database(), OURS: "1"})

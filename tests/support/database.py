"""An empty database for each test, with everything committed that a test commits."""

from __future__ import annotations

from django.apps import apps
from django.db import connection

KEPT = {"django_migrations", "django_content_type", "auth_permission"}


def empty_database() -> None:
    """Empty every table. Replica mode, because the books themselves refuse to be emptied."""
    tables = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    present = set(connection.introspection.table_names())
    names = ", ".join(f'"{table}"' for table in [*sorted((tables & present) - KEPT), "procrastinate_events"])
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(f"TRUNCATE {names} RESTART IDENTITY CASCADE")
        cursor.execute("SET session_replication_role = origin")

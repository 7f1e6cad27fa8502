"""An empty database for each test, with everything committed that a test commits."""

from __future__ import annotations

from functools import cache

from django.apps import apps
from django.db import connection

KEPT = {"django_migrations", "django_content_type", "auth_permission"}


def empty_database() -> None:
    """Empty every table that has rows, and count from one again.

    Deleting the few rows of a test is many times quicker than TRUNCATE of every table, which writes new files
    for each. Replica mode, because the books themselves refuse to be emptied.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(_which_have_rows())
        for (table,) in cursor.fetchall():
            cursor.execute(f'DELETE FROM "{table}"')
        cursor.execute(COUNT_FROM_ONE, [[f"{table}_id_seq" for table in KEPT]])
        cursor.execute("SET session_replication_role = origin")


@cache
def _which_have_rows() -> str:
    """The query that names every table of ours with a row in it."""
    tables = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    present = set(connection.introspection.table_names())
    names = [*sorted((tables & present) - KEPT), "procrastinate_events"]
    return " UNION ALL ".join(f"""SELECT '{name}' WHERE EXISTS (SELECT FROM "{name}")""" for name in names)


COUNT_FROM_ONE = """
    SELECT setval(format('%%I.%%I', schemaname, sequencename)::regclass, start_value, false)
    FROM pg_sequences
    WHERE schemaname = 'public' AND last_value IS NOT NULL AND sequencename <> ALL(%s)
"""

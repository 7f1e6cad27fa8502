"""What Django is told of the database."""

from __future__ import annotations

from holdfast.project.database import PREPARED_AFTER, database

SERVER, POOLER = "postgresql://h@server:5432/holdfast", "postgresql://h@pooler:6432/holdfast"


def test_statements_are_prepared_unless_a_pooler_stands_between() -> None:
    direct = database(SERVER, pool=0, direct_url=SERVER)
    pooled = database(POOLER, pool=0, direct_url=SERVER)

    assert direct["OPTIONS"]["prepare_threshold"] == PREPARED_AFTER
    assert pooled["OPTIONS"]["prepare_threshold"] is None

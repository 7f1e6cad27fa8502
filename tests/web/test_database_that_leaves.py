"""The database ends in the midst of a request: nothing of it stays, and whoever asked is to ask again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.test import Client

from holdfast.platform.models import GatewayEvent
from tests.flows.books import jobs
from tests.flows.door import HASH, PATH, completed, deliver
from tests.support.practice import Practice, held


@contextmanager
def the_server_ends_at(sql_part: str) -> Iterator[None]:
    """Its process that serves us ends when it is asked for such a statement."""
    parameters = connection.get_connection_params()
    address = {name: parameters[name] for name in ("host", "user", "dbname") if name in parameters}

    def wrapper(execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        if sql_part in str(sql):
            with psycopg.connect(**address, autocommit=True) as other:
                ours = connection.connection.info.backend_pid
                other.execute("SELECT pg_terminate_backend(%s, 10000)", [ours])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(wrapper):
        yield
    connection.close()


@pytest.mark.spec("BC-7", "BC-20")
def test_a_webhook_whose_message_finds_no_database_is_sent_again_by_its_gateway(practice: Practice) -> None:
    body = completed(held(practice).reference)
    client = Client(raise_request_exception=False)

    with the_server_ends_at("holdfast_keep_event"):
        answer = client.post(
            PATH, data=body, content_type="application/json", headers={"Authorization": HASH}
        )

    assert answer.status_code == 503
    assert not GatewayEvent.objects.exists()
    assert jobs() == {}
    assert deliver(body) == 200
    assert jobs() == {"gateway_event": 1}

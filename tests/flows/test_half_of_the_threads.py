"""A gateway that does not answer has half of the threads at most; the other half serves everybody else."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from holdfast.flows import gateways
from holdfast.flows.settlement import settle
from holdfast.kernel.errors import Unavailable
from holdfast.orders.models import Order
from holdfast.payments.gateways.breaker import GatewayBusy
from holdfast.payments.models import GatewayToken
from tests.gateways.raw_server import http, raw_server
from tests.support.practice import NOW, Api, Practice, held, payment_of

pytestmark = pytest.mark.spec("BC-23")

THREADS = 4
PENDING = http(200, {"state": "PENDING"})


@pytest.fixture(autouse=True)
def four_threads(settings: Any) -> Iterator[None]:
    settings.HOLDFAST_WEB_THREADS = THREADS
    gateways._slots.cache_clear()
    yield
    gateways._slots.cache_clear()


def test_who_comes_when_half_of_the_threads_are_asking_is_turned_away_at_once(practice: Practice) -> None:
    waiting = [payment_of(held(practice, at=at)).pk for at in ("10:00", "11:00", "12:00")]
    assert GatewayToken.objects.exists()  # so that each question is one call
    answer_now = threading.Event()

    def in_its_own_time(client: socket.socket, closing: threading.Event) -> None:
        answer_now.wait(60)
        client.sendall(PENDING)

    with raw_server(in_its_own_time) as server, ThreadPoolExecutor(2) as threads:
        practice.account.base_urls = {"pg": server.url}
        practice.account.save()
        asking = [threads.submit(look_at, payment) for payment in waiting[:2]]
        for _ in asking:
            server.arrived.get(timeout=60)
        with pytest.raises(GatewayBusy):
            settle(waiting[2], now=NOW)
        with pytest.raises(Unavailable):
            held(practice, at="13:00", now=NOW)
        page = Api().get(f"/services/{practice.offering.pk}/")
        answer_now.set()
        answered = [one.result(60) for one in asking]

    assert page.status_code == 200
    assert answered == ["pending", "pending"]
    assert sorted(Order.objects.values_list("state", flat=True)) == ["expired", "placed", "placed", "placed"]


def look_at(payment_id: int) -> str:
    try:
        return str(settle(payment_id, now=NOW).state)
    finally:
        connection.close()

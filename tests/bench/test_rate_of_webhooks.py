"""The webhooks that the bench sends are genuine, each is another event, and an answer is read to its end."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest

from bench.server import BenchFailed
from bench.webhooks import Caller, Told, new_account, tell_once
from holdfast.platform.models import GatewayEvent
from tests.flows.books import jobs
from tests.flows.door import deliver
from tests.support.sandbox import Sandbox


@pytest.fixture
def told(db: None, sandbox: Sandbox) -> Told:
    return tell_once(new_account(sandbox), sandbox)


def test_they_are_taken_as_the_gateways_and_each_is_an_event_of_its_own(told: Told) -> None:
    bodies = [told.of_payment(number) for number in (1, 2, 3)]

    answers = [deliver(body, told.headers) for body in bodies]

    assert answers == [200, 200, 200]
    events = GatewayEvent.objects.order_by("id")
    assert [(event.reference, event.result) for event in events] == [
        ("PAST_ORDER_1", "waiting"),
        ("PAST_ORDER_2", "waiting"),
        ("PAST_ORDER_3", "waiting"),
    ]
    assert jobs() == {"gateway_event": 3}


def test_nothing_is_left_in_them_of_the_payment_that_they_were_copied_from(told: Told) -> None:
    copy = told.of_payment(7).decode()

    assert [one.decode() in copy for one in told.ids] == [False, False, False]
    assert json.loads(copy)["payload"]["merchantOrderId"] == "PAST_ORDER_7"


@pytest.fixture
def line() -> Iterator[tuple[Caller, socket.socket]]:
    """A caller, and the server's end of its connection."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        caller = Caller(listening.getsockname())
        theirs, _ = listening.accept()
        with caller.socket, theirs:
            yield caller, theirs


def test_an_answer_in_two_pieces_is_one_answer(line: tuple[Caller, socket.socket]) -> None:
    caller, server = line

    server.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nta")
    first = caller.has_been_answered()
    server.sendall(b"ta")

    assert (first, caller.has_been_answered()) == (False, True)


@pytest.mark.parametrize("answer", [b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n", b""])
def test_any_other_answer_ends_the_bench(line: tuple[Caller, socket.socket], answer: bytes) -> None:
    caller, server = line

    server.sendall(answer)
    server.shutdown(socket.SHUT_WR)

    with pytest.raises(BenchFailed):
        caller.has_been_answered()

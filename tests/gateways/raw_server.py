"""A server that answers with exactly the bytes it is told to, for what no well-bred server would send."""

from __future__ import annotations

import json
import queue
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

Answer = bytes | Callable[[socket.socket, threading.Event], None]


@dataclass
class RawServer:
    """``requests`` are the heads and bodies that came, oldest first; ``arrived`` hands them out in turn."""

    url: str
    requests: list[str] = field(default_factory=list)
    arrived: queue.Queue[str] = field(default_factory=queue.Queue)


@contextmanager
def raw_server(*answers: Answer) -> Iterator[RawServer]:
    """Answer each connection's one request with the next of ``answers``; the last is repeated."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = RawServer(url=f"http://127.0.0.1:{listener.getsockname()[1]}")
    closing = threading.Event()
    threads: list[threading.Thread] = []

    def accept() -> None:
        while True:
            connection, _ = listener.accept()
            if closing.is_set():
                connection.close()
                return
            answer = answers[min(len(threads), len(answers) - 1)]
            thread = threading.Thread(target=_serve, args=(connection, answer, server, closing))
            threads.append(thread)
            thread.start()

    acceptor = threading.Thread(target=accept)
    acceptor.start()
    try:
        yield server
    finally:
        closing.set()
        socket.create_connection(listener.getsockname()).close()
        for thread in (acceptor, *threads):
            thread.join()
        listener.close()


def http(status: int, body: Any = b"", **headers: str) -> bytes:
    """An answer with its length; whatever is not bytes is sent as JSON."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(raw)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + raw


def drip(head: bytes, piece: bytes) -> Answer:
    """``head`` at once and then ``piece`` again and again, until the client gives up."""

    def send(connection: socket.socket, closing: threading.Event) -> None:
        connection.sendall(head)
        while not closing.wait(0.05):
            connection.sendall(piece)

    return send


def silence(connection: socket.socket, closing: threading.Event) -> None:
    """No answer, as long as the client waits."""
    while not closing.wait(0.05):
        connection.setblocking(False)
        try:
            if connection.recv(1) == b"":
                return
        except BlockingIOError:
            continue


def _serve(connection: socket.socket, answer: Answer, server: RawServer, closing: threading.Event) -> None:
    with connection:
        try:
            request = _read_request(connection)
            server.requests.append(request)
            server.arrived.put(request)
            if isinstance(answer, bytes):
                connection.sendall(answer)
            else:
                answer(connection, closing)
        except ConnectionError:
            return  # The client has hung up, as some tests want it to.


def _read_request(connection: socket.socket) -> str:
    received = b""
    while b"\r\n\r\n" not in received:
        received += _some(connection)
    head, _, body = received.partition(b"\r\n\r\n")
    lengths = [
        line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")
    ]
    while len(body) < int((lengths or [b"0"])[0]):
        body += _some(connection)
    return (head + b"\r\n\r\n" + body).decode()


def _some(connection: socket.socket) -> bytes:
    piece = connection.recv(65_536)
    if not piece:
        raise ConnectionError("The client hung up before it had asked.")
    return piece

"""PhonePe's own Python package as an independent witness that our sandbox speaks PhonePe's protocol.

It is installed into a virtual environment of its own, because it pins old libraries and brings a package
named ``tests``: under ``HOLDFAST_PEERS``, or ``.holdfast-peers`` in the repository. If that cannot be
done, these tests fail; they are never skipped.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.gateways.raw_server import RawServer, http, raw_server
from tests.support.sandbox import Sandbox, start_sandbox

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / "requirements" / "phonepe-sdk.txt"
SCRIPT = Path(__file__).with_name("phonepe_sdk_peer.py")

Peer = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def interpreter() -> Path:
    """The Python of the package's own environment, made anew whenever its lock has changed."""
    home = Path(os.environ.get("HOLDFAST_PEERS", ROOT / ".holdfast-peers")) / "phonepe"
    python, stamp = home / "bin" / "python", home / "installed"
    wanted = hashlib.sha256(LOCK.read_bytes() + sys.version.encode()).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        _run(sys.executable, "-m", "venv", "--clear", home)
        _run(python, "-m", "pip", "install", "--quiet", "--no-input", "--require-hashes", "-r", LOCK)
        stamp.write_text(wanted)
    return python


@pytest.fixture(scope="module")
def receiver() -> Iterator[RawServer]:
    """Where the sandbox sends its webhooks."""
    with raw_server(http(200, {})) as server:
        yield server


@pytest.fixture(scope="module")
def sandbox(receiver: RawServer) -> Iterator[Sandbox]:
    sandbox = start_sandbox(webhook_url=receiver.url)
    yield sandbox
    sandbox.stop()


@pytest.fixture
def peer(interpreter: Path, sandbox: Sandbox) -> Peer:
    def run(command: str, **arguments: Any) -> dict[str, Any]:
        said = _run(interpreter, SCRIPT, sandbox.url, command, json.dumps(arguments))
        result: dict[str, Any] = json.loads(said.splitlines()[-1])
        return result

    return run


def _run(*command: str | Path) -> str:
    """What a command prints. Its errors are shown if it fails."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, f"{command[0]} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def received(receiver: RawServer) -> dict[str, str]:
    """The next webhook that arrives: its Authorization header and its body."""
    head, _, body = receiver.arrived.get(timeout=30).partition("\r\n\r\n")
    headers = dict(line.lower().split(": ", 1) for line in head.splitlines()[1:])
    return {"header": headers["authorization"], "body": body}


def test_the_official_package_pays_looks_up_refunds_and_validates_webhooks(
    peer: Peer, sandbox: Sandbox, receiver: RawServer
) -> None:
    order, refund = f"SDK-{secrets.token_hex(8)}", f"SDK-REFUND-{secrets.token_hex(8)}"

    made = peer("pay", reference=order, amount=199_900)
    assert made["state"] == "PENDING"
    assert made["url"].startswith(f"{sandbox.url}/phonepe/transact/")
    assert peer("status", reference=order)["state"] == "PENDING"

    sandbox.settle(order, "pay")
    paid = peer("status", reference=order)
    assert paid == {
        "order_id": made["order_id"],
        "state": "COMPLETED",
        "amount": 199_900,
        "attempts": ["COMPLETED"],
    }
    told = peer("validate", **received(receiver))
    assert (told["order"], told["state"], told["amount"]) == (order, "COMPLETED", 199_900)

    asked = peer("refund", reference=refund, of=order, amount=100_000)
    assert (asked["state"], asked["amount"]) == ("PENDING", 100_000)
    sandbox.advance(60)
    changes = [peer("validate", **received(receiver)) for _ in range(2)]
    found = peer("refund_status", reference=refund)
    assert found == {"of": order, "state": "COMPLETED", "amount": 100_000}
    assert {change["state"] for change in changes} == {"CONFIRMED", "COMPLETED"}
    assert {change["refund"] for change in changes} == {refund}


@pytest.mark.parametrize("header", ["", "0" * 64])
def test_the_official_package_refuses_a_webhook_with_another_header(peer: Peer, header: str) -> None:
    with pytest.raises(AssertionError, match="Invalid Callback"):
        peer("validate", header=header, body='{"event": "checkout.order.completed", "payload": {}}')

"""The sandbox as a process beside the tests, and the handle to steer it by."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import httpx

ROOT = Path(__file__).resolve().parents[2]
STARTS_WITHIN = 20.0  # seconds; it takes about one
STOPS_WITHIN = 10.0
EACH_TIME_ANEW = httpx.Limits(max_keepalive_connections=0)  # a kept one may be closed just when it is used


class SandboxError(Exception):
    """The sandbox did not start, or refused what a test asked of it."""


@dataclass
class Sandbox:
    """A running sandbox. Every method but ``stop`` is one call to its control."""

    url: str
    process: subprocess.Popen[bytes]
    output: IO[bytes]
    gateway: str = "phonepe"
    # One, because each reads the certificates of the whole world anew, which takes longer than the call.
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=30, limits=EACH_TIME_ANEW))

    def arm(self, fault: str, times: int = 1, **extra: Any) -> None:
        """Let the gateway misbehave on its next occasions: ``arm("status_lag", 3, only=reference)``."""
        self._ask("POST", "faults", gateway=self.gateway, fault=fault, times=times, **extra)

    def disarm(self) -> None:
        self._ask("DELETE", "faults")

    def armed(self) -> list[dict[str, Any]]:
        """What has not happened yet, or not as often as it should."""
        faults: list[dict[str, Any]] = self._ask("GET", "faults")["armed"]
        return faults

    def ledger(self) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = self._ask("GET", f"ledger?gateway={self.gateway}")
        return entries

    def settle(self, reference: str, outcome: str = "pay") -> str:
        """Do what the customer would on the hosted page; the gateway's word for what follows."""
        return str(self._ask("POST", f"orders/{reference}", gateway=self.gateway, outcome=outcome)["state"])

    def webhooks(self, reference: str | None = None) -> list[dict[str, Any]]:
        """What was sent, oldest first, with the answers."""
        query = f"?reference={reference}" if reference else ""
        sent: list[dict[str, Any]] = self._ask("GET", f"webhooks{query}")
        return sent

    def resend(self, reference: str, times: int = 1) -> list[dict[str, Any]]:
        sent: list[dict[str, Any]] = self._ask("POST", "webhooks/resend", reference=reference, times=times)
        return sent

    def calls(self) -> dict[str, int]:
        """How often each call of the gateway's API was made."""
        counted: dict[str, int] = self._ask("GET", "calls")[self.gateway]
        return counted

    def advance(self, seconds: float) -> None:
        """Push the gateway's clock ahead, so that what is due happens."""
        self._ask("POST", "clock", advance_seconds=seconds)

    def reset_clock(self) -> None:
        self._ask("DELETE", "clock")

    def add_merchant(self, client_id: str, **details: Any) -> dict[str, Any]:
        """Add a merchant, or change one: ``client_secret, webhook_url, webhook_username, …``."""
        saved: dict[str, Any] = self._ask(
            "POST", "merchants", gateway=self.gateway, client_id=client_id, **details
        )
        return saved

    def stop(self) -> str:
        """End the process and wait for it; what it had to say."""
        self.process.terminate()
        try:
            self.process.wait(STOPS_WITHIN)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise SandboxError("The sandbox did not stop when it was told to.") from None
        finally:
            self.output.seek(0)
            said = self.output.read().decode("utf-8", "replace")
            self.output.close()
        return said

    def _ask(self, method: str, path: str, **body: Any) -> Any:
        response = self.http.request(method, f"{self.url}/control/{path}", json=body or None)
        if response.is_error:
            raise SandboxError(f"{method} {path}: {response.status_code} {response.text}")
        return response.json() if response.content else None


def start_sandbox(
    port: int | None = None, data: Path | None = None, webhook_url: str | None = None
) -> Sandbox:
    """Start a sandbox on ``port`` (a free one), and come back when it serves. The caller stops it.

    ``data`` is where it keeps its books, ``webhook_url`` where the default merchant wants its webhooks.
    """
    port = port or free_port()
    settings = {"SANDBOX_PORT": str(port), "SANDBOX_HOST": "127.0.0.1"}
    settings |= {"SANDBOX_DATA": str(data)} if data else {}
    settings |= {"SANDBOX_PHONEPE_WEBHOOK_URL": webhook_url} if webhook_url else {}
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SANDBOX_")}
    output = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the process; stop() closes it
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox"],
        cwd=ROOT,
        env=inherited | settings,
        stdout=output,
        stderr=subprocess.STDOUT,
    )
    sandbox = Sandbox(f"http://127.0.0.1:{port}", process, output)
    _wait_until_it_serves(sandbox)
    return sandbox


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_it_serves(sandbox: Sandbox) -> None:
    deadline = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < deadline:
        if sandbox.process.poll() is not None:
            sandbox.output.seek(0)
            raise SandboxError(f"The sandbox ended at once: {sandbox.output.read().decode()}")
        try:
            health = sandbox.http.get(f"{sandbox.url}/healthz", timeout=1)
            if health.status_code == 200 and health.json()["pid"] == sandbox.process.pid:
                return
        except httpx.TransportError:
            pass  # It does not listen yet.
        time.sleep(0.05)
    sandbox.process.kill()
    sandbox.process.wait()
    raise SandboxError("The sandbox did not come up.")

"""What a booking request over HTTP goes through: granian as the demo runs it, and the sandbox."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx

from holdfast.project.demo import HOST, WEB_THREADS, WEB_WORKERS
from tests.support.sandbox import Sandbox, free_port, start_sandbox

from .server import BenchFailed

READY_WITHIN = 30.0  # seconds


@contextmanager
def running_sandbox(log: Path) -> Iterator[Sandbox]:
    sandbox = start_sandbox()
    try:
        yield sandbox
    finally:
        log.write_text(sandbox.stop())


@contextmanager
def running_web(environment: Mapping[str, str], *, log: Path) -> Iterator[str]:
    """The web server, of the demo's size. Its address."""
    port = free_port()
    size = (f"--workers={WEB_WORKERS}", f"--blocking-threads={WEB_THREADS}")
    address = (f"--host={HOST}", f"--port={port}", "--no-ws")
    command = [sys.executable, "-m", "granian", "--interface=wsgi", *size, *address, "--log-level=warning"]
    ours = {"HOLDFAST_PUBLIC_URL": f"http://{HOST}:{port}", "HOLDFAST_WEB_THREADS": str(WEB_THREADS)}
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*command, "holdfast.project.wsgi:application"],
            env={**environment, **ours},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_until_it_answers(process, port, log)
        yield f"http://{HOST}:{port}"
    finally:
        process.terminate()
        process.wait()


def _wait_until_it_answers(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    said = "no answer"
    deadline = time.monotonic() + READY_WITHIN
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(httpx.TransportError):  # it does not listen yet
            answer = httpx.get(f"http://{HOST}:{port}/readyz", timeout=5)
            if answer.status_code == 200:
                return
            said = answer.text
        time.sleep(0.1)
    raise BenchFailed(f"The web server did not come up; {log} says why. /readyz: {said}")

"""How long ``make demo`` takes to be ready, on a folder that has been used before."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path
from statistics import median

from tests.support.sandbox import free_port

from .figures import Found, Promise
from .server import BenchFailed
from .sizes import Place, Size

ROOT = Path(__file__).resolve().parents[1]
READY = "Holdfast is ready"
SECONDS = 5.0
# What the bench has set for itself: the demo is to be as everybody's.
OURS = {"DATABASE_URL", "DJANGO_SETTINGS_MODULE", "HOLDFAST_TRUSTED_PROXIES"}


def second_start(place: Place, size: Size) -> Found:
    """A first start, which may have to fill the folder, and others: from the command to its word."""
    if not size.starts:
        return Found()
    home = place.logs.parent / "demo"
    _start_once(home)
    took = [_start_once(home) for _ in range(size.starts)]
    found = median(took)
    promise = Promise("make demo, a second start", f"{found:.1f} s", f"{SECONDS:.0f} s", found <= SECONDS)
    return Found(promises=[promise])


def _start_once(home: Path) -> float:
    """The seconds until it says that it is ready. It is stopped then, and waited for."""
    ports = {name: str(free_port()) for name in ("PORT", "SANDBOX_PORT", "LIVE_PORT")}
    environment = {name: value for name, value in os.environ.items() if name not in OURS}
    began_at = time.monotonic()
    with subprocess.Popen(
        ["make", "--no-print-directory", "demo"],
        cwd=ROOT,
        env={**environment, **ports, "HOLDFAST_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as demo:
        assert demo.stdout is not None, "it is a pipe"
        said: list[str] = []
        for line in demo.stdout:
            said.append(line)
            if READY in line:
                break
        took = time.monotonic() - began_at
        demo.terminate()
        demo.stdout.read()
    if READY not in said[-1]:
        raise BenchFailed(f"make demo did not become ready:\n{''.join(said)}")
    return took

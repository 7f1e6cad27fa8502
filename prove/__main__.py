"""``make prove``: breaks Holdfast on purpose and asks the books afterwards. Exits with 1 if they disagree."""

from __future__ import annotations

import argparse
import os
import secrets
import signal
import sys
import time
from pathlib import Path

from holdfast.project.demo_home import AlreadyRunning, locked
from holdfast.project.embedded_folders import EmbeddedPostgresError, make_home

from .running import running_stack
from .stack import ProveFailed

ROOT = Path(__file__).resolve().parents[1]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m prove", description=__doc__)
    parser.add_argument("--bookings", type=int, default=int(os.environ.get("N") or 200), help="N; 200")
    parser.add_argument("--seed", default=os.environ.get("SEED") or secrets.token_hex(4), help="SEED")
    wanted = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    home = Path(os.environ.get("HOLDFAST_PROVE_HOME") or ROOT / ".holdfast-prove").resolve()
    began_at = time.monotonic()
    try:
        make_home(home)
        with locked(home):
            agrees = _fire(home, bookings=wanted.bookings, seed=wanted.seed)
    except (ProveFailed, AlreadyRunning, EmbeddedPostgresError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"({time.monotonic() - began_at:.0f} s)")
    return 0 if agrees else 1


def _fire(home: Path, *, bookings: int, seed: str) -> bool:
    with running_stack(home) as stack:
        from .fire import Size, fire  # noqa: PLC0415 - its models need Django set up

        return fire(stack, Size(bookings, seed))


if __name__ == "__main__":
    sys.exit(main())

"""``make prove``: breaks Holdfast on purpose and asks the books afterwards. Exits with 1 if they disagree."""

from __future__ import annotations

import argparse
import os
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path

from holdfast.project.demo_home import AlreadyRunning, locked
from holdfast.project.embedded_folders import EmbeddedPostgresError, make_home

from .parts import LONG, PARTS, Wanted
from .stack import ProveFailed

ROOT = Path(__file__).resolve().parents[1]


def main() -> int:
    """One part here, or several one after the other, each in a process of its own."""
    parser = argparse.ArgumentParser(prog="python -m prove", description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; all but {', '.join(LONG)}")
    parser.add_argument("--bookings", type=int, default=int(os.environ.get("N") or 200), help="N (200)")
    parser.add_argument("--seed", default=os.environ.get("SEED") or secrets.token_hex(4), help="SEED")
    said = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    parts = said.parts or [part for part in PARTS if part not in LONG]
    if unknown := [part for part in parts if part not in PARTS]:
        parser.error(f"There is no part {unknown[0]!r}, only {', '.join(PARTS)}.")
    if len(parts) > 1:
        return max(_in_a_process_of_its_own(part, said) for part in parts)
    home = Path(os.environ.get("HOLDFAST_PROVE_HOME") or ROOT / ".holdfast-prove").resolve()
    return _prove(parts[0], Wanted(home, said.bookings, said.seed))


def _in_a_process_of_its_own(part: str, said: argparse.Namespace) -> int:
    print(f"\n=== {part}", flush=True)
    size = ("--bookings", str(said.bookings), "--seed", said.seed)
    child = subprocess.Popen([sys.executable, "-m", "prove", part, *size])
    try:
        return child.wait()
    except BaseException:
        child.terminate()  # it leaves nothing running
        child.wait()
        raise


def _prove(part: str, wanted: Wanted) -> int:
    began_at = time.monotonic()
    print(f"seed: {wanted.seed}", flush=True)
    try:
        make_home(wanted.home)
        with locked(wanted.home):
            agrees = PARTS[part](wanted)
    except (ProveFailed, AlreadyRunning, EmbeddedPostgresError) as error:
        print(error, file=sys.stderr)
        return 1
    load = ", ".join(f"{average:.0f}" for average in os.getloadavg())
    print(f"({time.monotonic() - began_at:.0f} s; load over 1, 5 and 15 minutes: {load})")
    return 0 if agrees else 1


if __name__ == "__main__":
    sys.exit(main())

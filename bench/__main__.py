"""``make bench``: what a second sees of bookings, beside the floor that PostgreSQL alone sets.

Everything is the bench's own: a PostgreSQL under ``.holdfast-bench`` (HOLDFAST_BENCH_HOME), two databases
made anew, a business of 200 providers, a web server, a sandbox. docs/bench.md says how to read what
it prints.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from holdfast.project.demo_home import AlreadyRunning, keys, locked
from holdfast.project.embedded_folders import EmbeddedPostgresError, make_home

from .figures import promises_table, table
from .server import BenchFailed, Server, running_server
from .sizes import FULL, QUICK, Place

ROOT = Path(__file__).resolve().parents[1]


def bench(home: Path, *, quick: bool, only: Sequence[str]) -> None:
    """Measure, and print what was measured."""
    with running_server(home) as server:
        _set_up_the_application(server, home)

        from .parts import PARTS  # noqa: PLC0415 - it sets Django up

        size, place = QUICK if quick else FULL, Place(server, home / "logs")
        print(f"{server.describe()}; {os.cpu_count()} processors", flush=True)
        print(f"{size.clients} clients, {size.runs} × {size.seconds} s of each", flush=True)
        if unknown := set(only) - set(PARTS):
            raise BenchFailed(f"No such part: {', '.join(unknown)}. There are {', '.join(PARTS)}.")
        found = []
        for name in only or PARTS:
            print(f"Measuring {name}", flush=True)
            found.append(PARTS[name](place, size))
    if measures := [measure for one in found for measure in one.measures]:
        print(f"\n{table(measures)}")
    if promises := [promise for one in found for promise in one.promises]:
        print(f"\n{promises_table(promises)}")
    print("\n" + "\n".join(line for one in found for line in one.lines))


def _set_up_the_application(server: Server, home: Path) -> None:
    """A database with every migration, and a copy to work in; our environment is the application's then."""
    os.environ.update(
        {
            **keys(home),
            "DATABASE_URL": server.new_database("migrated"),
            "DJANGO_SETTINGS_MODULE": "holdfast.project.settings",
            "HOLDFAST_TRUSTED_PROXIES": "1",  # every customer over HTTP has an address of their own
        }
    )
    manage = (sys.executable, "-m", "holdfast.project.manage")
    done = subprocess.run([*manage, "migrate", "--no-input"], capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchFailed(f"The migrations failed:\n{done.stdout}{done.stderr}")
    os.environ["DATABASE_URL"] = server.new_database("application", like="migrated")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description="How fast Holdfast is.")
    parser.add_argument(
        "--quick", action="store_true", help="one short run of each: a smoke test, no figures"
    )
    parser.add_argument("--only", nargs="+", default=(), metavar="PART", help="of docs/bench.md")
    wanted = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    home = Path(os.environ.get("HOLDFAST_BENCH_HOME") or ROOT / ".holdfast-bench").resolve()
    began_at = time.monotonic()
    try:
        make_home(home)
        (home / "logs").mkdir(exist_ok=True)
        with locked(home):
            bench(home, quick=wanted.quick, only=wanted.only)
    except (BenchFailed, AlreadyRunning, EmbeddedPostgresError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"({time.monotonic() - began_at:.0f} s)")
    return 0


if __name__ == "__main__":
    sys.exit(main())

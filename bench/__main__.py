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
from pathlib import Path

from holdfast.project.demo_home import AlreadyRunning, keys, locked
from holdfast.project.embedded_folders import EmbeddedPostgresError, make_home

from .figures import table
from .pgbench import Floor
from .server import BenchFailed, Server, running_server

ROOT = Path(__file__).resolve().parents[1]


def bench(home: Path, *, quick: bool) -> None:
    """Measure, and print what was measured."""
    with running_server(home) as server:
        _set_up_the_application(server, home)

        from .measure import FULL, QUICK, in_process, over_http  # noqa: PLC0415 - it sets Django up

        size = QUICK if quick else FULL
        print(f"{server.describe()}; {os.cpu_count()} processors", flush=True)
        print(f"Filling the floor with {size.bookings:,} bookings", flush=True)
        floor = Floor(server, bookings=size.bookings, to_settle=size.runs * size.count, clients=size.clients)
        print(f"Measuring: {size.clients} clients, {size.runs} × {size.seconds} s of each", flush=True)
        figures = in_process(floor, size, log=home / "logs" / "clients.log")
        http = over_http(size, logs=home / "logs")
    print(f"\n{table([*figures.measures, http])}\n")
    print(f"paid bookings per second: {figures.paid.a_second:.0f}")
    print(f"share of the floor: {figures.paid.share:.2f}")


def _set_up_the_application(server: Server, home: Path) -> None:
    """A database of its own with every migration; from here on our environment is the application's."""
    os.environ.update(
        {
            **keys(home),
            "DATABASE_URL": server.new_database("application"),
            "DJANGO_SETTINGS_MODULE": "holdfast.project.settings",
            "HOLDFAST_TRUSTED_PROXIES": "1",  # every customer over HTTP has an address of their own
        }
    )
    manage = (sys.executable, "-m", "holdfast.project.manage")
    done = subprocess.run([*manage, "migrate", "--no-input"], capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchFailed(f"The migrations failed:\n{done.stdout}{done.stderr}")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description="How fast Holdfast is.")
    parser.add_argument(
        "--quick", action="store_true", help="one short run of each: a smoke test, no figures"
    )
    wanted = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    home = Path(os.environ.get("HOLDFAST_BENCH_HOME") or ROOT / ".holdfast-bench").resolve()
    began_at = time.monotonic()
    try:
        make_home(home)
        (home / "logs").mkdir(exist_ok=True)
        with locked(home):
            bench(home, quick=wanted.quick)
    except (BenchFailed, AlreadyRunning, EmbeddedPostgresError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"({time.monotonic() - began_at:.0f} s)")
    return 0


if __name__ == "__main__":
    sys.exit(main())

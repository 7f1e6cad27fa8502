"""The floor: a paid booking's writes and nothing else, run by pgbench. The SQL is in bench/floor."""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path

import psycopg

from .figures import Run
from .server import BenchFailed, Server, settle_down

FLOOR = Path(__file__).parent / "floor"
PLACE, SETTLE = FLOOR / "place.sql", FLOOR / "settle.sql"
# Settling alone takes the orders that were filled in for it, one after the other.
NEXT_ORDER = "\\set n :n + 1\n\\set order_id :base + :n * :clients + :client_id\n"
THREADS = 2
RATE = re.compile(r"^tps = ([\d.]+)", re.MULTILINE)


class Floor:
    """A database with ``bookings`` paid ones in it, and room for runs that each take orders of their own."""

    def __init__(self, server: Server, *, bookings: int, to_settle: int, clients: int) -> None:
        self.url = server.new_database("floor")
        self.pgbench = server.binaries / "pgbench"
        self.clients = clients
        self._next_filled, self._next_free = bookings + 1, bookings + to_settle + clients + 1
        with psycopg.connect(self.url) as connection:
            connection.execute((FLOOR / "schema.sql").read_bytes())
            connection.execute("SELECT fill(1, %s)", [bookings + to_settle + clients])
            connection.execute("SELECT settle_all(1, %s)", [bookings])
        settle_down(self.url)

    def place(self, count: int) -> Run:
        return self._run(PLACE.read_text(), count, base=self._free(count))

    def settle(self, count: int) -> Run:
        base, self._next_filled = self._next_filled - self.clients, self._next_filled + count
        return self._run(NEXT_ORDER + SETTLE.read_text(), count, base=base)

    def both(self, count: int) -> Run:
        """Place an order and settle it, in two transactions: the life of a paid booking."""
        return self._run(PLACE.read_text() + SETTLE.read_text(), count, base=self._free(count))

    def _free(self, count: int) -> int:
        """Where the numbers of ``count`` more orders begin; a client's first is one round further on."""
        base, self._next_free = self._next_free - self.clients, self._next_free + count
        return base

    def _run(self, script: str, count: int, *, base: int) -> Run:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "script.sql"
            path.write_text(script)
            each = f"--transactions={count // self.clients}"
            size = (f"--client={self.clients}", f"--jobs={THREADS}", each)
            given = [f"--define={name}" for name in (f"base={base}", f"clients={self.clients}", "n=0")]
            log = ("--log", f"--log-prefix={folder}/log")
            command = [str(self.pgbench), "--no-vacuum", "--protocol=prepared", *size, *given, *log]
            done = subprocess.run(
                [*command, f"--file={path}", self.url], capture_output=True, text=True, check=False
            )
            took = [_seconds(line) for log in Path(folder).glob("log.*") for line in log.open()]
        rate = RATE.search(done.stdout)
        if done.returncode or rate is None:
            raise BenchFailed(f"pgbench failed:\n{done.stdout}{done.stderr}")
        return Run(took, elapsed=len(took) / float(rate[1]))


def statements(*scripts: Path) -> int:
    """How many statements the scripts send: each begins at the margin, in capitals."""
    return sum(len(re.findall(r"^[A-Z]", script.read_text(), re.MULTILINE)) for script in scripts)


def _seconds(line: str) -> float:
    """How long one transaction took, by its line in pgbench's log: client, number, microseconds, …"""
    return int(line.split()[2]) / 1_000_000

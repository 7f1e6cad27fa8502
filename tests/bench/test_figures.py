"""The bench's arithmetic, and that it prints what others read from it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bench.figures import Measure, Promise, Run, promises_table, table
from bench.pgbench import PLACE, SETTLE, statements
from tests.project.conftest import stop_and_forget

ROOT = Path(__file__).resolve().parents[2]


def test_every_figure_is_the_median_of_the_runs() -> None:
    floor = Measure("floor", runs=[Run([0.001] * 300, 1), Run([0.001] * 400, 1), Run([0.001] * 100, 1)])
    ours = Measure("ours", beside=floor, runs=[Run([0.02, 0.04], 0.1), Run([0.01, 0.05], 0.05)])

    assert floor.a_second == 300
    assert ours.a_second == 30
    assert ours.share == 0.1
    assert ours.milliseconds(50) == pytest.approx(15)
    assert ours.milliseconds(99) == pytest.approx(45)


@pytest.mark.parametrize(("percent", "expected"), [(50, 50), (99, 99), (100, 100), (1, 1)])
def test_a_percentile_is_a_time_that_was_measured(percent: int, expected: int) -> None:
    run = Run(list(range(100, 0, -1)), elapsed=1)

    assert run.percentile(percent) == expected


def test_the_table_is_aligned_and_leaves_unknown_figures_out() -> None:
    floor = Measure("floor", statements=9, runs=[Run([0.001, 0.001], 0.001)])
    ours = Measure("ours, at length", beside=floor, runs=[Run([0.01, 0.01], 0.01, processor=0.004)])

    assert table([floor, ours]).splitlines() == [
        "                 a second  p50 ms  p99 ms  client ms  statements  share",
        "floor               2,000     1.0     1.0                      9",
        "ours, at length       200    10.0    10.0        2.0               0.10",
    ]


def test_a_promise_is_printed_beside_what_was_found_and_whether_it_is_kept() -> None:
    kept = Promise("hot slot", "1 × 200, p99 900 ms", "1 × 200, p99 2,000 ms", kept=True)
    missed = Promise("a list", "12 ms", "10 ms", kept=False)

    assert promises_table([kept, missed]).splitlines() == [
        "          found                target",
        "hot slot  1 × 200, p99 900 ms  1 × 200, p99 2,000 ms  kept",
        "a list    12 ms                10 ms                  MISSED",
    ]


def test_the_floor_sends_as_many_statements_as_it_says() -> None:
    assert (statements(PLACE), statements(SETTLE), statements(PLACE, SETTLE)) == (9, 12, 21)


@pytest.mark.long
def test_the_bench_prints_the_figures_that_others_read_and_what_no_machine_changes(tmp_path: Path) -> None:
    home = tmp_path / "home"
    try:
        done = subprocess.run(
            [sys.executable, "-m", "bench", "--quick"],
            cwd=ROOT,
            env={**os.environ, "HOLDFAST_BENCH_HOME": str(home)},
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        stop_and_forget(home)

    assert done.returncode == 0, done.stderr
    assert re.search(r"^paid bookings per second: \d+$", done.stdout, re.MULTILINE)
    assert re.search(r"^share of the floor: \d+\.\d\d$", done.stdout, re.MULTILINE)
    assert re.search(r"^statements: request, settlement .* 20 and 16 +kept$", done.stdout, re.MULTILINE)
    assert re.search(r"^statements: cart, settlement .* 32 and 26 +kept$", done.stdout, re.MULTILINE)
    assert re.search(r"^free rooms of 200 for 30 nights, .* [1-6] queries, ", done.stdout, re.MULTILINE)
    assert re.search(r"^approvals of stays .* 30 statements +kept$", done.stdout, re.MULTILINE)
    assert re.search(r"^hot slot, 500 clients at once +1 × 200, 499 × 409; ", done.stdout, re.MULTILINE)
    assert re.search(r"^class, 300 clients at once +20 × 200, 280 × 409; ", done.stdout, re.MULTILINE)

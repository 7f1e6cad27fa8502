"""Explore every interleaving, say how much there was, and tell the story of what is wrong, if anything is."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor

from .explore import Report, explore
from .production import PRODUCTION
from .rules import Bounds, Rules, Run
from .scenarios import DEEP, DEFAULT


def main(arguments: Sequence[str] | None = None, *, rules: Rules = PRODUCTION) -> int:
    """Explore the scenarios that were asked for. Answers 1, and tells the story, at the first violation."""
    began, reports = time.perf_counter(), []
    for report in _explored([Run(bounds, rules) for bounds in _chosen(arguments)]):
        reports.append(report)
        print(_line(report), flush=True)
        if report.violation is not None:
            print(report.violation)
            return 1
    print(_sum(reports, seconds=time.perf_counter() - began))
    return 0


def _explored(runs: Sequence[Run]) -> Iterator[Report]:
    """The reports in order; where there are several, as many at a time as there are processors."""
    if len(runs) == 1:
        yield explore(runs[0])
        return
    pool = ProcessPoolExecutor()
    try:
        yield from pool.map(explore, runs)
    finally:
        pool.shutdown(cancel_futures=True)


def _chosen(arguments: Sequence[str] | None) -> Iterable[Bounds]:
    every = {bounds.name: bounds for bounds in (*DEFAULT, *DEEP)}
    parser = argparse.ArgumentParser(prog="python -m model", description=__doc__)
    parser.add_argument("--deep", action="store_true", help="larger bounds too: minutes, not seconds")
    parser.add_argument("--only", choices=every, help="one scenario", metavar="NAME")
    asked = parser.parse_args(arguments)
    if asked.only:
        return [every[asked.only]]
    return every.values() if asked.deep else DEFAULT


def _line(report: Report) -> str:
    return (
        f"{report.name}: {report.states:,} states, {report.transitions:,} transitions, "
        f"depth {report.depth}, {report.at_rest:,} at rest, {report.seconds:.1f} s"
    )


def _sum(reports: Sequence[Report], *, seconds: float) -> str:
    return (
        f"{sum(report.states for report in reports):,} distinct states\n"
        f"{sum(report.transitions for report in reports):,} transitions, "
        f"depth {max(report.depth for report in reports)}, "
        f"{seconds:.1f} seconds. Nothing is wrong."
    )


if __name__ == "__main__":
    sys.exit(main())

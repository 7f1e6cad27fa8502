"""``python -m model [--deep]``: explore, say how much there was, and tell the story of what is wrong."""

from __future__ import annotations

import argparse
import sys

from .explore import Report, explore
from .production import PRODUCTION
from .rules import Run
from .scenarios import DEEP, DEFAULT


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m model", description=__doc__)
    parser.add_argument("--deep", action="store_true", help="larger bounds as well: minutes, not seconds")
    deep = parser.parse_args().deep
    reports = []
    for bounds in (*DEFAULT, *(DEEP if deep else ())):
        reports.append(explore(Run(bounds, PRODUCTION)))
        print(line(reports[-1]), flush=True)
        if reports[-1].violation:
            print(reports[-1].violation)
            return 1
    print(
        f"{sum(report.states for report in reports):,} distinct states, "
        f"{sum(report.transitions for report in reports):,} transitions, "
        f"depth {max(report.depth for report in reports)}, "
        f"{sum(report.seconds for report in reports):.1f} seconds: nothing is wrong."
    )
    return 0


def line(report: Report) -> str:
    return (
        f"{report.name}: {report.states:,} states, {report.transitions:,} transitions, "
        f"depth {report.depth}, {report.at_rest:,} at rest, {report.seconds:.1f} s"
    )


if __name__ == "__main__":
    sys.exit(main())

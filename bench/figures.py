"""What was measured, and the table that it is printed in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median

COLUMNS = ("", "a second", "p50 ms", "p99 ms", "client ms", "statements", "share")
PROMISED = ("", "found", "target", "")


@dataclass(frozen=True)
class Run:
    """One run of something with all clients: what each of them took, and all of them together, in seconds."""

    took: Sequence[float]
    elapsed: float
    processor: float | None = None  # seconds of it that the clients themselves used

    @property
    def a_second(self) -> float:
        return len(self.took) / self.elapsed

    def percentile(self, percent: int) -> float:
        """The shortest time within which so many percent were done."""
        return sorted(self.took)[max(0, -(-len(self.took) * percent // 100) - 1)]


@dataclass
class Measure:
    """One thing measured in several runs. Every figure of it is the median of the runs' figures."""

    name: str
    statements: int | None = None
    beside: Measure | None = None  # what it is a share of
    runs: list[Run] = field(default_factory=list)

    @property
    def a_second(self) -> float:
        return median(run.a_second for run in self.runs)

    @property
    def share(self) -> float | None:
        return self.a_second / self.beside.a_second if self.beside else None

    def milliseconds(self, percent: int) -> float:
        return 1000 * median(run.percentile(percent) for run in self.runs)

    @property
    def client_milliseconds(self) -> float | None:
        """Processor time of one, on the client's side: the Python of it, whatever else the machine does."""
        known = [run.processor / len(run.took) for run in self.runs if run.processor is not None]
        return 1000 * median(known) if known else None

    def row(self) -> tuple[str, ...]:
        return (
            self.name,
            f"{self.a_second:,.0f}",
            f"{self.milliseconds(50):.1f}",
            f"{self.milliseconds(99):.1f}",
            _figure(self.client_milliseconds, ".1f"),
            _figure(self.statements, "d"),
            _figure(self.share, ".2f"),
        )


def _figure(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)


@dataclass(frozen=True)
class Promise:
    """A target of docs/bench.md and what was found. A figure that misses it is said, and ends nothing."""

    what: str
    found: str
    target: str
    kept: bool

    def row(self) -> tuple[str, ...]:
        return (self.what, self.found, self.target, "kept" if self.kept else "MISSED")


@dataclass(frozen=True)
class Found:
    """What one part of the bench has found: lines of the table, promises, and lines that others read."""

    measures: Sequence[Measure] = ()
    promises: Sequence[Promise] = ()
    lines: Sequence[str] = ()


def table(measures: Sequence[Measure]) -> str:
    """The measures as aligned plain text, names to the left and figures to the right."""
    return _aligned([COLUMNS, *(measure.row() for measure in measures)], str.rjust)


def promises_table(promises: Sequence[Promise]) -> str:
    """The promises as aligned plain text."""
    return _aligned([PROMISED, *(promise.row() for promise in promises)], str.ljust)


def _aligned(rows: Sequence[Sequence[str]], align: Callable[[str, int], str]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            align(cell, width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )

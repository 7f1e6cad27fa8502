"""What ``make prove`` does, part by part: each is a story of its own, in a process of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .running import running_stack


@dataclass(frozen=True)
class Wanted:
    """``bookings`` and ``seed`` as the caller wants them; ``home`` is where all of it is kept."""

    home: Path
    bookings: int
    seed: str


def _fire(wanted: Wanted) -> bool:
    with running_stack(wanted.home) as stack:
        from .fire import Size, fire  # noqa: PLC0415 - its models need Django set up

        return fire(stack, Size(wanted.bookings, wanted.seed))


def _bearing(wanted: Wanted) -> bool:
    with running_stack(wanted.home) as stack:
        from .bearing import bear  # noqa: PLC0415 - its models need Django set up

        return bear(stack, seed=wanted.seed)


PARTS: dict[str, Callable[[Wanted], bool]] = {"fire": _fire, "bearing": _bearing}
LONG = frozenset[str]()

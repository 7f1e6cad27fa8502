"""What ``make prove`` does, part by part: each is a story of its own, in a process of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .disk import NoDisk, require_on, small_disk
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


def _disk(wanted: Wanted) -> bool:
    try:
        with (
            small_disk(wanted.home / "disk") as disk,
            running_stack(wanted.home, database=disk) as stack,
        ):
            require_on(disk, stack.postgres.data)
            from .bearing import bear  # noqa: PLC0415 - its models need Django set up
            from .full_disk import troubles_of  # noqa: PLC0415 - the same

            return bear(stack, seed=wanted.seed, troubles=troubles_of(disk))
    except NoDisk as why:
        print(f"!!! NOT RUN: the full disk. It needs root, and a small disk of its own. {why}", flush=True)
        return True


def _memory(wanted: Wanted) -> bool:
    with running_stack(wanted.home) as stack:
        from .memory import stay_steady  # noqa: PLC0415 - its models need Django set up

        return stay_steady(stack, bookings=wanted.bookings, seed=wanted.seed)


PARTS: dict[str, Callable[[Wanted], bool]] = {
    "fire": _fire,
    "bearing": _bearing,
    "disk": _disk,
    "memory": _memory,
}
LONG = frozenset({"memory"})  # only when asked for

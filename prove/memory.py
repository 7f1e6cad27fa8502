"""What web and worker keep in memory over very many bookings: it must not grow."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import psutil  # type: ignore[import-untyped] # it ships no types
from django.db import connections

from holdfast.kernel.clock import utc_now

from . import aftermath
from .buyers import Buyers
from .customer import Seen
from .figures import in_words
from .site import new_site
from .stack import Stack
from .verdict import count_wrongs, everything_known

PEOPLE = 12
EVERY = 5.0  # seconds
MAY_GROW = 1.2  # times what it was after the first fifth of the bookings
MEGABYTE = 1 << 20


@dataclass(frozen=True)
class Sample:
    """Resident memory of each program with all of its processes, when so many bookings had been made."""

    bookings: int
    used: dict[str, int]


def stay_steady(stack: Stack, *, bookings: int, seed: str) -> bool:
    """Whether neither program grew over so many bookings, and the books agree."""
    site = new_site(
        sandbox_url=stack.sandbox.url,
        trades=("astrology",),
        providers=12 + bookings // 200,
        customers=PEOPLE,
    )
    connections.close_all()
    stack.start_programs()
    samples: list[Sample] = []
    enough = threading.Event()
    with Buyers(stack.url, site, seed=seed, thinks=(0, 0)) as seen:
        while not enough.wait(EVERY):
            samples.append(Sample(len(seen.told), {name: used_by(stack, name) for name in stack.programs}))
            if len(seen.told) >= bookings:
                enough.set()
    steady = [_is_steady(name, samples, bookings=bookings) for name in stack.programs]
    return _books_agree(stack, seen) and all(steady)


def used_by(stack: Stack, name: str) -> int:
    """Bytes of resident memory of a program and its children; nothing in the moment in which it starts."""
    try:
        program = psutil.Process(stack.programs[name].pid)
        return sum(process.memory_info().rss for process in (program, *program.children(recursive=True)))
    except psutil.Error:
        return 0


def _is_steady(name: str, samples: Sequence[Sample], *, bookings: int) -> bool:
    fifths = [
        [sample.used[name] for sample in samples if bookings * n <= 5 * sample.bookings < bookings * (n + 1)]
        for n in range(5)
    ]
    used = [median(fifth) / MEGABYTE for fifth in fifths if fifth]
    steady = len(used) > 1 and used[-1] <= MAY_GROW * used[min(1, len(used) - 2)]
    print(
        f"{'yes' if steady else '  no'}  memory of {name} is steady, MB by fifths of the bookings:", end=" "
    )
    print(", ".join(f"{megabytes:.0f}" for megabytes in used), flush=True)
    return steady


def _books_agree(stack: Stack, seen: Seen) -> bool:
    aftermath.wait_until_the_books_balance(stack)
    aftermath.wait_until_all_is_delivered(stack)
    with everything_known(stack, seen, (), now=utc_now()) as after:
        wrongs = count_wrongs(after)
    print(f"answers: {in_words(seen.answers)}\nbookings: {len(seen.told)}\ndisagreeing: {wrongs}", flush=True)
    return not wrongs

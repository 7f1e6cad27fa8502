"""Breadth first over every interleaving, so that the first violation found has a shortest trace."""

from __future__ import annotations

import gc
import itertools
import time
from array import array
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from .properties import is_at_rest, what_is_wrong
from .rules import Run, Step
from .steps import only_along_the_tables
from .world import World


@dataclass(frozen=True)
class Violation:
    """What is wrong, and the shortest story that leads there."""

    what: str
    story: tuple[str, ...]

    def __str__(self) -> str:
        told = [f"{number}. {sentence}" for number, sentence in enumerate(self.story, 1)]
        return "\n".join([f"Violated: {self.what}.", *told])


@dataclass(frozen=True)
class Report:
    """What an exploration came to."""

    name: str
    states: int
    transitions: int
    depth: int
    at_rest: int
    seconds: float
    violation: Violation | None


class Exploration:
    """The worlds found so far by number, each with the one that it was first reached from."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.numbers: dict[World, int] = {}
        self.worlds: list[World] = []
        self.parents = array("l")
        self.depths = array("l")
        self.steps_from: list[array[int]] = []
        self.resting: list[int] = []
        self.transitions = 0

    def explore(self) -> Report:
        began = time.perf_counter()
        violation = self._breadth_first() or self._endless()
        return Report(
            name=self.run.bounds.name,
            states=len(self.worlds),
            transitions=self.transitions,
            depth=max(self.depths),
            at_rest=len(self.resting),
            seconds=time.perf_counter() - began,
            violation=violation,
        )

    def _breadth_first(self) -> Violation | None:
        self._add(World(), parent=-1)
        number = 0
        while number < len(self.worlds):
            world = self.worlds[number]
            nexts = array("l")
            for step in self._steps(world):
                self.transitions += 1
                after, known = step.after, len(self.worlds)
                target = self._add(after, parent=number)
                nexts.append(target)
                wrong = next(only_along_the_tables(world, after), "")
                if not wrong and target == known:
                    wrong = what_is_wrong(after, self.run)
                if wrong:
                    return Violation(wrong, (*self._story_of(number), step.story))
            self.steps_from.append(nexts)
            number += 1
        return None

    def _steps(self, world: World) -> list[Step]:
        return [step for actor in self.run.rules.actors for step in actor(world, self.run)]

    def _add(self, world: World, *, parent: int) -> int:
        """The number of a world, given to it now if it is new."""
        number = self.numbers.setdefault(world, len(self.worlds))
        if number == len(self.worlds):
            self.worlds.append(world)
            self.parents.append(parent)
            self.depths.append(self.depths[parent] + 1 if parent >= 0 else 0)
            if is_at_rest(world, self.run):
                self.resting.append(number)
        return number

    def _endless(self) -> Violation | None:
        """A world from which rest can no longer be reached, whatever happens: its path never ends."""
        from_where: dict[int, list[int]] = defaultdict(list)
        for number, nexts in enumerate(self.steps_from):
            for target in nexts:
                from_where[target].append(number)
        ends = bytearray(len(self.worlds))
        waiting = list(self.resting)
        for number in waiting:
            ends[number] = 1
        while waiting:
            for number in from_where[waiting.pop()]:
                if not ends[number]:
                    ends[number] = 1
                    waiting.append(number)
        endless = ends.find(0)
        return None if endless < 0 else Violation("from here nothing ever ends", self._story_of(endless))

    def _story_of(self, number: int) -> tuple[str, ...]:
        """How a world was first reached, told by asking the actors again."""
        path = [number]
        while self.parents[path[-1]] >= 0:
            path.append(self.parents[path[-1]])
        path.reverse()
        return tuple(
            next(step.story for step in self._steps(self.worlds[one]) if step.after == self.worlds[other])
            for one, other in itertools.pairwise(path)
        )


def explore(run: Run) -> Report:
    """Every world within the bounds, until one is wrong."""
    with _collector_resting():
        return Exploration(run).explore()


@contextmanager
def _collector_resting() -> Iterator[None]:
    """Worlds hold no cycles, and Python's collector would walk all of them again and again."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()

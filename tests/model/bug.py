"""One bug to seed, and how rules come by it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from holdfast.flows.decisions import Do
from model.processes import NEXT, go_on
from model.production import ACTORS, PRODUCTION
from model.rules import Actor, CarryOut, Rules, Run, Step
from model.world import Errand, World, without_errand

Process = Callable[[World, Errand, Run], Iterator[Step]]


@dataclass(frozen=True)
class Bug:
    """Rules with one mistake, the scenario that it shows in, how long the shortest
    trace is, and what it must say, in this order."""

    rules: Rules
    scenario: str
    violated: str
    steps: int
    story: tuple[str, ...]


def with_carry_out(changed: Mapping[Do, CarryOut]) -> Rules:
    return replace(PRODUCTION, carry_out={**PRODUCTION.carry_out, **changed})


def with_process(doing: str, wrong: Process) -> Rules:
    """A process of ours goes on wrongly from one of its steps."""

    def go_on_wrongly(world: World, run: Run) -> Iterator[Step]:
        for errand in dict.fromkeys(world.errands):
            then = wrong if errand.doing == doing else NEXT[errand.doing]
            yield from then(without_errand(world, errand), errand, run)

    return with_actor(go_on, go_on_wrongly)


def with_actor(right: Actor, wrong: Actor) -> Rules:
    return replace(PRODUCTION, actors=tuple(wrong if actor is right else actor for actor in ACTORS))

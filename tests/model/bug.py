"""One bug to seed, and how rules come by it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from holdfast.flows.decisions import Do
from model.production import ACTORS, PRODUCTION
from model.rules import Actor, CarryOut, Rules


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


def with_actor(right: Actor, wrong: Actor) -> Rules:
    return replace(PRODUCTION, actors=tuple(wrong if actor is right else actor for actor in ACTORS))

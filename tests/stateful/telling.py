"""Telling stories: hypothesis makes them up, the same ones for the same chapter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.stateful.machine import Machine
from tests.support.sandbox import Sandbox

# Stories with one seed. From the tenth on hypothesis would only vary those that it has told.
CHAPTER = 9
TO_THE_END = (Phase.generate, Phase.shrink)


def tell(
    sandbox: Sandbox,
    *,
    chapter: int,
    steps: int,
    reserving: str = "toy",
    phases: Sequence[Phase] = TO_THE_END,
) -> None:
    """The stories of one chapter, each of so many steps, where money is reserved at this gateway. What goes
    wrong is raised, with its story.
    """
    stories = settings(
        max_examples=CHAPTER,
        stateful_step_count=steps,
        phases=phases,
        database=None,
        deadline=None,
        print_blob=False,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    machine: Any = seed(chapter)(
        lambda: Machine(sandbox, reserving=reserving)
    )  # what makes one will do as well
    run_state_machine_as_test(machine, settings=stories)

"""Whether a payment is looked at once more."""

from __future__ import annotations

from .rules import LATE_MONEY_COMES_WITHIN, SWEPT_WITHIN, Run
from .world import World, moment


def is_young(world: World, number: int) -> bool:
    """Whether an attempt that ended without money is asked about once more."""
    age = moment(world.now) - moment(world.payments[number].created)
    return age <= LATE_MONEY_COMES_WITHIN


def is_swept(world: World, number: int, run: Run) -> bool:
    """Whether money that pays is looked at once more; told apart only where it may leave without us."""
    return run.has_trouble("reversals") and world.now < world.payments[number].created + SWEPT_WITHIN

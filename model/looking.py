"""Whether a payment is looked at once more."""

from __future__ import annotations

from .rules import AFTER_ALL, LATE_MONEY_COMES_WITHIN, SWEPT_WITHIN, Run
from .world import World, gone_back, moment


def is_young(world: World, number: int) -> bool:
    """Whether an attempt that ended without money is asked about once more."""
    age = moment(world.now) - moment(world.payments[number].created)
    return age <= LATE_MONEY_COMES_WITHIN


def is_swept(world: World, number: int, run: Run) -> bool:
    """Whether money that pays, or has gone back, is looked at once more; told apart only where it may leave,
    or come back, without us.
    """
    if run.has_trouble(AFTER_ALL):
        return gone_back(world.payments[number]) is not None
    payment = world.payments[number]
    if run.has_trouble("disputes"):  # for as long as a bank may withdraw it, and until that is decided
        return payment.dispute == "open" or world.now < run.bounds.end
    return run.has_trouble("reversals") and world.now < payment.created + SWEPT_WITHIN


def is_swept_later(world: World, number: int, run: Run) -> bool:
    """The same a day after a refund is done with; told apart only where a bank may have it meanwhile."""
    return run.has_trouble("disputes") or is_swept(world, number, run)

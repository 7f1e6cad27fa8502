"""What became of reserved money: what ``flows.reserved`` writes, one function for each decision."""

from __future__ import annotations

from holdfast.flows.decisions import Decision

from .bookings import ask_to_pay_again
from .looking import is_swept, is_young
from .moving import move_booking, move_movement, move_payment
from .owing import give_back
from .rules import VOID_TRIES, Run
from .world import Word, World, under_way, with_payment


def captured(world: World, number: int, word: Word, decision: Decision, run: Run) -> World:
    world = _now_taken(_conclude(world, number, "succeed"), number, word, decision, run)
    order = world.payments[number].order
    waits = world.orders[order].booking == "pending_approval"
    return move_booking(world, order, "approve") if waits else world


def captured_outside(world: World, number: int, word: Word, decision: Decision, run: Run) -> World:
    world = _now_taken(world, number, word, decision, run)
    payment = world.payments[number]
    return world if payment.wins or payment.quarantined else give_back(world, number, word.took)


def captured_instead(world: World, number: int, word: Word, decision: Decision, run: Run) -> World:
    world = _now_taken(_conclude(world, number, "fail"), number, word, decision, run)
    return give_back(world, number, word.took)


def back_to_payment(world: World, number: int, word: Word, decision: Decision, run: Run) -> World:
    won = world.payments[number].wins
    if under_way(world.payments[number]) is not None:
        world = _conclude(world, number, "fail")
    if decision.event:
        world = move_payment(world, number, decision.event)
        world = with_payment(world, number, wins=False, looked_after=is_young(world, number))
    else:
        world = give_back(world, number, world.payments[number].authorized)
    return ask_to_pay_again(world, world.payments[number].order, run) if won else world


def voided(world: World, number: int, word: Word, decision: Decision, run: Run) -> World:
    world = move_payment(_conclude(world, number, "succeed"), number, decision.event)
    return with_payment(world, number, looked_after=False)


def void_refused(world: World, number: int, word: Word, decision: Decision, run: Run) -> World:
    """After a few tries it is left to lapse by itself, and is looked at until it has."""
    world = _conclude(world, number, "fail")
    tried = sum(one.kind == "void" for one in world.payments[number].movements)
    return (
        give_back(world, number, 0) if tried < VOID_TRIES else with_payment(world, number, looked_after=True)
    )


def _conclude(world: World, number: int, event: str) -> World:
    movement = under_way(world.payments[number])
    assert movement is not None  # what the decision rests on
    return move_movement(world, number, movement, event)


def _now_taken(world: World, number: int, word: Word, decision: Decision, run: Run) -> World:
    swept = world.payments[number].wins and is_swept(world, number, run)
    world = move_payment(world, number, decision.event)
    return with_payment(world, number, captured=word.took, looked_after=swept)

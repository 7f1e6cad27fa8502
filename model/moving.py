"""Moves along the lifecycle tables, and what holds and releases time: the actions under every flow."""

from __future__ import annotations

from collections.abc import Callable

from holdfast.availability.lifecycle import ALLOCATION
from holdfast.booking.lifecycle import BOOKING
from holdfast.kernel.errors import MoveRefused
from holdfast.orders.lifecycle import ORDER
from holdfast.payments.lifecycle import PAYMENT, TRANSACTION

from .rules import Run
from .world import World, keeps_time, with_order, with_payment


def move_order(world: World, number: int, event: str) -> World:
    """Raises MoveRefused when the table has no such row."""
    after = ORDER.after(world.orders[number].state, event)
    return with_order(world, number, state=after)


def move_payment(world: World, number: int, event: str) -> World:
    """Raises MoveRefused when the table has no such row."""
    after = PAYMENT.after(world.payments[number].state, event)
    return with_payment(world, number, state=after)


def move_refund(world: World, payment: int, number: int, event: str) -> World:
    """Raises MoveRefused when the table has no such row."""
    refunds = list(world.payments[payment].refunds)
    refunds[number] = TRANSACTION.after(refunds[number], event)
    return with_payment(world, payment, refunds=tuple(refunds))


def confirm(world: World, order: int) -> World:
    """The booking, born confirmed."""
    assert "confirmed" in BOOKING.initial
    return with_order(world, order, booking="confirmed")


def release(world: World, number: int) -> World:
    """Give back whatever the order's line still keeps."""
    order = world.orders[number]
    if not keeps_time(order):
        return world
    after = ALLOCATION.after(order.allocation, "release")
    return with_order(world, number, allocation=after, held_until=None)


def take(world: World, number: int) -> World:
    """What is held becomes taken."""
    after = ALLOCATION.after(world.orders[number].allocation, "take")
    return with_order(world, number, allocation=after, held_until=None)


def free(world: World, number: int, event: str) -> World:
    """End a placed order and release all that it held."""
    world = move_order(world, number, event)
    return release(with_order(world, number, expires=None), number)


def room_for(world: World, slot: int, run: Run, *, besides: int | None = None) -> World | None:
    """The world with the slot free to claim, run-out holds in the way released; None if it is taken."""
    in_the_way = [
        number
        for number, order in enumerate(world.orders)
        if number != besides and keeps_time(order) and (slot, order.slot) in run.overlaps
    ]
    for number in in_the_way:
        order = world.orders[number]
        if order.allocation != "held" or order.held_until is None:
            return None
        if not run.rules.may_be_collided(order.held_until, world.now):
            return None
        world = release(world, number)
    return world


def claim_again(world: World, number: int, run: Run) -> World | None:
    """Take anew, as a new row, what this order once held and lost; None if somebody else has it."""
    cleared = room_for(world, world.orders[number].slot, run, besides=number)
    if cleared is None:
        return None
    assert "taken" in ALLOCATION.initial
    return with_order(cleared, number, allocation="taken", held_until=None)


def owe_refund(world: World, number: int) -> World:
    """A refund is written down, and the reconciler has a reason to look."""
    refunds = (*world.payments[number].refunds, "pending")
    return with_payment(world, number, refunds=refunds, looked_after=True)


def attempted(change: Callable[[], World], world: World) -> World:
    """The change; or the world as it was, with what the lifecycle refused to do."""
    try:
        return change()
    except MoveRefused as refused:
        return world._replace(refused=refused.message)

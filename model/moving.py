"""Moves along the lifecycle tables, and what holds and releases time: the actions under every flow."""

from __future__ import annotations

from collections.abc import Callable

from holdfast.availability.lifecycle import ALLOCATION
from holdfast.booking.lifecycle import BOOKING
from holdfast.kernel.errors import MoveRefused
from holdfast.orders.lifecycle import ORDER
from holdfast.payments.lifecycle import PAYMENT, TRANSACTION

from .rules import Run
from .world import Movement, World, keeps_time, with_order, with_payment


class RowRefused(Exception):
    """A unique index or a primary key lets no such row be written."""


def move_order(world: World, number: int, event: str) -> World:
    """Raises MoveRefused when the table has no such row."""
    after = ORDER.after(world.orders[number].state, event)
    return with_order(world, number, state=after)


def move_booking(world: World, order: int, event: str, *, answer_by: int | None = None) -> World:
    """Raises MoveRefused when the table has no such row."""
    after = BOOKING.after(world.orders[order].booking, event)
    return with_order(world, order, booking=after, answer_by=answer_by)


def move_payment(world: World, number: int, event: str) -> World:
    """Raises MoveRefused when the table has no such row."""
    payment = world.payments[number]
    return with_payment(world, number, state=PAYMENT.after(payment.state, event), seq=payment.seq + 1)


def move_refund(world: World, payment: int, number: int, event: str) -> World:
    """Raises MoveRefused when the table has no such row."""
    refunds = list(world.payments[payment].refunds)
    refunds[number] = TRANSACTION.after(refunds[number], event)
    return with_payment(world, payment, refunds=tuple(refunds))


def move_movement(world: World, payment: int, number: int, event: str) -> World:
    """Raises MoveRefused when the table has no such row."""
    movements = list(world.payments[payment].movements)
    kind, state = movements[number]
    movements[number] = Movement(kind, TRANSACTION.after(state, event))
    return with_payment(world, payment, movements=tuple(movements))


def book(world: World, order: int, state: str, *, answer_by: int | None = None) -> World:
    """A booking is born; it shares its line's id, so there is one at most. Raises RowRefused."""
    assert state in BOOKING.initial
    if world.orders[order].booking:
        raise RowRefused("a second booking is to be made of one line")
    return with_order(world, order, booking=state, answer_by=answer_by)


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


def hold_again(world: World, number: int, *, until: int) -> World:
    """What is taken is only held: its money is gone."""
    if world.orders[number].allocation != "taken":
        return world
    after = ALLOCATION.after("taken", "hold")
    return with_order(world, number, allocation=after, held_until=until)


def free(world: World, number: int, event: str, run: Run) -> World:
    """End a placed order, its booking with it, and release all that it held."""
    reopens = event == "expire" and run.bounds.terms.reopens
    world = with_order(move_order(world, number, "reopen" if reopens else event), number, expires=None)
    if BOOKING.allows(world.orders[number].booking, event):
        world = move_booking(world, number, event)
    return release(world, number)


def room_for(world: World, slot: int, run: Run, *, besides: int | None = None) -> World | None:
    """The world with the slot free to claim, run-out holds in the way released; None if it is taken.

    ``besides`` is an order whose own time, or whose move, is not in the way.
    """
    for number, order in enumerate(world.orders):
        if number == besides:
            continue
        if keeps_time(order) and (slot, order.slot) in run.overlaps:
            if order.allocation != "held" or not _is_over(order.held_until, world, run):
                return None
            world = release(world, number)
        move = order.move
        if move is not None and move.holds and (slot, move.slot) in run.overlaps:
            if not _is_over(move.expires, world, run):
                return None
            world = with_order(world, number, move=move._replace(holds=False))
    return world


def _is_over(held_until: int | None, world: World, run: Run) -> bool:
    return held_until is not None and run.rules.may_be_collided(held_until, world.now)


def claim_again(world: World, number: int, run: Run) -> World | None:
    """Take anew, as a new row, what this order once held and lost; None if somebody else has it."""
    cleared = room_for(world, world.orders[number].slot, run, besides=number)
    if cleared is None:
        return None
    assert "taken" in ALLOCATION.initial
    return with_order(cleared, number, allocation="taken", held_until=None)


def attempted(change: Callable[[], World], world: World) -> World:
    """The change; or the world as it was, with what a lifecycle or an index refused to do."""
    try:
        return change()
    except MoveRefused as refused:
        return world._replace(refused=refused.message)
    except RowRefused as refused:
        return world._replace(refused=str(refused))

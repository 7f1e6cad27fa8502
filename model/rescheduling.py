"""Moving a booking to a dearer time: that time is held, and the booking moves when the difference is paid."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

from holdfast.booking.lifecycle import BOOKING, RESCHEDULING

from .moving import RowRefused, attempted, move_booking, room_for
from .rules import MARGIN, PAY_WITHIN, Run, Step
from .wording import customer, slot
from .world import Move, World, minute, moment, winner, with_order


def reschedule(world: World, run: Run) -> Iterator[Step]:
    """The customer wants the second time instead, which is dearer. Where money is only reserved it is not."""
    if not run.has_trouble("a dearer time"):
        return
    for number, order in enumerate(world.orders):
        payment = winner(world, number)
        may_move = BOOKING.allows(order.booking, "reschedule") and order.move is None
        if payment is None or not may_move or world.payments[payment].state == "authorized":
            continue
        cleared = room_for(world, 1, run, besides=number)
        if cleared is None or run.bounds.slots[1][0] <= world.now or order.slot == 1:
            continue
        after = with_order(cleared, number, move=Move(1, world.now + PAY_WITHIN + MARGIN))
        yield Step(f"{customer(order.customer)} wants {slot(1, run)} instead, and holds it.", after)


def still_waits(world: World, number: int) -> bool:
    """Whether the move can be carried out: its time is held, and its booking stands."""
    order = world.orders[number]
    move = order.move
    waits = move is not None and move.state == "waiting" and move.holds
    return waits and BOOKING.allows(order.booking, "reschedule")


def carry_out_move(world: World, number: int, run: Run) -> World:
    """The difference has been paid: booking and time move together. Raises RowRefused, and MoveRefused."""
    order = world.orders[number]
    assert order.move is not None  # what the decision rests on
    state = RESCHEDULING.after(order.move.state, "carry_out")
    moved = order.move._replace(state=state, holds=False)
    cleared = room_for(world, order.move.slot, run, besides=number)
    if cleared is None:
        raise RowRefused("the time that a booking is moved to is taken")
    BOOKING.after(order.booking, "reschedule")
    begins = run.bounds.slots[order.move.slot][0]
    answer_by = None if order.answer_by is None else min(order.answer_by, begins)
    world = with_order(cleared, number, move=moved, slot=order.move.slot, answer_by=answer_by)
    world = with_order(world, number, allocation="taken", held_until=None)
    if not run.bounds.terms.accept_again or order.booking != "confirmed":
        return world
    until = run.rules.answer_by(
        since=moment(world.now),
        within=timedelta(seconds=run.bounds.terms.approve_within),
        starts_at=moment(begins),
        capture_before=None,
    )
    return move_booking(world, number, "ask_again", answer_by=minute(until))


def give_up_move(world: World, number: int, event: str) -> World:
    """A move that waits is not wanted any more, or its hold is over: the difference is asked for no more."""
    move = world.orders[number].move
    if move is None or move.state != "waiting":
        return world
    return with_order(
        world, number, move=move._replace(state=RESCHEDULING.after("waiting", event), holds=False)
    )


def expire_moves(world: World, run: Run) -> Iterator[Step]:
    """Moves whose difference has not been paid in time; their bookings stand as they were."""
    for number, order in enumerate(world.orders):
        if order.move is not None and order.move.state == "waiting" and order.move.expires <= world.now:
            after = attempted(partial(give_up_move, world, number, "expire"), world)
            yield Step(f"{customer(order.customer)}'s move is given up: the difference was not paid.", after)

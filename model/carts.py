"""Carts that are open again: their customer changes them, has them placed anew, or deletes them."""

from __future__ import annotations

from collections.abc import Iterator

from .customers import intent
from .moving import move_order, room_for
from .rules import MARGIN, PAY_WITHIN, Run, Step
from .wording import customer, slot
from .world import World, with_order, with_payment


def go_on(world: World, run: Run) -> Iterator[Step]:
    """What a customer may do with a cart whose hold has ended without money."""
    if not run.has_trouble("cart"):
        return
    for number, order in enumerate(world.orders):
        if order.state != "open":
            continue
        who = customer(order.customer)
        if stands(world, number):
            yield Step(f"{who} changes the cart.", withdraw_all(world, number))
        yield Step(f"{who} deletes the cart.", move_order(world, number, "cancel"))
        yield from _place(world, number, run)


def stands(world: World, number: int) -> bool:
    """Whether the cart is still as it was placed: what it was placed with is asked for."""
    return any(one.order == number and not one.withdrawn for one in world.payments)


def withdraw_all(world: World, number: int) -> World:
    """It is asked for no more, and money that comes for it goes back."""
    for one, payment in enumerate(world.payments):
        if payment.order == number:
            world = with_payment(world, one, withdrawn=True)
    return world


def _place(world: World, number: int, run: Run) -> Iterator[Step]:
    """The one transaction of placing it: its time is held anew, and another payment begun."""
    order = world.orders[number]
    made = sum(payment.order == number for payment in world.payments)
    has_begun = run.bounds.slots[order.slot][0] <= world.now
    if made >= run.bounds.placings or has_begun or not run.may_begin(world):
        return
    cleared = room_for(world, order.slot, run, besides=number)
    if cleared is None:
        return
    until = world.now + max(PAY_WITHIN + MARGIN, run.bounds.terms.reserve_for // 60)
    placed = move_order(withdraw_all(cleared, number), number, "place")
    held = with_order(placed, number, expires=until, held_until=until, allocation="held")
    story = f"{customer(order.customer)} has the cart placed anew, and holds {slot(order.slot, run)}."
    yield Step(story, intent(held, number))

"""Staff, who accept and decline what waits for them, and the clock, which declines what nobody has answered.

An answer is one transaction; the call of the gateway that follows it is an errand of its own. Any of the
staff may give any answer at any time: two of them who answer at once are two of these steps.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from holdfast.flows.answers import Answer, Asked

from .bookings import part
from .moving import attempted, move_booking
from .owing import take_reserved
from .rules import Run, Step
from .wording import customer
from .world import Errand, World, moment, under_way, winner, with_errand

PENDING = "pending_approval"


def approve(world: World, run: Run) -> Iterator[Step]:
    """Accepting confirms what is paid for, and asks for what is only reserved."""
    for number, order in enumerate(world.orders):
        if order.booking != PENDING:
            continue
        answer = run.rules.approve(asked(world, number)).answer
        story = f"Staff accept {customer(order.customer)}'s booking"
        if answer is Answer.CONFIRM:
            yield Step(f"{story}.", attempted(partial(move_booking, world, number, "approve"), world))
        if answer is Answer.CAPTURE and run.may_begin(world):
            after = attempted(partial(_capture, world, number), world)
            yield Step(f"{story}: its money is to be taken.", after)


def decline(world: World, run: Run) -> Iterator[Step]:
    """Declining frees the time, and gives back or sets free what was paid."""
    for number, order in enumerate(world.orders):
        if order.booking == PENDING and run.rules.decline(asked(world, number)).answer is Answer.DECLINE:
            after = attempted(partial(turn_away, world, number), world)
            yield Step(f"Staff decline {customer(order.customer)}'s booking.", after)


def decline_unanswered(world: World, run: Run) -> Iterator[Step]:
    """It reads a list first, but decides again under the order's lock."""
    for number, order in enumerate(world.orders):
        is_late = order.answer_by is not None and order.answer_by <= world.now
        if not is_late or order.booking != PENDING:
            continue
        if run.rules.decline(asked(world, number)).answer is Answer.DECLINE:
            after = attempted(partial(turn_away, world, number), world)
            yield Step(
                f"Nobody has answered: the clock declines {customer(order.customer)}'s booking.", after
            )


def asked(world: World, number: int) -> Asked:
    """What an answer depends on, in the terms of production's decisions."""
    paying = winner(world, number)
    payment = None if paying is None else world.payments[paying]
    reserved = payment is not None and payment.state == "authorized"
    movement = under_way(payment) if payment is not None and reserved else None
    return Asked(
        booking_state=world.orders[number].booking,
        has_money=payment is not None,
        is_reserved=reserved,
        under_way=payment.movements[movement].kind if payment and movement is not None else "",
        capture_before=moment(payment.capture_before) if payment and payment.capture_before else None,
        now=moment(world.now),
    )


def turn_away(world: World, number: int) -> World:
    return part(move_booking(world, number, "decline"), number, percent=100)


def _capture(world: World, number: int) -> World:
    payment = winner(world, number)
    assert payment is not None  # what the ruling rests on
    world = take_reserved(world, payment)
    movement = len(world.payments[payment].movements) - 1
    return with_errand(world, Errand("resolve", payment, movement=movement))

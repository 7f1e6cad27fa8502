"""Customers: they hold, pay, fail, cancel, pay again in an old tab, let go, come back, or never do."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from .asking import asked
from .bookings import part, percent_for
from .gateway import paid, told
from .moving import attempted, book, free, move_booking, room_for
from .rescheduling import still_waits
from .rules import MARGIN, PAY_WITHIN, Run, Step
from .wording import customer, slot, the_payment
from .world import (
    TOO_LITTLE,
    AtGateway,
    Errand,
    Order,
    Payment,
    World,
    under_way,
    winner,
    with_errand,
    with_gateway,
)


def check_out(world: World, run: Run) -> Iterator[Step]:
    """The one transaction of a checkout; the call of the gateway is an errand of its own.

    Customers are alike until they act, so the first to come is called A.
    """
    if not run.may_begin(world):
        return
    for who, wants in enumerate(run.bounds.wants):
        if not _may_come(world, who, run):
            continue
        for slot_number in wants:
            step = _hold(world, who, slot_number, run)
            if step is not None:
                yield step
                break  # an alternative is only taken when the first wish cannot be had


def _may_come(world: World, who: int, run: Run) -> bool:
    if who and all(order.customer != who - 1 for order in world.orders):
        return False
    own = [order for order in world.orders if order.customer == who]
    holding = any(order.state == "placed" and (order.expires or 0) > world.now for order in own)
    return len(own) < run.bounds.orders_each and not holding and all(not order.booking for order in own)


def _hold(world: World, who: int, slot_number: int, run: Run) -> Step | None:
    if run.bounds.slots[slot_number][0] <= world.now:
        return None
    cleared = room_for(world, slot_number, run)
    if cleared is None:
        return None
    until = world.now + max(PAY_WITHIN + MARGIN, run.bounds.terms.reserve_for // 60)
    number = len(cleared.orders)
    order = Order(who, slot_number, expires=until, held_until=until)
    after = cleared._replace(orders=(*cleared.orders, order))
    if run.bounds.terms.books_at_once:
        after = book(after, number, "pending_payment")
    else:
        after = intent(after, number)
    again = " again" if any(order.customer == who for order in world.orders) else ""
    collided = ", whose hold by another is over" if cleared is not world else ""
    return Step(f"{customer(who)} holds {slot(slot_number, run)}{again}{collided}.", after)


def intent(world: World, order: int, *, due: str = "full") -> World:
    number = len(world.payments)
    payment = Payment(order, created=world.now, due=due)
    written = world._replace(payments=(*world.payments, payment), gateway=(*world.gateway, AtGateway()))
    return with_errand(written, Errand("start", number))


def pay(world: World, run: Run) -> Iterator[Step]:
    """A payment of what is due, while its time is held: the first one, or another after one that has ended.

    One that is open at the gateway is gone back to, unless it stays open in an old tab.
    """
    if not run.may_begin(world):
        return
    for number, order in enumerate(world.orders):
        if order.move is not None:
            yield from _pay_the_difference(world, number, run)
        made = attempts_at(world, number, "full")
        holds = order.state == "placed" and (order.expires or 0) > world.now and order.allocation == "held"
        may_try = len(made) < run.bounds.attempts and winner(world, number) is None
        is_open = any(_is_open(world, one) for one in made)
        if not (holds and may_try) or (is_open and not run.has_trouble("old tab")):
            continue
        tries = "tries to pay anew" if made else "goes on to pay"
        kept = ", and keeps the old page open" if is_open else ""
        yield Step(f"{customer(order.customer)} {tries}{kept}.", intent(world, number))


def attempts_at(world: World, order: int, due: str) -> list[int]:
    """Attempts at what is still asked for."""
    made = enumerate(world.payments)
    return [n for n, one in made if (one.order, one.due, one.withdrawn) == (order, due, False)]


def _pay_the_difference(world: World, number: int, run: Run) -> Iterator[Step]:
    """As long as it is asked for, and its time is held."""
    order = world.orders[number]
    is_asked = still_waits(world, number) and order.state == "completed" and world.now < run.bounds.end
    made = attempts_at(world, number, "difference")
    may_try = len(made) < run.bounds.attempts and not any(_is_open(world, one) for one in made)
    if is_asked and may_try:
        story = f"{customer(order.customer)} goes on to pay the difference."
        yield Step(story, intent(world, number, due="difference"))


def _is_open(world: World, number: int) -> bool:
    """Whether a payment is at the gateway to be paid there, or is just being brought there."""
    payment = world.payments[number]
    is_open = payment.state == "pending" and payment.has_page and world.gateway[number].expires > world.now
    return is_open or any(e.payment == number and e.doing in ("start", "record") for e in world.errands)


def on_the_page(world: World, run: Run) -> Iterator[Step]:
    """What may happen on the gateway's page while it is open, in a tab however old."""
    for number, at in enumerate(world.gateway):
        if at.status != "open" or not at.shown:
            continue
        who = customer(world.orders[world.payments[number].order].customer)
        where = "" if len(world.payments) == 1 else f" on the page of {the_payment(world, number)}"
        yield Step(f"{who} pays{where}.", paid(world, number, run))
        if run.has_trouble("wrong amount"):
            after = paid(world, number, run, amount=TOO_LITTLE)
            yield Step(f"{who} pays{where}, and the gateway takes the wrong amount.", after)
        yield Step(f"{who} tries to pay{where} and fails.", told(world, number, run, status="failed"))
        if run.has_trouble("cancel"):
            yield Step(f"{who} cancels{where}.", told(world, number, run, status="canceled"))
        if run.has_trouble("slow bank"):
            after = with_gateway(world, number, status="deciding")
            yield Step(f"{who} pays{where}, and the bank takes its time.", after)


def come_back(world: World, run: Run) -> Iterator[Step]:
    """The return page asks the gateway; whatever else the browser brings along is not looked at."""
    if not run.may_begin(world):
        return
    for number, payment in enumerate(world.payments):
        order = world.orders[payment.order]
        if order.state != "placed":
            continue
        who = customer(order.customer)
        story = f"{who} comes back; the return page asks about {the_payment(world, number)}"
        yield from asked(world, Errand("settle", number), run, story=story)


def let_go(world: World, run: Run) -> Iterator[Step]:
    """The customer releases the hold: the gateway is asked first."""
    if not run.has_trouble("release") or not run.may_begin(world):
        return
    for number, payment in enumerate(world.payments):
        order = world.orders[payment.order]
        if order.state != "placed" or payment.withdrawn:
            continue
        who = customer(order.customer)
        has_paid = world.gateway[number].status == "captured"
        story = f"{who} asks to let the time of {the_payment(world, number)} go"
        yield from asked(world, Errand("release", number, paid_before=has_paid), run, story=story)


def cancel(world: World, run: Run) -> Iterator[Step]:
    """The customer cancels a booking, whatever it waits for, unless its money is being taken or freed."""
    if not run.has_trouble("cancellation"):
        return
    for number, order in enumerate(world.orders):
        has_begun = run.bounds.slots[order.slot][0] <= world.now
        if order.booking not in ("pending_payment", "pending_approval", "confirmed") or has_begun:
            continue
        payment = winner(world, number)
        if payment is None or not _is_being_answered(world.payments[payment]):
            after = attempted(partial(_cancel, world, number, run), world)
            yield Step(
                f"{customer(order.customer)} cancels the booking that is {order.booking.replace('_', ' ')}.",
                after,
            )


def _is_being_answered(payment: Payment) -> bool:
    return payment.state == "authorized" and under_way(payment) is not None


def _cancel(world: World, number: int, run: Run) -> World:
    percent = percent_for(world, number, run)
    world = move_booking(world, number, "cancel")
    if world.orders[number].state == "placed":
        return free(world, number, "cancel", run)
    return part(world, number, percent=percent)

"""Customers: they hold, pay, fail, cancel, pay again in an old tab, let go, come back, or never do."""

from __future__ import annotations

from collections.abc import Iterator

from .asking import words_of
from .moving import room_for
from .rules import MARGIN, PAY_WITHIN, Run, Step
from .wording import customer, said, slot, the_payment
from .world import (
    PRICE,
    TOO_LITTLE,
    AtGateway,
    Errand,
    Notice,
    Order,
    Payment,
    World,
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
    until = world.now + PAY_WITHIN + MARGIN
    order = Order(who, slot_number, expires=until, held_until=until)
    after = _intent(cleared._replace(orders=(*cleared.orders, order)), len(cleared.orders))
    again = " again" if any(order.customer == who for order in world.orders) else ""
    collided = ", whose hold by another is over" if cleared is not world else ""
    return Step(f"{customer(who)} holds {slot(slot_number, run)}{again}{collided}.", after)


def _intent(world: World, order: int) -> World:
    number = len(world.payments)
    written = world._replace(
        payments=(*world.payments, Payment(order, created=world.now)), gateway=(*world.gateway, AtGateway())
    )
    return with_errand(written, Errand("start", number))


def pay_anew(world: World, run: Run) -> Iterator[Step]:
    """A second attempt at the same due, while the hold lasts: the first page stays open in an old tab."""
    if run.bounds.attempts < 2 or not run.may_begin(world):
        return
    for number, order in enumerate(world.orders):
        made = sum(payment.order == number for payment in world.payments)
        if order.state == "placed" and (order.expires or 0) > world.now and made < run.bounds.attempts:
            who = customer(order.customer)
            yield Step(f"{who} tries to pay anew, and keeps the old page open.", _intent(world, number))


def on_the_page(world: World, run: Run) -> Iterator[Step]:
    """What may happen on the gateway's page while it is open, in a tab however old."""
    for number, at in enumerate(world.gateway):
        if at.status != "open" or not at.shown:
            continue
        who = customer(world.orders[world.payments[number].order].customer)
        where = "" if len(world.payments) == 1 else f" on the page of {the_payment(world, number)}"
        yield Step(f"{who} pays{where}.", told(world, number, run, status="captured", took=PRICE.amount))
        if run.has_trouble("wrong amount"):
            after = told(world, number, run, status="captured", took=TOO_LITTLE)
            yield Step(f"{who} pays{where}, and the gateway takes the wrong amount.", after)
        yield Step(f"{who} tries to pay{where} and fails.", told(world, number, run, status="failed"))
        if run.has_trouble("cancel"):
            yield Step(f"{who} cancels{where}.", told(world, number, run, status="canceled"))
        if run.has_trouble("slow bank"):
            after = with_gateway(world, number, status="deciding")
            yield Step(f"{who} pays{where}, and the bank takes its time.", after)


def told(world: World, number: int, run: Run, *, status: str, took: int = 0) -> World:
    """The gateway decides, and sends a webhook about it."""
    world = with_gateway(world, number, status=status, took=took)
    if run.has_trouble("webhooks"):
        world = world._replace(mail=world.mail | {Notice(number, status)})
    return world


def come_back(world: World, run: Run) -> Iterator[Step]:
    """The return page asks the gateway; whatever else the browser brings along is not looked at."""
    if not run.may_begin(world):
        return
    for number, payment in enumerate(world.payments):
        order = world.orders[payment.order]
        if order.state != "placed":
            continue
        who = customer(order.customer)
        for word in words_of(world, number, run):
            after = with_errand(world, Errand("settle", number, word))
            yield Step(f"{who} comes back; the return page asks the gateway, which says {said(word)}.", after)


def let_go(world: World, run: Run) -> Iterator[Step]:
    """The customer releases the hold: the gateway is asked first."""
    if not run.has_trouble("release") or not run.may_begin(world):
        return
    for number, payment in enumerate(world.payments):
        order = world.orders[payment.order]
        if order.state != "placed":
            continue
        who = customer(order.customer)
        paid = world.gateway[number].status == "captured"
        for word in words_of(world, number, run):
            after = with_errand(world, Errand("release", number, word, paid_before=paid))
            yield Step(f"{who} asks to let the time go; the gateway says {said(word)}.", after)

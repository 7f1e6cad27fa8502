"""What becomes of an order's booking when its money comes, when it goes, and when somebody ends it."""

from __future__ import annotations

from datetime import timedelta

from holdfast.booking.refund_terms import percent_back, share_of

from .moving import book, hold_again, move_booking, move_order, release
from .owing import give_back, take_reserved
from .rescheduling import give_up_move
from .rules import Run
from .world import Payment, World, minute, moment, winner, winners, with_order


def enter(world: World, number: int, order: int, run: Run) -> World:
    """An order whose time is taken is complete: its booking is there, or moves on."""
    terms = run.bounds.terms
    world = with_order(move_order(world, order, "complete"), order, expires=None)
    reserved = world.payments[number].state == "authorized"
    waits_until = _waits_until(world, number, order, run)
    if world.orders[order].booking:
        event = "confirm" if waits_until is None else "await_approval"
        world = move_booking(world, order, event, answer_by=waits_until)
    else:
        state = "confirmed" if waits_until is None else "pending_approval"
        world = book(world, order, state, answer_by=waits_until)
    return take_reserved(world, number) if reserved and not terms.asks_approval else world


def _waits_until(world: World, number: int, order: int, run: Run) -> int | None:
    terms, payment = run.bounds.terms, world.payments[number]
    reserved = payment.state == "authorized"
    if not (terms.asks_approval or reserved):
        return None
    lapses = moment(payment.capture_before) if reserved and payment.capture_before else None
    until = run.rules.answer_by(
        since=moment(world.now),
        within=timedelta(seconds=terms.approve_within),
        starts_at=moment(starts(world, order, run)),
        capture_before=lapses,
    )
    return minute(until)


def ask_to_pay_again(world: World, order: int, run: Run) -> World:
    """The money of a booking is gone: its time is held a while longer, for another payment."""
    within = run.bounds.terms.pay_again_within // 60
    until = min(world.now + within, max(starts(world, order, run), world.now))
    world = with_order(move_order(world, order, "lose_money"), order, expires=until)
    world = hold_again(world, order, until=until)
    if world.orders[order].booking == "pending_approval":
        world = move_booking(world, order, "lose_money")
    return world


def part(world: World, order: int, *, percent: int) -> World:
    """The booking has ended: its time is free, a move is not wanted any more, and so many percent of what was
    paid go back, of the latest payment first."""
    paying = winners(world, order)
    world = give_up_move(move_order(release(world, order), order, "cancel"), order, "withdraw")
    world = with_order(world, order, expires=None)
    owed = share_of(sum(_kept(world.payments[one]) for one in paying), percent=percent)
    for one in reversed(paying):
        share = min(owed, _kept(world.payments[one]))
        owed -= share
        world = give_back(world, one, share) if share else world
    return world


def _kept(payment: Payment) -> int:
    """What its customer has given for it and does not have back: taken, or only reserved."""
    if payment.state == "authorized":
        return payment.authorized
    return payment.captured - payment.reversed


def percent_for(world: World, order: int, run: Run) -> int:
    """What a customer who cancels now gets back; reserved money is set free, all of it."""
    payment = winner(world, order)
    if payment is not None and world.payments[payment].state == "authorized":
        return 100
    notice = timedelta(minutes=starts(world, order, run) - world.now)
    return percent_back(run.bounds.terms.refund_shares, notice=notice)


def starts(world: World, order: int, run: Run) -> int:
    return run.bounds.slots[world.orders[order].slot][0]

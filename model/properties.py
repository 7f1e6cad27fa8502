"""What must be true: in every world, and once everything has come to rest.

Each property is a function that answers what is wrong, or nothing. Its docstring is what it promises.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import combinations

from .rules import REFUND_TRIES, SET_FREE_WITHIN, VOID_TRIES, Run
from .wording import customer, the_payment
from .world import OPEN, PRICE, STANDS, AtGateway, Order, Payment, World, keeps_time, winner

Property = Callable[[World, Run], Iterable[str]]
ACCEPTED = ("confirmed", "in_progress", "completed")
ALIVE = ("pending_approval", *ACCEPTED)
UNPAID = ("", "pending_payment")
# What an order's booking may be, by the order's state.
AGREE = {
    "open": ("", "expired"),
    "placed": UNPAID,
    "completed": ALIVE,
    "expired": ("", "expired"),
    "canceled": ("", "canceled", "declined"),
}


def no_slot_twice(world: World, run: Run) -> Iterator[str]:
    """No seat is kept by two owners at the same time; what a booking is to move to is its own."""
    if len(world.orders) < 2:
        return
    kept = [(order, slot) for order in world.orders for slot in _kept_by(order)]
    for (one, first), (other, second) in combinations(kept, 2):
        if one is not other and (first, second) in run.overlaps:
            yield f"{customer(one.customer)} and {customer(other.customer)} keep the same time"


def _kept_by(order: Order) -> list[int]:
    moves_to = [order.move.slot] if order.move is not None and order.move.holds else []
    return [order.slot, *moves_to] if keeps_time(order) else moves_to


def no_hold_cut_short(world: World, run: Run) -> Iterator[str]:
    """A placed order keeps its time until its hold is over, and so does a move that waits."""
    for order in world.orders:
        ends = order.expires
        if order.state == "placed" and ends is not None and ends > world.now and not keeps_time(order):
            yield f"{customer(order.customer)} has lost a time whose hold is not over"
        move = order.move
        if move is not None and move.state == "waiting" and move.expires > world.now and not move.holds:
            yield f"{customer(order.customer)} has lost the time to move to, whose hold is not over"


def no_booking_without_its_money(world: World, run: Run) -> Iterator[str]:
    """A live booking has its time, and one winning payment of the right amount: reserved while it waits for
    an answer, taken once it is confirmed. Without one a person has been told, for its money is quarantined
    or has left."""
    for number, order in enumerate(world.orders):
        who = customer(order.customer)
        if order.booking not in ALIVE:
            if order.allocation == "taken":
                yield f"{who}'s time is taken for no booking"
            continue
        if order.allocation != "taken":
            yield f"{who}'s booking has no time"
        theirs = [p for p in world.payments if p.order == number]
        winners = [p for p in theirs if p.wins and p.due == "full"]
        told = any(p.quarantined or p.reversed for p in theirs)
        if not (len(winners) == 1 and _pays_for(winners[0], order)) and (winners or not told):
            yield f"{who}'s booking has not been paid for, once and in full"


def _pays_for(payment: Payment, order: Order) -> bool:
    if payment.state == "authorized":
        return payment.authorized == PRICE.amount and order.booking == "pending_approval"
    return payment.captured == PRICE.amount


def no_winner_without_its_booking(world: World, run: Run) -> Iterator[str]:
    """A winning payment has its booking, or one that was canceled at its customer's cost; it is not
    quarantined and not all of it is on its way back; a due has one."""
    for number, payment in enumerate(world.payments):
        if not payment.wins:
            continue
        order = world.orders[payment.order]
        kept = order.booking == "canceled" and payment.state == "captured"
        if order.booking not in ALIVE and not kept:
            yield f"{the_payment(world, number)} wins, and there is no booking"
        moved = order.move is not None and order.move.state == "done"
        if payment.due == "difference" and not moved:
            yield f"{the_payment(world, number)} wins, and the booking has not been moved"
        if payment.withdrawn:
            yield f"{the_payment(world, number)} wins what is asked for no more"
        if payment.quarantined or payment.back >= payment.captured > 0:
            yield f"{the_payment(world, number)} wins, and is quarantined or on its way back"
    for one, other in combinations([p for p in world.payments if p.wins], 2):
        if (one.order, one.due) == (other.order, other.due):
            yield "two payments win one due"


def orders_and_bookings_agree(world: World, run: Run) -> Iterator[str]:
    """An order is complete while its booking lives, placed while it is to be paid, and ends with it."""
    for order in world.orders:
        if order.booking not in AGREE[order.state]:
            booking = order.booking or "none"
            yield f"{customer(order.customer)}'s order is {order.state}, and the booking is {booking}"


def no_money_but_the_gateways(world: World, run: Run) -> Iterator[str]:
    """What we believe to be captured is what the gateway took, unless it is quarantined."""
    for number, (payment, at) in enumerate(zip(world.payments, world.gateway, strict=True)):
        if payment.captured and payment.captured != taken(at) and not payment.quarantined:
            yield f"{the_payment(world, number)} counts {payment.captured}, and the gateway took {taken(at)}"
        if payment.state == "voided" and at.status in ("authorized", "capturing", "captured"):
            yield f"{the_payment(world, number)} is free in our books, and {at.status} at the gateway"


def nothing_written_off_can_be_paid(world: World, run: Run) -> Iterator[str]:
    """What has expired in our books is not open at its gateway, nor has it been paid there, unless that
    gateway takes money after its end."""
    stands = ("open",) if run.has_trouble("late success") else ("open", "authorized", "captured")
    for number, (payment, at) in enumerate(zip(world.payments, world.gateway, strict=True)):
        if payment.state == "expired" and at.status in stands:
            yield f"{the_payment(world, number)} is expired in our books, and {at.status} at the gateway"


def no_answer_comes_too_late(world: World, run: Run) -> Iterator[str]:
    """Who may answer does so while there is time to set the money free, or to take it."""
    for number, order in enumerate(world.orders):
        if order.answer_by is None or (paying := winner(world, number)) is None:
            continue
        payment = world.payments[paying]
        if payment.state == "authorized" and 0 < payment.capture_before < order.answer_by + SET_FREE_WITHIN:
            yield f"{customer(order.customer)} may be answered when the money lapses"


def no_money_without_an_answer(world: World, run: Run) -> Iterator[str]:
    """Captured money pays for something, waits for a person, or is on its way back."""
    for number, payment in enumerate(world.payments):
        if payment.captured and not _is_answered(payment):
            yield f"{the_payment(world, number)} was captured, pays nothing and is not on its way back"


def no_reserved_money_without_an_answer(world: World, run: Run) -> Iterator[str]:
    """Reserved money pays for something, waits for a person, or is being set free; or that was refused too
    often, and it lapses."""
    for number, payment in enumerate(world.payments):
        if payment.state != "authorized" or payment.wins or payment.quarantined:
            continue
        voids = [one.state for one in payment.movements if one.kind == "void"]
        if not any(state in OPEN for state in voids) and voids.count("failed") < VOID_TRIES:
            yield f"{the_payment(world, number)} is reserved, pays nothing and is not being set free"


def reserved_money_moves_once(world: World, run: Run) -> Iterator[str]:
    """One capture or void of a payment is asked for at a time, and one at most has an effect."""
    for number, (payment, at) in enumerate(zip(world.payments, world.gateway, strict=True)):
        if sum(one.state in STANDS for one in payment.movements) > 1:
            yield f"a capture and a void of {the_payment(world, number)} are both asked for"
        if len(at.effects) > 1:
            yield f"the money of {the_payment(world, number)} was moved twice: {' and '.join(at.effects)}"


def no_more_back_than_was_taken(world: World, run: Run) -> Iterator[str]:
    """Refunds, each of all that a payment took, are given once; one at a time is under way."""
    for number, (payment, at) in enumerate(zip(world.payments, world.gateway, strict=True)):
        if sum(state in ("pending", "succeeded") for state in at.refunds) > (1 if taken(at) else 0):
            yield f"more of {the_payment(world, number)} goes back than was taken"
        if sum(state in STANDS for state in payment.refunds) > 1:
            yield f"two refunds of {the_payment(world, number)} are owed"


def no_cancellation_of_what_was_paid(world: World, run: Run) -> Iterator[str]:
    """Nobody lets go a time that was paid for before they asked."""
    for order in world.orders:
        if order.let_go_though_paid:
            yield f"{customer(order.customer)} had paid before the time was let go"


def no_refused_move(world: World, run: Run) -> Iterator[str]:
    """No story attempts a move that its lifecycle does not have."""
    if world.refused:
        yield world.refused


ALWAYS: tuple[Property, ...] = (
    no_slot_twice,
    no_hold_cut_short,
    no_winner_without_its_booking,
    no_booking_without_its_money,
    orders_and_bookings_agree,
    no_money_but_the_gateways,
    nothing_written_off_can_be_paid,
    no_answer_comes_too_late,
    no_money_without_an_answer,
    no_reserved_money_without_an_answer,
    reserved_money_moves_once,
    no_more_back_than_was_taken,
    no_cancellation_of_what_was_paid,
    no_refused_move,
)


def _is_answered(payment: Payment) -> bool:
    on_its_way = payment.back if any(state in STANDS for state in payment.refunds) else 0
    given_up = len(payment.refunds) >= REFUND_TRIES  # a person has been told
    gone = on_its_way + payment.reversed >= payment.captured
    return payment.wins or payment.quarantined or gone or given_up


def taken(at: AtGateway) -> int:
    """What the gateway has taken of a payment, rather than reserved."""
    return at.took if at.status == "captured" else 0


# --- at rest ---


UNDECIDED_THERE = ("open", "deciding", "authorized", "capturing")


def is_at_rest(world: World, run: Run) -> bool:
    """The clock at its end, nothing to deliver, no process under way, the gateway decided, no look due."""
    return (
        world.now == run.bounds.end
        and not (world.errands or world.calls or world.mail or world.jobs)
        and not any(payment.looked_after for payment in world.payments)
        and not any(_is_undecided(at) for at in world.gateway)
        and not any(order.state == "placed" and order.expires is not None for order in world.orders)
        and not any(order.answer_by is not None or _waits(order) for order in world.orders)
    )


def _is_undecided(at: AtGateway) -> bool:
    return at.status in UNDECIDED_THERE or "pending" in at.refunds or at.dispute == "open"


def _waits(order: Order) -> bool:
    return order.move is not None and order.move.state == "waiting"


def every_path_has_ended(world: World, run: Run) -> Iterator[str]:
    """No order is placed, no time only held, no booking waits, and no payment, refund, capture or void is
    undecided."""
    for number, order in enumerate(world.orders):
        if order.state == "placed" or order.allocation == "held":
            yield f"order {number + 1} is {order.state} and its time {order.allocation} for ever"
        if order.booking in ("pending_payment", "pending_approval"):
            yield f"{customer(order.customer)}'s booking is {order.booking.replace('_', ' ')} for ever"
    for number, payment in enumerate(world.payments):
        asked = (*payment.refunds, *(one.state for one in payment.movements))
        if payment.state in ("created", "pending", "authorized") or any(s in OPEN for s in asked):
            yield f"{the_payment(world, number)} is undecided for ever"


def every_money_has_its_answer(world: World, run: Run) -> Iterator[str]:
    """All that the gateway took is booked, given back, left to a person or quarantined."""
    for number, (payment, at) in enumerate(zip(world.payments, world.gateway, strict=True)):
        if not taken(at):
            continue
        given_back = "succeeded" in payment.refunds and "succeeded" in at.refunds
        given_up = len(payment.refunds) >= REFUND_TRIES and set(payment.refunds) == {"failed"}
        if not (payment.wins or payment.quarantined or given_back or given_up or payment.reversed):
            yield f"the gateway took the money of {the_payment(world, number)}, and nothing came of it"


def every_dispute_is_known(world: World, run: Run) -> Iterator[str]:
    """What a bank has withdrawn, or given back, is so in our books."""
    for number, (payment, at) in enumerate(zip(world.payments, world.gateway, strict=True)):
        was_missed = at.dispute == "won" and not payment.dispute  # it was over before anybody looked
        if payment.dispute != at.dispute and not was_missed:
            ours = payment.dispute or "unknown"
            yield f"a dispute about {the_payment(world, number)} is {at.dispute}, and {ours} to us"


AT_REST: tuple[Property, ...] = (every_path_has_ended, every_money_has_its_answer, every_dispute_is_known)


def what_is_wrong(world: World, run: Run) -> str:
    """What one world violates, in a sentence; empty if nothing."""
    properties = (*ALWAYS, *AT_REST) if is_at_rest(world, run) else ALWAYS
    return next((wrong for promise in properties for wrong in promise(world, run)), "")

"""What must be true: in every world, of every step, and once everything has come to rest.

Each property is a function that answers what is wrong, or nothing. Its docstring is what it promises.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import combinations
from typing import TypeVar

from holdfast.availability.lifecycle import ALLOCATION
from holdfast.kernel.lifecycle import Lifecycle
from holdfast.orders.lifecycle import ORDER
from holdfast.payments.lifecycle import PAYMENT, TRANSACTION

from .rules import REFUND_TRIES, Run
from .wording import customer, the_payment
from .world import OPEN_REFUND, PRICE, Payment, World, keeps_time

T = TypeVar("T")
Property = Callable[[World, Run], Iterable[str]]
ALIVE = ("confirmed", "in_progress", "completed")


def no_slot_twice(world: World, run: Run) -> Iterator[str]:
    """No seat is kept by two owners at the same time."""
    keeping = [order for order in world.orders if keeps_time(order)]
    for one, other in combinations(keeping, 2):
        if (one.slot, other.slot) in run.overlaps:
            yield f"{customer(one.customer)} and {customer(other.customer)} keep the same time"


def no_hold_cut_short(world: World, run: Run) -> Iterator[str]:
    """A placed order keeps its time until its hold is over."""
    for order in world.orders:
        ends = order.expires
        if order.state == "placed" and ends is not None and ends > world.now and not keeps_time(order):
            yield f"{customer(order.customer)} has lost a time whose hold is not over"


def no_booking_without_its_money(world: World, run: Run) -> Iterator[str]:
    """A live booking has its time, and one winning payment of the right amount."""
    for number, order in enumerate(world.orders):
        if order.booking not in ALIVE:
            if order.allocation == "taken":
                yield f"{customer(order.customer)}'s time is taken for no booking"
            continue
        if order.allocation != "taken":
            yield f"{customer(order.customer)}'s booking has no time"
        if order.state != "completed":
            yield f"{customer(order.customer)} has a booking, and the order is {order.state}"
        winners = [p for p in world.payments if p.order == number and p.wins]
        if [p.captured for p in winners] != [PRICE.amount]:
            yield f"{customer(order.customer)}'s booking has not been paid for, once and in full"


def no_winner_without_its_booking(world: World, run: Run) -> Iterator[str]:
    """A winning payment has its booking, is not quarantined and not on its way back; a due has one."""
    for number, payment in enumerate(world.payments):
        if not payment.wins:
            continue
        if world.orders[payment.order].booking not in ALIVE:
            yield f"{the_payment(world, number)} wins, and there is no booking"
        if payment.quarantined or payment.refunds:
            yield f"{the_payment(world, number)} wins, and is quarantined or on its way back"
    for one, other in combinations([p for p in world.payments if p.wins], 2):
        if one.order == other.order:
            yield "two payments win one due"


def no_money_but_the_gateways(world: World, run: Run) -> Iterator[str]:
    """What we believe to be captured is what the gateway took, unless it is quarantined."""
    for number, (payment, at) in enumerate(zip(world.payments, world.gateway, strict=True)):
        if payment.captured and payment.captured != at.took and not payment.quarantined:
            yield f"{the_payment(world, number)} counts {payment.captured}, and the gateway took {at.took}"


def no_money_without_an_answer(world: World, run: Run) -> Iterator[str]:
    """Captured money pays for something, waits for a person, or is on its way back."""
    for number, payment in enumerate(world.payments):
        if payment.captured and not _is_answered(payment):
            yield f"{the_payment(world, number)} was captured, pays nothing and is not on its way back"


def no_more_back_than_was_taken(world: World, run: Run) -> Iterator[str]:
    """Refunds, each of all that a payment took, are given once; one at a time is under way."""
    for number, (payment, at) in enumerate(zip(world.payments, world.gateway, strict=True)):
        if sum(state in ("pending", "succeeded") for state in at.refunds) > (1 if at.took else 0):
            yield f"more of {the_payment(world, number)} goes back than was taken"
        if sum(state in (*OPEN_REFUND, "succeeded") for state in payment.refunds) > 1:
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
    no_money_but_the_gateways,
    no_money_without_an_answer,
    no_more_back_than_was_taken,
    no_cancellation_of_what_was_paid,
    no_refused_move,
)


def _is_answered(payment: Payment) -> bool:
    on_its_way = any(state in (*OPEN_REFUND, "succeeded") for state in payment.refunds)
    given_up = len(payment.refunds) >= REFUND_TRIES  # a person has been told
    return payment.wins or payment.quarantined or on_its_way or given_up


# --- of a step ---


def _two_moves(lifecycle: Lifecycle) -> frozenset[tuple[str, str]]:
    """What one transaction may do: one move, or two (late money revives an order and completes it)."""
    moves = lifecycle.moves
    return moves | {(one, last) for one, middle in moves for again, last in moves if middle == again}


ORDER_MOVES = _two_moves(ORDER)
NEW_ROW = ("released", "taken")  # late money claims the time again: a new row, born taken
ALLOCATION_MOVES = ALLOCATION.moves | {NEW_ROW, ("held", "taken")}


def only_along_the_tables(before: World, after: World) -> Iterator[str]:
    """Every state moves along its table only, so a no never overwrites money; and money never shrinks."""
    for was, now in _changed(before.payments, after.payments):
        yield from _moved("payment", was.state, now.state, PAYMENT.moves)
        for refund_was, refund_now in zip(was.refunds, now.refunds, strict=False):
            yield from _moved("refund", refund_was, refund_now, TRANSACTION.moves)
        if now.captured < was.captured or (was.wins and not now.wins):
            yield "money that was counted is forgotten"
    for ordered, order in _changed(before.orders, after.orders):
        yield from _moved("order", ordered.state, order.state, ORDER_MOVES)
        yield from _moved("allocation", ordered.allocation, order.allocation, ALLOCATION_MOVES)


def _changed(before: tuple[T, ...], after: tuple[T, ...]) -> list[tuple[T, T]]:
    """The rows that a step has changed, before and after; a new one is not among them."""
    if before is after:
        return []
    return [(was, now) for was, now in zip(before, after, strict=False) if was is not now]


def _moved(subject: str, was: str, now: str, moves: frozenset[tuple[str, str]]) -> Iterator[str]:
    if was != now and (was, now) not in moves:
        yield f"a {subject} went from {was} to {now}"


# --- at rest ---


def is_at_rest(world: World, run: Run) -> bool:
    """The clock at its end, nothing to deliver, no process under way, the gateway decided, no look due."""
    return (
        world.now == run.bounds.end
        and not (world.errands or world.mail or world.jobs)
        and not any(payment.looked_after for payment in world.payments)
        and not any(at.status in ("open", "deciding") or "pending" in at.refunds for at in world.gateway)
        and not any(order.state == "placed" and order.expires is not None for order in world.orders)
    )


def every_path_has_ended(world: World, run: Run) -> Iterator[str]:
    """No order is open, no time only held, no payment or refund undecided."""
    for number, order in enumerate(world.orders):
        if order.state in ("open", "placed") or order.allocation == "held":
            yield f"order {number + 1} is {order.state} and its time {order.allocation} for ever"
    for number, payment in enumerate(world.payments):
        if payment.state in ("created", "pending") or any(s in OPEN_REFUND for s in payment.refunds):
            yield f"{the_payment(world, number)} is undecided for ever"


def every_money_has_its_answer(world: World, run: Run) -> Iterator[str]:
    """All that the gateway took is booked, given back, left to a person or quarantined."""
    for number, (payment, at) in enumerate(zip(world.payments, world.gateway, strict=True)):
        if not at.took:
            continue
        given_back = "succeeded" in payment.refunds and "succeeded" in at.refunds
        given_up = len(payment.refunds) >= REFUND_TRIES and set(payment.refunds) == {"failed"}
        if not (payment.wins or payment.quarantined or given_back or given_up):
            yield f"the gateway took the money of {the_payment(world, number)}, and nothing came of it"


AT_REST: tuple[Property, ...] = (every_path_has_ended, every_money_has_its_answer)


def what_is_wrong(world: World, run: Run) -> str:
    """What one world violates, in a sentence; empty if nothing."""
    properties = (*ALWAYS, *AT_REST) if is_at_rest(world, run) else ALWAYS
    return next((wrong for promise in properties for wrong in promise(world, run)), "")

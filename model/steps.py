"""What must be true of every step: states move along their tables only, and money that was counted stays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from holdfast.availability.lifecycle import ALLOCATION
from holdfast.booking.lifecycle import BOOKING
from holdfast.kernel.lifecycle import Lifecycle
from holdfast.orders.lifecycle import ORDER
from holdfast.payments.lifecycle import PAYMENT, TRANSACTION

from .wording import customer
from .world import REOPENED, Order, Payment, World

T = TypeVar("T")


def _two_moves(lifecycle: Lifecycle) -> frozenset[tuple[str, str]]:
    """What one transaction may do: one move, or two (late money revives an order and completes it)."""
    moves = lifecycle.moves
    return moves | {(one, last) for one, middle in moves for again, last in moves if middle == again}


# Or a row beside it says that it has failed after all.
REFUND_MOVES = TRANSACTION.moves | {("succeeded", REOPENED)}
ORDER_MOVES = _two_moves(ORDER)
BOOKING_MOVES = BOOKING.moves | {("", state) for state in BOOKING.initial}
# The time is claimed again, a new row: late money takes it, a cart that is placed anew holds it.
NEW_ROWS = {("released", "taken"), ("released", "held")}
ALLOCATION_MOVES = ALLOCATION.moves | NEW_ROWS


def only_along_the_tables(before: World, after: World) -> Iterator[str]:
    """Every state moves along its table only, so a no never overwrites money; and money never shrinks."""
    for was, now in _changed(before.payments, after.payments):
        yield from _moved("payment", was.state, now.state, PAYMENT.moves)
        for refund_was, refund_now in zip(was.refunds, now.refunds, strict=False):
            yield from _moved("refund", refund_was, refund_now, REFUND_MOVES)
        if now.captured < was.captured or (was.wins and not now.wins and now.movements == was.movements):
            yield from _forgotten(was, now)
        for movement_was, movement_now in zip(was.movements, now.movements, strict=False):
            yield from _moved(movement_was.kind, movement_was.state, movement_now.state, TRANSACTION.moves)
        yield from _asked_for_too_late(before, after.orders[now.order], was, now)
    for ordered, order in _changed(before.orders, after.orders):
        yield from _moved("order", ordered.state, order.state, ORDER_MOVES)
        yield from _moved("booking", ordered.booking, order.booking, BOOKING_MOVES)
        yield from _moved("allocation", ordered.allocation, order.allocation, ALLOCATION_MOVES)


def _forgotten(was: Payment, now: Payment) -> Iterator[str]:
    """A payment wins no longer only when its money goes, or was never taken."""
    goes = now.refunds != was.refunds or now.reversed or now.state == "expired"
    if now.captured < was.captured or not goes:
        yield "money that was counted is forgotten"


def _asked_for_too_late(before: World, order: Order, was: Payment, now: Payment) -> Iterator[str]:
    """Nobody accepts what cannot be had any more: the authorization's deadline is known."""
    asks = len(now.movements) > len(was.movements) and now.movements[-1].kind == "capture"
    is_over = was.state == "authorized" and 0 < was.capture_before <= before.now
    if asks and is_over and order.booking == "pending_approval":
        yield f"{customer(order.customer)}'s booking is accepted after its authorization has lapsed"


def _changed(before: tuple[T, ...], after: tuple[T, ...]) -> list[tuple[T, T]]:
    """The rows that a step has changed, before and after; a new one is not among them."""
    if before is after:
        return []
    return [(was, now) for was, now in zip(before, after, strict=False) if was is not now]


def _moved(subject: str, was: str, now: str, moves: frozenset[tuple[str, str]]) -> Iterator[str]:
    if was != now and (was, now) not in moves:
        yield f"a {subject} went from {was} to {now}"

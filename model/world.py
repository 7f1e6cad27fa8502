"""One moment of the model: everything that our database, the gateway and the network know, as plain tuples.

A world is a value: it hashes, it compares, and every step makes a new one. Minutes count from the
beginning. Where production has a row, there is a tuple here; totals that production caches are computed.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from holdfast.availability.lifecycle import KEEPS_TIME
from holdfast.kernel.money import Money

PRICE = Money(199_900, "INR")
DIFFERENCE = Money(50_000, "INR")  # how much more the time costs that a booking is moved to
TOO_LITTLE = 100  # what a gateway says it took when the amount is wrong
BEGINNING = datetime(2030, 1, 7, 9, 0, tzinfo=UTC)

REOPENED = "reopened"  # of a refund: it had succeeded, and a row beside it says that it failed after all
OPEN = ("pending", "unknown")  # of a refund, a capture or a void: the gateway has it in hand
STANDS = (*OPEN, "succeeded")


class Move(NamedTuple):
    """A move to a dearer time, which waits for the difference and holds that time until it ``expires``."""

    slot: int
    expires: int
    state: str = "waiting"
    holds: bool = True


class Order(NamedTuple):
    """An order with its one line, the line's allocation and, once confirmed, its booking."""

    customer: int
    slot: int
    expires: int | None
    held_until: int | None
    state: str = "placed"
    allocation: str = "held"
    booking: str = ""
    answer_by: int | None = None
    move: Move | None = None
    let_go_though_paid: bool = False  # the customer released it after the gateway had taken the money


class Movement(NamedTuple):
    """A capture or a void that we have asked for."""

    kind: str
    state: str


class Payment(NamedTuple):
    """Our books about one attempt. ``refunds`` are the states of its refunds, by their number, each of the
    amount ``back``.
    """

    order: int
    created: int
    due: str = "full"
    state: str = "created"
    seq: int = 0  # how often it has moved
    has_page: bool = False
    has_gateway_reference: bool = False
    authorized: int = 0
    capture_before: int = 0
    captured: int = 0
    reversed: int = 0
    dispute: str = ""  # as we know of it: open, lost or won
    wins: bool = False
    has_won: bool = False
    quarantined: bool = False
    withdrawn: bool = False  # what it is to pay is asked for no more: its cart was changed or placed anew
    looked_after: bool = True  # next_look_at is set: the reconciler will ask
    movements: tuple[Movement, ...] = ()
    back: int = 0
    refunds: tuple[str, ...] = ()


class AtGateway(NamedTuple):
    """The gateway's own books about the same attempt; ``shown`` says that the customer has its page, which
    is to be paid until it ``expires``.

    ``effects`` are what became of reserved money, by the key that we asked for it with. It says again under
    the same key what it said at first: ``said_pending`` of a capture.
    """

    status: str = "unheard"
    took: int = 0
    expires: int = 0
    closes: int = 0  # it is open until then, if nobody closes it before
    shown: bool = False
    lapses: int = 0  # reserved money is free again then
    gone: int = 0  # given back by somebody else
    dispute: str = ""  # before its customer's bank: open, lost or won
    effects: tuple[str, ...] = ()
    said_pending: bool = False
    refunds: tuple[str, ...] = ()  # by number, "" for one that the gateway has not heard of


class Word(NamedTuple):
    """An answer of the gateway in somebody's hands; ``about`` is empty before there is one."""

    became: str = ""
    took: int = 0
    names_another: bool = False
    lapses: int = 0
    gone: int = 0
    dispute: str = ""


NO_ANSWER = Word("no answer")


class Errand(NamedTuple):
    """A process of ours between two of its steps: it may be overtaken by anything, or die.

    ``movement`` is the capture or void that it is about, if it is about one, and ``refused`` says that the
    gateway has just refused that. ``since`` is how often the payment had moved before the gateway was asked,
    and ``then`` what is done with the gateway's word when its page has been closed, or with a refund later.
    """

    doing: str
    payment: int
    word: Word = Word()
    refund: int = 0
    paid_before: bool = False
    from_job: bool = False
    movement: int = -1
    refused: bool = False
    since: int = 0
    then: str = ""


class Call(NamedTuple):
    """A question that we have given up, still on its way to the gateway: a capture or a void by its key."""

    payment: int
    kind: str
    key: str


class Notice(NamedTuple):
    """A webhook on its way; ``event`` is what tells it apart from the payment's other ones."""

    payment: int
    event: str


class World(NamedTuple):
    """Everything at one moment. ``refused`` is what a lifecycle refused to do, if it came to that."""

    now: int = 0
    orders: tuple[Order, ...] = ()
    payments: tuple[Payment, ...] = ()
    gateway: tuple[AtGateway, ...] = ()
    errands: tuple[Errand, ...] = ()
    calls: frozenset[Call] = frozenset()
    mail: frozenset[Notice] = frozenset()
    stored: frozenset[Notice] = frozenset()  # delivered once, and still on its way a second time
    jobs: frozenset[int] = frozenset()  # payments that an event waits to be handled about
    refused: str = ""


@cache
def moment(minute: int) -> datetime:
    return BEGINNING + timedelta(minutes=minute)


def with_order(world: World, number: int, **changes: Any) -> World:
    orders = world.orders
    changed = orders[number]._replace(**changes)
    return world._replace(orders=(*orders[:number], changed, *orders[number + 1 :]))


def with_payment(world: World, number: int, **changes: Any) -> World:
    payments = world.payments
    changed = payments[number]._replace(**changes)
    return world._replace(payments=(*payments[:number], changed, *payments[number + 1 :]))


def with_gateway(world: World, number: int, **changes: Any) -> World:
    gateway = world.gateway
    changed = gateway[number]._replace(**changes)
    return world._replace(gateway=(*gateway[:number], changed, *gateway[number + 1 :]))


def with_errand(world: World, errand: Errand) -> World:
    return world._replace(errands=tuple(sorted((*world.errands, errand))))


def without_errand(world: World, errand: Errand) -> World:
    left = list(world.errands)
    left.remove(errand)
    return world._replace(errands=tuple(left))


def keeps_time(order: Order) -> bool:
    return order.allocation in KEEPS_TIME


def open_refund(payment: Payment) -> int | None:
    """The number of the refund that is under way, if one is."""
    return next((n for n, state in enumerate(payment.refunds) if state in OPEN), None)


def withdrawn(payment: Payment) -> int:
    """What a bank has of it for a dispute, as far as we know."""
    return payment.captured if payment.dispute in ("open", "lost") else 0


def gone_back(payment: Payment) -> int | None:
    """The number of the refund that has gone through, if one has."""
    return next((n for n, state in enumerate(payment.refunds) if state == "succeeded"), None)


def under_way(payment: Payment) -> int | None:
    """The number of the capture or void that is under way, if one is."""
    return next((n for n, one in enumerate(payment.movements) if one.state in OPEN), None)


def winners(world: World, order: int) -> list[int]:
    """The payments that pay for an order, oldest first."""
    return [n for n, one in enumerate(world.payments) if one.order == order and one.wins]


def winner(world: World, order: int) -> int | None:
    """The first payment that pays for an order, if one does."""
    return next(iter(winners(world, order)), None)


def price_of(payment: Payment) -> int:
    """What a payment is to bring."""
    return (PRICE if payment.due == "full" else DIFFERENCE).amount


def minute(at: datetime) -> int:
    return int((at - BEGINNING) / timedelta(minutes=1))

"""What a client must know to buy: what to ask and send, in which order, and what the answers mean.

How something is bought is told by a generator: it yields each request, is sent the answer to it, and returns
the payment that waits for its customer. Where a request is turned away, ``TurnedAway`` is thrown into it, so
that it can clean up behind itself.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True)
class Slot:
    """A time as its trade lists it, by the clock of the business: ``time`` of a day, or nights ``until``."""

    trade: str
    offering: int
    day: str
    time: str = ""
    until: str = ""


@dataclass(frozen=True)
class Step:
    """One request; ``what`` names it in the figures."""

    what: str
    method: str
    address: str
    body: Json | None = None


@dataclass(frozen=True)
class Opened:
    """A payment that waits for its customer, and how to ask what became of it."""

    reference: str
    payment_url: str
    look: Step


class TurnedAway(Exception):
    """A request was refused: the time is taken, or something else is in the way."""


Story = Generator[Step, Json, Opened | None]
Free = Generator[Step, Json, Sequence[Slot]]


@dataclass(frozen=True)
class Trade:
    """One front door. Addresses are templates: of ``booking``, ``payment``, and the ``key`` that was mailed.

    ``free`` asks for what an offering has on a day. ``lines`` says how many times are booked together.
    ``own`` is a payment that we have begun already, from its reference and address, where the trade tells of
    it. A trade that cannot be moved has no ``reschedule``, and one whose holds end by themselves alone no
    ``release``. ``outcome`` reads the payment's word, and the booking's reference or nothing.
    """

    free: Callable[[int, str, Random], Free]
    hold: Callable[[Sequence[Slot], Random], Story]
    cancel: str
    outcome: Callable[[int, Json], tuple[str, str]]
    lines: Callable[[Random], int] = lambda random: 1
    beside: tuple[str, ...] = ()  # trades of which a further line may be
    own: Callable[[str, str], Opened] | None = None
    reschedule: str = ""
    moved: Callable[[Slot], Json] = field(default=lambda slot: {})
    release: str = "/api/payments/{payment}/release/"
    signs_in: bool = True
    gateway: str = "phonepe"


def times_of(trade: str, address: str) -> Callable[[int, str, Random], Free]:
    """The first times that the slots call lists, as others choose as well."""

    def ask(offering: int, day: str, random: Random) -> Free:
        at = address.format(offering=offering)
        said = yield Step("look for a time", "GET", f"{at}?date={day}")
        return [Slot(trade, offering, day, slot["start_time"]) for slot in said["slots"][:3]]

    return ask

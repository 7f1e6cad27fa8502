"""What an exploration is made of: its bounds, the rules that it runs, and the steps that actors offer.

The rules are production's own functions. A test replaces one of them to see that the checker notices.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache, cached_property
from typing import NamedTuple

from holdfast.catalog.terms import DAY, Terms, Way
from holdfast.flows.answers import Asked, Ruling
from holdfast.flows.decisions import HAS_MONEY, Decision, Do, Hold, Known
from holdfast.kernel.money import Money
from holdfast.payments.gateways.base import Became, Dispute, DisputeBecame, Outcome

from .world import PRICE, Word, World, moment

# Terms and ladders that flows read from tables of Django's; tests hold these against the real ones.
PAY_WITHIN = 10  # minutes that the gateway's page stays open
STAYS_OPEN = 40  # minutes that a page is open at least where no shorter time can be asked for
MARGIN = 2  # minutes by which the hold outlives it: the terms' margin, and the while that a start may take
SET_FREE_WITHIN = 60  # minutes: so long before it would lapse, nobody may answer any more
REFUND_TRIES = 3
VOID_TRIES = 3
SWEPT_WITHIN = 24 * 60  # money that pays is looked at once more when it is so old
LATE_MONEY_COMES_WITHIN = timedelta(days=2)

DISPUTE = "THE DISPUTE"  # there is one of a payment at most
AFTER_ALL = "refunds that fail after all"  # a trouble

PAYMENT_FIRST = Terms(Way.PAYMENT_FIRST, "", "", "", "", "", refund_shares=((DAY, 100),))


@dataclass(frozen=True)
class Bounds:
    """How much of the world is explored.

    ``wants`` is, for each customer, the slots in the order in which they are wanted; ``slots`` are the
    periods, in minutes; ``moments`` are the minutes at which the clock stops. ``at_once`` is how many
    processes of ours may be between two steps at the same time. A gateway that ``reserves`` money does so
    for ``reserved_for`` minutes.
    """

    name: str
    wants: tuple[tuple[int, ...], ...]
    slots: tuple[tuple[int, int], ...] = ((60, 120), (120, 180))
    moments: tuple[int, ...] = (0, 1, 11, 13, 180, 3100)
    orders_each: int = 1
    attempts: int = 1
    placings: int = 1  # of one cart
    at_once: int = 2
    terms: Terms = PAYMENT_FIRST
    reserves: bool = False
    reserved_for: int = 160
    troubles: frozenset[str] = frozenset()

    @property
    def end(self) -> int:
        return self.moments[-1]


class Step(NamedTuple):
    """Something that may happen next, as a sentence, and the world after it."""

    story: str
    after: World


Actor = Callable[[World, "Run"], Iterable[Step]]
CarryOut = Callable[[World, int, Word, Decision, "Run"], World]


@dataclass(frozen=True)
class Rules:
    """The functions that decide, and those that act. Replace one to seed a bug."""

    decide: Callable[[Known], Decision]
    has_run_out: Callable[[Hold], bool]
    may_be_collided: Callable[[int, int], bool]  # (held_until, now): claim() may release such a hold
    approve: Callable[[Asked], Ruling]
    decline: Callable[[Asked], Ruling]
    answer_by: Callable[..., datetime]
    carry_out: Mapping[Do, CarryOut]
    actors: tuple[Actor, ...]


class Situation(NamedTuple):
    """What a settlement depends on, small enough to remember the decision by."""

    word: Word
    order_state: str
    payment_state: str
    has_page: bool
    has_gateway_reference: bool
    another_wins: bool
    still_holds: bool
    created: int
    starts: int
    now: int
    under_way: str = ""
    refused: bool = False
    gone: int = 0
    overtaken: bool = False
    price: int = PRICE.amount
    comes_later: bool = False
    withdrawn: bool = False
    dispute: str = ""


@dataclass(frozen=True)
class Run:
    """One exploration. Decisions are pure, so each is asked for once and remembered."""

    bounds: Bounds
    rules: Rules
    _decided: dict[Situation, Decision] = field(default_factory=dict, compare=False)

    def decide(self, situation: Situation) -> Decision:
        decision = self._decided.get(situation)
        if decision is None:
            decision = self.rules.decide(known(situation, frees=self.bounds.terms.failed_payment_frees))
            self._decided[situation] = decision
        return decision

    def has_trouble(self, name: str) -> bool:
        return name in self.bounds.troubles

    @cached_property
    def overlaps(self) -> frozenset[tuple[int, int]]:
        """The pairs of slots that cannot both be had."""
        slots = self.bounds.slots
        return frozenset(
            (one, other)
            for one, (start, end) in enumerate(slots)
            for other, (begins, ends) in enumerate(slots)
            if start < ends and begins < end
        )

    def may_begin(self, world: World) -> bool:
        """Whether one more process may be under way."""
        return len(world.errands) < self.bounds.at_once


@cache
def outcome(word: Word) -> Outcome:
    """The gateway's word as the adapter would bring it."""
    return Outcome(
        Became(word.became),
        word=word.became,
        amount=Money(word.took, PRICE.currency) if word.became in HAS_MONEY else None,
        reference="ANOTHER" if word.names_another else "OURS",
        gateway_reference=None if word.became == Became.NOT_FOUND else "THEIRS",
        capture_before=moment(word.lapses) if word.lapses else None,
        refunded=Money(word.gone, PRICE.currency) if word.became == Became.CAPTURED else None,
        disputes=_disputes(word),
    )


def _disputes(word: Word) -> tuple[Dispute, ...]:
    if not word.dispute:
        return ()
    became = DisputeBecame(word.dispute)
    return (Dispute(DISPUTE, became, word.dispute, Money(word.took, PRICE.currency)),)


def known(situation: Situation, *, frees: bool) -> Known:
    """A situation in the terms of production's decision."""
    return Known(
        outcome=outcome(situation.word),
        order_state=situation.order_state,
        payment_state=situation.payment_state,
        expected=Money(situation.price, PRICE.currency),
        reference="OURS",
        gateway_reference="THEIRS" if situation.has_gateway_reference else "",
        can_be_paid=situation.has_page,
        another_wins=situation.another_wins,
        still_holds=situation.still_holds,
        failed_payment_frees=frees,
        created_at=moment(situation.created),
        starts_at=moment(situation.starts),
        now=moment(situation.now),
        under_way=situation.under_way,
        refused=situation.refused,
        gone=situation.gone,
        overtaken=situation.overtaken,
        comes_later=situation.comes_later,
        withdrawn=situation.withdrawn,
        disputes={DISPUTE: DisputeBecame(situation.dispute)} if situation.dispute else {},
    )

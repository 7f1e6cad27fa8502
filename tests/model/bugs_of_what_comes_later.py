"""Bugs to seed in what comes later: pages that stay open, deadlines, money that comes back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from holdfast.flows.answers import Asked, Ruling, answer_by, decide_approval
from holdfast.flows.decisions import Decision, Do
from holdfast.payments.gateways.base import Became
from model.processes import close, look_back
from model.production import PRODUCTION
from model.rules import Run, Step
from model.settling import reversed_
from model.world import Errand, Word, World, open_refund, with_errand, with_payment
from tests.model.bug import Bug, with_carry_out, with_process

EXPIRED = Word(Became.EXPIRED.value)


def take_it_for_closed(world: World, errand: Errand, run: Run) -> Iterator[Step]:
    """A page that cannot be closed any more must have been closed before."""
    if world.gateway[errand.payment].status == "open":
        yield from close(world, errand, run)
        return
    after = with_errand(world, errand._replace(doing=errand.then, then="", word=EXPIRED))
    yield Step("The page can be closed no more, and is taken for closed.", after)


def go_by_the_clock(world: World, errand: Errand, run: Run) -> Iterator[Step]:
    """A page whose time is over needs no closing."""
    after = with_errand(world, errand._replace(doing=errand.then, then="", word=EXPIRED))
    yield Step("The page is taken for closed, because its time is over.", after)


def approve_at_any_time(asked: Asked) -> Ruling:
    """Accepted is accepted, however long the money may be had."""
    return decide_approval(replace(asked, capture_before=None))


def answer_by_our_own_time(*, capture_before: datetime | None, **known: Any) -> datetime:
    """Staff have the time that the terms give them, whatever the gateway says."""
    return answer_by(capture_before=None, **known)


def believe_the_first_word(world: World, errand: Errand, run: Run) -> Iterator[Step]:
    """Money that has gone back is gone."""
    yield from look_back(world, errand._replace(word=Word("succeeded")), run)


def forget_what_came_back(world: World, number: int, word: Word, decision: Decision, run: Run) -> World:
    """A dispute is won, and its money pays nothing."""
    after = reversed_(world, number, word, decision, run)
    return with_payment(after, number, wins=world.payments[number].wins) if word.dispute == "won" else after


def forget_the_dispute(world: World, number: int, word: Word, decision: Decision, run: Run) -> World:
    """What a bank has withdrawn is written down, and nobody asks what it decides."""
    after = reversed_(world, number, word, decision, run)
    has_refund = open_refund(after.payments[number]) is not None
    return with_payment(after, number, looked_after=has_refund)


OF_WHAT_COMES_LATER = {
    "money that a bank has given back pays nothing": Bug(
        with_carry_out({Do.REVERSED: forget_what_came_back}),
        scenario="disputes",
        violated="Customer A's booking has not been paid for, once and in full",
        steps=13,
        story=(
            "A bank withdraws the money",
            "is won: the money is back.",
            "is settled on the word “captured”",
        ),
    ),
    "nobody asks what a bank has decided": Bug(
        with_carry_out({Do.REVERSED: forget_the_dispute}),
        scenario="disputes",
        violated="a dispute about Customer A's payment is",
        steps=16,
        story=("A bank withdraws the money", "is settled on the word “captured”", "The dispute about"),
    ),
    "a page that is being paid is taken for closed": Bug(
        with_process("close", take_it_for_closed),
        scenario="pages that we close",
        violated="Customer A's payment is expired in our books, and authorized at the gateway",
        steps=9,
        story=("whose page is open though its time is over.", "Customer A pays.", "is taken for closed."),
    ),
    "a page is left open when its time is over": Bug(
        with_process("close", go_by_the_clock),
        scenario="pages that we close",
        violated="Customer A's payment is expired in our books, and open at the gateway",
        steps=8,
        story=("whose page is open though its time is over.", "because its time is over."),
    ),
    "a booking is accepted when its money has lapsed": Bug(
        replace(PRODUCTION, approve=approve_at_any_time),
        scenario="two of the staff",
        violated="Customer A's booking is accepted after its authorization has lapsed",
        steps=11,
        story=("the booking is pending approval.", "has lapsed", "Staff accept Customer A's booking"),
    ),
    "the authorization's deadline is forgotten": Bug(
        replace(PRODUCTION, answer_by=answer_by_our_own_time),
        scenario="an authorization that lapses soon",
        violated="Customer A may be answered when the money lapses",
        steps=7,
        story=("Customer A pays", "the booking is pending approval."),
    ),
    "a refund that failed after all is not seen": Bug(
        with_process("look_back", believe_the_first_word),
        scenario="refunds that fail after all",
        violated="the gateway took the money of Customer A's payment, and nothing came of it",
        steps=20,
        story=("fails after all: its money is back.", "stands."),
    ),
}

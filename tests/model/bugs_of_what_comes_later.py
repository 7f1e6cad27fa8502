"""Bugs to seed in what comes later: pages that stay open, deadlines, money that comes back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from holdfast.flows.answers import Asked, Ruling, answer_by, decide_approval
from holdfast.payments.gateways.base import Became
from model.processes import close, look_back
from model.production import PRODUCTION
from model.rules import Run, Step
from model.world import Errand, Word, World, with_errand
from tests.model.bug import Bug, with_process

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


OF_WHAT_COMES_LATER = {
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

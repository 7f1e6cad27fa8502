"""The worker: the reconciler, the jobs of webhooks, and the sweeper of holds."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from holdfast.flows.decisions import Hold
from holdfast.payments.gateways.base import RefundBecame

from .asking import asked, refund_word
from .moving import attempted, free
from .resolving import pursue
from .rules import AFTER_ALL, SWEPT_WITHIN, Run, Step
from .wording import customer, the_payment
from .world import (
    NO_ANSWER,
    Errand,
    Order,
    Word,
    World,
    gone_back,
    moment,
    open_refund,
    under_way,
    with_errand,
    with_payment,
)

HANDLING_A_REFUND = ("send_refund", "record_refund")


def reconciler(world: World, run: Run) -> Iterator[Step]:
    """Whatever has a next look may be looked at, as soon as there is a hand free."""
    if run.may_begin(world):
        for number, payment in enumerate(world.payments):
            if payment.looked_after:
                yield from _look_at(world, number, run, who="The reconciler")


def jobs(world: World, run: Run) -> Iterator[Step]:
    """An event's job looks at the payment that it is about."""
    if run.may_begin(world):
        for number in sorted(world.jobs):
            taken = world._replace(jobs=world.jobs - {number})
            yield from _look_at(taken, number, run, who="The webhook's job", from_job=True)


def _look_at(world: World, number: int, run: Run, *, who: str, from_job: bool = False) -> Iterator[Step]:
    """Ask about the payment, or about what is under way with it: a refund, a capture, a void."""
    whose = the_payment(world, number)
    movement = under_way(world.payments[number])
    if movement is not None:
        yield from pursue(world, number, movement, run, who=who, from_job=from_job)
        return
    refund = open_refund(world.payments[number])
    if refund is not None:
        yield from _pursue(world, number, refund, run, who=who, from_job=from_job)
        return
    given = gone_back(world.payments[number])
    if given is not None and run.has_trouble(AFTER_ALL):
        yield from _look_at_refund(world, number, given, who=who, from_job=from_job)
        return
    yield from asked(
        world, Errand("settle", number, from_job=from_job), run, story=f"{who} asks about {whose}"
    )
    after = with_payment(world, number, looked_after=True)
    yield Step(f"{who} asks about {whose}; no answer comes.", after)


def _pursue(world: World, number: int, refund: int, run: Run, *, who: str, from_job: bool) -> Iterator[Step]:
    """One worker at a time has a refund in hand; if it dies, its lease runs out."""
    if any(errand.payment == number and errand.doing in HANDLING_A_REFUND for errand in world.errands):
        if from_job:
            yield Step(f"{who} leaves the refund to whoever has it in hand.", world)
        return
    whose = the_payment(world, number)
    became = refund_word(world, number, refund)
    sends = became is RefundBecame.NOT_FOUND
    doing = "send_refund" if sends else "record_refund"
    word = Word() if sends else Word(became.value)
    errand = Errand(doing, number, word, refund=refund, from_job=from_job)
    story = f"{who} asks about the refund of {whose}"
    yield Step(f"{story}; the gateway says “{became.value}”.", with_errand(world, errand))
    if run.has_trouble("refunds"):
        lost = errand._replace(doing="record_refund", word=NO_ANSWER)
        yield Step(f"{story}; no answer comes.", with_errand(world, lost))


def _look_at_refund(world: World, number: int, refund: int, *, who: str, from_job: bool) -> Iterator[Step]:
    """Money that has gone back may come back: with the payment its refund is looked at."""
    became = refund_word(world, number, refund)
    then = "look again" if world.now < SWEPT_WITHIN else ""
    errand = Errand("look_back", number, Word(became.value), refund=refund, from_job=from_job, then=then)
    story = (
        f"{who} asks about {the_payment(world, number)} and its refund; the gateway says “{became.value}”."
    )
    yield Step(story, with_errand(world, errand))


def sweeper(world: World, run: Run) -> Iterator[Step]:
    """Orders whose hold is over expire. It reads a list first, but decides again under the order's lock."""
    for number, order in enumerate(world.orders):
        if run.rules.has_run_out(hold_of(order, world)):
            story = f"The sweeper expires {customer(order.customer)}'s order; the time is free."
            yield Step(story, attempted(partial(free, world, number, "expire", run), world))


def hold_of(order: Order, world: World) -> Hold:
    expires = None if order.expires is None else moment(order.expires)
    return Hold(order.state, expires, moment(world.now))

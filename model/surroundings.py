"""What is not ours: the network, which brings webhooks and what we have asked for, and the clock."""

from __future__ import annotations

from collections.abc import Iterator

from .gateway import hear
from .rules import Run, Step
from .wording import customer, slot, the_payment
from .world import World, with_gateway


def post(world: World, run: Run) -> Iterator[Step]:
    """Webhooks arrive in any order, late, twice or never. A second delivery of one is only counted."""
    for notice in sorted(world.mail):
        what = f"The webhook that {the_payment(world, notice.payment)} is {notice.event}"
        gone = world._replace(mail=world.mail - {notice}, stored=world.stored - {notice})
        yield Step(f"{what} is lost.", gone)
        if notice in world.stored:
            yield Step(f"{what} arrives a second time, and is only counted.", gone)
            continue
        waiting = world.jobs | {notice.payment}
        yield Step(f"{what} arrives and is stored.", gone._replace(jobs=waiting))
        twice = world._replace(stored=world.stored | {notice}, jobs=waiting)
        yield Step(f"{what} arrives and is stored, and is sent once more.", twice)


def forger(world: World, run: Run) -> Iterator[Step]:
    """A forged call gets a row of its own without a dedupe key: no job, and nobody's place is taken."""
    if run.has_trouble("webhooks"):
        for number in range(len(world.payments)):
            yield Step(f"A forged webhook about {the_payment(world, number)} is refused.", world)


def late_calls(world: World, run: Run) -> Iterator[Step]:
    """What we have asked for and given up: it reaches the gateway after all, or never."""
    for call in sorted(world.calls):
        what = f"The {call.kind} of {the_payment(world, call.payment)} that was given up"
        gone = world._replace(calls=world.calls - {call})
        heard = hear(gone, call, run)
        if heard is not None:
            yield Step(f"{what} reaches the gateway after all, and is done.", heard)
        yield Step(f"{what} comes to nothing.", gone)


def clock(world: World, run: Run) -> Iterator[Step]:
    """The clock goes on to the next of its moments; at the gateway open pages run out, and what it has
    reserved lapses.

    Nothing of ours is slow for days: the last leap waits until nothing is under way.
    """
    later = next((minute for minute in run.bounds.moments if minute > world.now), None)
    if later is None or not world.orders or (later == run.bounds.end and (world.errands or world.calls)):
        return
    after = world._replace(now=later)
    for number, at in enumerate(world.gateway):
        if at.status == "open" and at.closes <= later:
            after = with_gateway(after, number, status="expired")
        if at.status == "authorized" and at.lapses <= later:
            after = with_gateway(after, number, status="lapsed")
    passed = "; ".join(_passed(world, later, run))
    yield Step(f"Minute {later}" + (f": {passed}." if passed else "."), after)


def _passed(world: World, later: int, run: Run) -> Iterator[str]:
    for number, at in enumerate(world.gateway):
        if at.status == "open" and at.closes <= later:
            yield f"the page of {the_payment(world, number)} has run out"
        if at.status == "authorized" and at.lapses <= later:
            yield f"the authorization of {the_payment(world, number)} has lapsed"
    for order in world.orders:
        if order.state == "placed" and order.expires is not None and world.now < order.expires <= later:
            yield f"the hold of {customer(order.customer)} is over"
        if order.answer_by is not None and world.now < order.answer_by <= later:
            yield f"nobody has answered {customer(order.customer)} in time"
    for number, (start, _) in enumerate(run.bounds.slots):
        if world.now < start <= later and any(order.slot == number for order in world.orders):
            yield f"{slot(number, run)} has begun"

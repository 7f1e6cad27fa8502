"""What is not ours: the gateway and the banks behind it, the network that brings webhooks, and the clock."""

from __future__ import annotations

from collections.abc import Iterator

from .customers import told
from .rules import Run, Step
from .wording import customer, slot, the_payment
from .world import PRICE, World, with_gateway


def gateway(world: World, run: Run) -> Iterator[Step]:
    """The gateway makes up its mind, late or twice: about payments and about refunds."""
    for number, at in enumerate(world.gateway):
        whose = the_payment(world, number)
        if at.status == "deciding":
            paid = told(world, number, run, status="captured", took=PRICE.amount)
            yield Step(f"The bank pays: {whose} succeeds at the gateway.", paid)
            yield Step(f"The bank declines: {whose} fails.", told(world, number, run, status="failed"))
        may_turn = at.status in ("failed", "canceled", "expired") and at.shown and world.now < run.bounds.end
        if may_turn and run.has_trouble("late success"):
            paid = told(world, number, run, status="captured", took=PRICE.amount)
            yield Step(f"After all, the gateway takes the money of {whose}, which was {at.status}.", paid)
        for refund, state in enumerate(at.refunds):
            if state == "pending":
                yield from _decide_refund(world, number, refund, run)


def _decide_refund(world: World, number: int, refund: int, run: Run) -> Iterator[Step]:
    whose = the_payment(world, number)
    yield Step(f"The gateway gives the money of {whose} back.", _refunded(world, number, refund, "succeeded"))
    if run.has_trouble("refunds"):
        yield Step(f"The refund of {whose} fails at the gateway.", _refunded(world, number, refund, "failed"))


def _refunded(world: World, number: int, refund: int, state: str) -> World:
    refunds = world.gateway[number].refunds
    return with_gateway(world, number, refunds=(*refunds[:refund], state, *refunds[refund + 1 :]))


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


def clock(world: World, run: Run) -> Iterator[Step]:
    """The clock goes on to the next of its moments; the gateway's open pages run out by themselves.

    A process may be slow, but not for days: the last leap waits until none is under way.
    """
    later = next((minute for minute in run.bounds.moments if minute > world.now), None)
    if later is None or not world.orders or (later == run.bounds.end and world.errands):
        return
    after = world._replace(now=later)
    for number, at in enumerate(world.gateway):
        if at.status == "open" and at.expires <= later:
            after = with_gateway(after, number, status="expired")
    passed = "; ".join(_passed(world, later, run))
    yield Step(f"Minute {later}" + (f": {passed}." if passed else "."), after)


def _passed(world: World, later: int, run: Run) -> Iterator[str]:
    for number, at in enumerate(world.gateway):
        if at.status == "open" and at.expires <= later:
            yield f"the page of {the_payment(world, number)} has run out"
    for order in world.orders:
        if order.state == "placed" and order.expires is not None and world.now < order.expires <= later:
            yield f"the hold of {customer(order.customer)} is over"
    for number, (start, _) in enumerate(run.bounds.slots):
        if world.now < start <= later and any(order.slot == number for order in world.orders):
            yield f"{slot(number, run)} has begun"

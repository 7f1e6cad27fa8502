"""Our own processes, from one step to the next: each is a network call or a transaction.

Between two of its steps a process may be overtaken by anything, for however long, or die.
"""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.flows.decisions import says_unpaid
from holdfast.kernel.errors import MoveRefused
from holdfast.payments.gateways.base import RefundBecame

from .asking import truth
from .gateway import told
from .looking import is_swept_later
from .moving import free, move_payment, move_refund
from .owing import owe_refund
from .resolving import DOING as RESOLVING
from .resolving import NEXT as RESOLVE
from .rules import MARGIN, PAY_WITHIN, REFUND_TRIES, STAYS_OPEN, Run, Step, outcome
from .settling import apply
from .wording import customer, done, said, the_payment
from .world import (
    NO_ANSWER,
    OPEN,
    REOPENED,
    Errand,
    Word,
    World,
    with_errand,
    with_gateway,
    with_order,
    with_payment,
    without_errand,
)


def go_on(world: World, run: Run) -> Iterator[Step]:
    """Each process that is under way takes its next step."""
    for errand in dict.fromkeys(world.errands):
        yield from NEXT[errand.doing](without_errand(world, errand), errand, run)


def die(world: World, run: Run) -> Iterator[Step]:
    """A process is killed between two steps: what it knew is lost, and a job is taken back."""
    for errand in dict.fromkeys(world.errands):
        after = without_errand(world, errand)
        if errand.from_job:
            after = after._replace(jobs=after.jobs | {errand.payment})
        yield Step(f"The process that {DOING[errand.doing]} dies.", after)


DOING = {
    "start": "was to open the gateway's page",
    "record": "was to record the gateway's page",
    "refuse": "was to record the gateway's refusal",
    "close": "was to close the gateway's page",
    "settle": "had the gateway's answer in hand",
    "release": "had the gateway's answer in hand, to let the time go",
    "let_go": "was to let the time go",
    "send_refund": "was to send the refund",
    "record_refund": "had the gateway's answer about the refund in hand",
    "look_back": "had the gateway's answer about the refund in hand",
    **RESOLVING,
}


def start(world: World, errand: Errand, run: Run) -> Iterator[Step]:
    """The call that opens a payment: heard or not, answered or not."""
    number = errand.payment
    whose = the_payment(world, number)
    takes = STAYS_OPEN if run.has_trouble("long pages") else PAY_WITHIN
    closes = world.now + takes
    heard = with_gateway(world, number, status="open", expires=world.now + PAY_WITHIN, closes=closes)
    recording = with_errand(heard, errand._replace(doing="record"))
    yield Step(f"The gateway opens {whose} and answers with its page.", recording)
    if run.has_trouble("lost starts"):
        yield Step(f"The gateway hears of {whose}; its answer is lost.", heard)
        yield Step(f"The call that opens {whose} never reaches the gateway.", world)
        refused = with_errand(world, errand._replace(doing="refuse"))
        yield Step(f"The gateway refuses to open {whose}.", refused)


def record(world: World, errand: Errand, run: Run) -> Iterator[Step]:
    """The page is written down and shown; the hold never ends before the gateway's own expiry."""
    number = errand.payment
    at, payment = world.gateway[number], world.payments[number]
    after = _hold_longer(
        with_gateway(world, number, shown=True), payment.order, at.expires + MARGIN, due=payment.due
    )
    try:
        after = with_payment(move_payment(after, number, "start"), number, has_page=True)
        after = with_payment(after, number, has_gateway_reference=True)
    except MoveRefused:
        if payment.state == "pending" and not payment.has_page:
            after = with_payment(after, number, has_page=True, has_gateway_reference=True)
    yield Step(f"The page of {the_payment(world, number)} is recorded and shown.", after)


def _hold_longer(world: World, number: int, until: int, *, due: str) -> World:
    """A hold that still stands never ends before ``until``."""
    order = world.orders[number]
    if due == "difference":
        return _hold_a_move_longer(world, number, until)
    if order.state != "placed" or order.allocation != "held" or (order.expires or 0) >= until:
        return world
    return with_order(world, number, expires=until, held_until=until)


def _hold_a_move_longer(world: World, number: int, until: int) -> World:
    move = world.orders[number].move
    if move is None or move.state != "waiting" or not move.holds or move.expires >= until:
        return world
    return with_order(world, number, move=move._replace(expires=until))


def refuse(world: World, errand: Errand, run: Run) -> Iterator[Step]:
    """A definite no to the start: the attempt and its order end, unless they have moved on."""
    number = errand.payment
    story = f"The refusal of {the_payment(world, number)} is recorded"
    try:
        after = with_payment(move_payment(world, number, "fail"), number, looked_after=False)
    except MoveRefused:
        yield Step(f"{story}, but it had moved on.", world)
        return
    order = world.payments[number].order
    if world.orders[order].state == "placed" and run.bounds.terms.failed_payment_frees:
        after = free(after, order, "expire", run)
        story += "; its time is free"
    yield Step(f"{story}.", after)


def close(world: World, errand: Errand, run: Run) -> Iterator[Step]:
    """A page whose time is over is closed, unless it is being paid meanwhile; then it is read again."""
    number = errand.payment
    whose = the_payment(world, number)
    is_open = world.gateway[number].status == "open"
    closed = told(world, number, run, status="expired") if is_open else world
    word = truth(closed, number)
    story = f"The page of {whose} {'is closed' if is_open else 'can be closed no more'}"
    goes_on = errand._replace(doing=errand.then, then="", word=word)
    yield Step(f"{story}; the gateway says {said(word)}.", with_errand(closed, goes_on))
    yield Step(f"{story}; no answer comes.", with_payment(closed, number, looked_after=True))


def settle(world: World, errand: Errand, run: Run) -> Iterator[Step]:
    """The gateway's answer is decided upon and carried out, in one transaction."""
    after, story = _settled(world, errand, run)
    yield Step(story, after)


def _settled(world: World, errand: Errand, run: Run) -> tuple[World, str]:
    number = errand.payment
    after, decision = apply(world, errand, run)
    story = f"{the_payment(world, number)} is settled on the word {said(errand.word)}"
    return after, f"{story}: {done(world, after, number, decision)}."


def release(world: World, errand: Errand, run: Run) -> Iterator[Step]:
    """The first half of letting go: the gateway's answer is settled."""
    after, story = _settled(world, errand, run)
    yield Step(story, with_errand(after, errand._replace(doing="let_go")))


def let_go(world: World, errand: Errand, run: Run) -> Iterator[Step]:
    """The second half: the order is canceled if it still stands, unpaid by the gateway's own word."""
    number = world.payments[errand.payment].order
    order = world.orders[number]
    who = customer(order.customer)
    theirs = (one for one in world.payments if one.order == number and not one.withdrawn)
    has_money = any(payment.captured for payment in theirs)
    if order.state != "placed" or has_money:
        yield Step(f"There is nothing left for {who} to let go.", world)
    elif not says_unpaid(outcome(errand.word), reference="OURS", gateway_reference="THEIRS"):
        yield Step(f"{who} is told that the gateway has not said whether the money has come.", world)
    else:
        yield canceled(world, number, run, paid_before=errand.paid_before)


def canceled(world: World, number: int, run: Run, *, paid_before: bool) -> Step:
    """An order ends by its customer's word."""
    who = customer(world.orders[number].customer)
    after = with_order(free(world, number, "cancel", run), number, let_go_though_paid=paid_before)
    return Step(f"{who}'s order is canceled and the time is free.", after)


def send_refund(world: World, errand: Errand, run: Run) -> Iterator[Step]:
    """The refund's own reference makes a second sending of it impossible at the gateway."""
    number, refund = errand.payment, errand.refund
    what = f"the refund of {the_payment(world, number)}"
    recording = errand._replace(doing="record_refund")
    lost = with_errand(world, recording._replace(word=NO_ANSWER))
    heard = world.gateway[number].refunds
    if refund < len(heard) and heard[refund]:
        yield Step(f"The gateway has heard of {what} before, and says so unclearly.", lost)
        return
    at = world.gateway[number]
    if at.gone or at.dispute in ("open", "lost"):
        refused = recording._replace(word=Word(RefundBecame.FAILED.value))
        yield Step(f"The gateway refuses {what}, which has gone already.", with_errand(world, refused))
        return
    taken = (*heard, *[""] * (refund - len(heard)), "pending")
    sent = with_gateway(world, number, refunds=taken)
    answered = recording._replace(word=Word(RefundBecame.PENDING.value))
    yield Step(f"The gateway accepts {what}.", with_errand(sent, answered))
    if run.has_trouble("refunds"):
        refused = recording._replace(word=Word(RefundBecame.FAILED.value))
        yield Step(f"The gateway refuses {what}.", with_errand(world, refused))
        unheard = with_errand(sent, recording._replace(word=NO_ANSWER))
        yield Step(f"The gateway accepts {what}; its answer is lost.", unheard)
        yield Step(f"The call that sends {what} never reaches the gateway.", lost)


def record_refund(world: World, errand: Errand, run: Run) -> Iterator[Step]:
    """The gateway's word on a refund is written down; a failed one is tried anew, a few times."""
    number, refund, became = errand.payment, errand.refund, errand.word.became
    what = f"the refund of {the_payment(world, number)}"
    state = world.payments[number].refunds[refund]
    if state not in OPEN:
        yield Step(f"Somebody else has concluded {what} already.", world)
    elif became in (NO_ANSWER.became, RefundBecame.PENDING):
        if became == NO_ANSWER.became and state == "pending":
            world = move_refund(world, number, refund, "lose_sight")
        after = with_payment(world, number, looked_after=True)
        yield Step(f"Whether {what} is through will be asked again.", after)
    elif became == RefundBecame.SUCCEEDED:
        world = move_refund(world, number, refund, "succeed")
        after = with_payment(world, number, looked_after=is_swept_later(world, number, run))
        yield Step(f"It is recorded that {what} is through.", after)
    else:
        yield _failed_refund(world, number, refund, what, run)


def look_back(world: World, errand: Errand, run: Run) -> Iterator[Step]:
    """A refund that has gone through is looked at once more: one that has failed after all is owed again."""
    number, refund = errand.payment, errand.refund
    what = f"the refund of {the_payment(world, number)}"
    if world.payments[number].refunds[refund] != "succeeded":
        yield Step(f"Somebody else has seen already that {what} failed after all.", world)
    elif errand.word.became == RefundBecame.FAILED:
        yield Step(f"It is recorded that {what} failed after all; it is owed anew.", _reopened(world, errand))
    else:
        after = with_payment(world, number, looked_after=errand.then == "look again")
        yield Step(f"It is seen that {what} stands.", after)


def _reopened(world: World, errand: Errand) -> World:
    refunds = list(world.payments[errand.payment].refunds)
    refunds[errand.refund] = REOPENED
    return _anew(with_payment(world, errand.payment, refunds=tuple(refunds)), errand.payment)


def _failed_refund(world: World, number: int, refund: int, what: str, run: Run) -> Step:
    world = move_refund(world, number, refund, "fail")
    world = with_payment(world, number, looked_after=is_swept_later(world, number, run))
    if len(world.payments[number].refunds) < REFUND_TRIES:
        return Step(f"It is recorded that {what} has failed; it is owed anew.", _anew(world, number))
    return Step(f"It is recorded that {what} has failed too often; it waits for a person.", world)


def _anew(world: World, number: int) -> World:
    return owe_refund(world, number, world.payments[number].back)


NEXT = {
    **RESOLVE,
    "start": start,
    "record": record,
    "refuse": refuse,
    "close": close,
    "settle": settle,
    "release": release,
    "let_go": let_go,
    "send_refund": send_refund,
    "record_refund": record_refund,
    "look_back": look_back,
}

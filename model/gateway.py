"""The gateway and the banks behind it: what they do by themselves, and what our questions do there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from holdfast.payments.gateways.base import Became

from .asking import truth
from .rules import AFTER_ALL, SWEPT_WITHIN, Run, Step
from .wording import the_payment
from .world import PRICE, AtGateway, Call, Notice, Word, World, price_of, with_gateway

ENDED = ("voided", "lapsed", "failed", "canceled", "expired")


def gateway(world: World, run: Run) -> Iterator[Step]:
    """The gateway makes up its mind, late or twice: about payments and about refunds."""
    for number, at in enumerate(world.gateway):
        whose = the_payment(world, number)
        if at.status == "deciding":
            yield Step(f"The bank pays: {whose} succeeds at the gateway.", paid(world, number, run))
            yield Step(f"The bank declines: {whose} fails.", told(world, number, run, status="failed"))
        if _may_turn(world, number, run):
            does = "reserves" if run.bounds.reserves else "takes"
            turned = paid(world, number, run)
            yield Step(f"After all, the gateway {does} the money of {whose}, which was {at.status}.", turned)
        if at.status == "capturing":
            taken = told(world, number, run, status="captured", took=at.took)
            yield Step(f"The gateway has taken the money of {whose}.", taken)
            status = "authorized" if at.lapses > world.now else "lapsed"
            not_taken = with_gateway(world, number, status=status, effects=())
            yield Step(f"The bank declines what is to be taken of {whose}.", not_taken)
        for refund, state in enumerate(at.refunds):
            if state == "pending":
                yield from _decide_refund(world, number, refund, run)
            elif _may_fail_after_all(world, at, state, run):
                failed = _refunded(world, number, refund, "failed")
                yield Step(f"The refund of {whose} fails after all: its money is back.", failed)


def _decide_refund(world: World, number: int, refund: int, run: Run) -> Iterator[Step]:
    whose = the_payment(world, number)
    yield Step(f"The gateway gives the money of {whose} back.", _refunded(world, number, refund, "succeeded"))
    if run.has_trouble("refunds"):
        yield Step(f"The refund of {whose} fails at the gateway.", _refunded(world, number, refund, "failed"))


def _may_fail_after_all(world: World, at: AtGateway, state: str, run: Run) -> bool:
    """Once, and as long as anybody looks."""
    is_news = state == "succeeded" and "failed" not in at.refunds and world.now < SWEPT_WITHIN
    return is_news and run.has_trouble(AFTER_ALL)


def _refunded(world: World, number: int, refund: int, state: str) -> World:
    refunds = world.gateway[number].refunds
    return with_gateway(world, number, refunds=(*refunds[:refund], state, *refunds[refund + 1 :]))


def _may_turn(world: World, number: int, run: Run) -> bool:
    at = world.gateway[number]
    ended = at.status in ("failed", "canceled", "expired")
    return run.has_trouble("late success") and ended and at.shown and world.now < run.bounds.end


def dashboard(world: World, run: Run) -> Iterator[Step]:
    """Somebody of the business takes, frees or gives back money at the gateway itself."""
    for number, at in enumerate(world.gateway):
        whose = the_payment(world, number)
        if at.status == "authorized" and run.has_trouble("dashboard"):
            done = {"took": at.took, "effects": (*at.effects, "by hand")}
            after = told(world, number, run, status="captured", **done)
            yield Step(f"Somebody takes the money of {whose} in the gateway's dashboard.", after)
            after = told(world, number, run, status="voided", **done)
            yield Step(f"Somebody sets the money of {whose} free in the gateway's dashboard.", after)
        if at.status == "captured" and run.has_trouble("disputes"):
            yield from _dispute(world, number)
        untouched = at.status == "captured" and not at.refunds and not at.gone
        if untouched and run.has_trouble("reversals") and world.now < SWEPT_WITHIN:
            after = with_gateway(world, number, gone=at.took)
            yield Step(f"The money of {whose} leaves again without us.", after)


def _dispute(world: World, number: int) -> Iterator[Step]:
    """The customer's bank withdraws the money, and decides; an appeal may win what was lost."""
    at, whose = world.gateway[number], the_payment(world, number)
    is_early = world.now < SWEPT_WITHIN
    if not at.dispute and not at.refunds and not at.gone and is_early:
        yield Step(f"A bank withdraws the money of {whose}.", with_gateway(world, number, dispute="open"))
    if at.dispute == "open":
        yield Step(f"The dispute about {whose} is lost.", with_gateway(world, number, dispute="lost"))
    if at.dispute == "open" or (at.dispute == "lost" and is_early):
        yield Step(
            f"The dispute about {whose} is won: the money is back.",
            with_gateway(world, number, dispute="won"),
        )


def paid(world: World, number: int, run: Run, *, amount: int | None = None) -> World:
    """The customer's money has come: it is taken, or only reserved. A difference is taken at once."""
    payment = world.payments[number]
    amount = price_of(payment) if amount is None else amount
    if not run.bounds.reserves or payment.due == "difference":
        return told(world, number, run, status="captured", took=amount)
    lapses = world.now + run.bounds.reserved_for
    return told(world, number, run, status="authorized", took=amount, lapses=lapses)


def told(world: World, number: int, run: Run, *, status: str, **changes: Any) -> World:
    """The gateway decides, and sends a webhook about it."""
    world = with_gateway(world, number, status=status, **changes)
    if run.has_trouble("webhooks"):
        world = world._replace(mail=world.mail | {Notice(number, status)})
    return world


def answer_to(world: World, call: Call) -> Word:
    """What the gateway says to a capture or a void that it has not refused."""
    if call.kind == "capture" and world.gateway[call.payment].said_pending:
        return Word(Became.PENDING.value)
    return truth(world, call.payment)


def hear(world: World, call: Call, run: Run) -> World | None:
    """What a capture or a void does at the gateway; None when it is refused.

    The same key again answers the same. Under another key this gateway lets more be taken than was reserved,
    as some do: only our own key is in between.
    """
    at = world.gateway[call.payment]
    key = f"{call.kind} {call.key}"
    if key in at.effects or _stands_so(at, call):
        return world
    outcome = HEARD.get((call.kind, at.status))
    if outcome is None or "by hand" in at.effects:
        return None
    effects = (*at.effects, key)
    if at.status == "captured":
        return with_gateway(world, call.payment, took=at.took + PRICE.amount, effects=effects)
    if outcome == "captured" and run.has_trouble("slow captures"):
        return with_gateway(world, call.payment, status="capturing", effects=effects, said_pending=True)
    return told(world, call.payment, run, status=outcome, effects=effects)


# What comes of a capture or a void that is not refused.
HEARD = {
    ("void", "authorized"): "voided",
    ("capture", "authorized"): "captured",
    ("capture", "captured"): "captured",
}


def _stands_so(at: AtGateway, call: Call) -> bool:
    """Whether nothing is left to do about it: it is free, or what was said to this capture is said again."""
    said_before = call.kind == "capture" and at.said_pending and at.status == "authorized"
    return said_before or (call.kind == "void" and at.status in ENDED)

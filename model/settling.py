"""One settlement: what ``flows.settlement.apply`` does under the order's lock, for each thing decided.

One function for each ``Do``, like production's ``CARRY_OUT``; the decision itself is production's.
"""

from __future__ import annotations

from functools import partial

from holdfast.flows.decisions import Decision, Do
from holdfast.payments.gateways.base import Became

from .moving import attempted, claim_again, confirm, free, move_order, move_payment, owe_refund, take
from .rules import LATE_MONEY_COMES_WITHIN, CarryOut, Run, Situation
from .world import Word, World, moment, open_refund, with_order, with_payment

ENDED_WITHOUT_MONEY = ("failed", "canceled", "expired")


def apply(world: World, number: int, word: Word, run: Run) -> tuple[World, Decision]:
    """Decide on the gateway's word and carry it out, in one step. A refused move is kept in the world."""
    decision = run.decide(situation(world, number, word, run))
    carry_out = partial(run.rules.carry_out[decision.do], world, number, word, decision, run)
    return attempted(carry_out, world), decision


def situation(world: World, number: int, word: Word, run: Run) -> Situation:
    payment = world.payments[number]
    order = world.orders[payment.order]
    others = (other for n, other in enumerate(world.payments) if n != number)
    return Situation(
        word=word,
        order_state=order.state,
        payment_state=payment.state,
        has_page=payment.has_page,
        has_gateway_reference=payment.has_gateway_reference,
        another_wins=any(other.wins and other.order == payment.order for other in others),
        still_holds=order.state == "placed" and order.allocation == "held",
        created=payment.created,
        starts=run.bounds.slots[order.slot][0],
        now=world.now,
    )


def nothing(world: World, number: int, word: Word, decision: Decision, run: Run) -> World:
    payment = world.payments[number]
    ended_without = payment.state in ENDED_WITHOUT_MONEY
    if ended_without or open_refund(payment) is None:
        return with_payment(world, number, looked_after=ended_without and _is_young(world, number))
    return world


def look_again(world: World, number: int, word: Word, decision: Decision, run: Run) -> World:
    was_heard = word.became not in (Became.NOT_FOUND, Became.UNRECOGNIZED) and not word.names_another
    if world.payments[number].state == "created" and was_heard:
        world = with_payment(move_payment(world, number, "start"), number, has_gateway_reference=True)
    return with_payment(world, number, looked_after=True)


def free_the_time(world: World, number: int, word: Word, decision: Decision, run: Run) -> World:
    world = free(world, world.payments[number].order, "expire")
    return with_payment(world, number, looked_after=True)


def fail(world: World, number: int, word: Word, decision: Decision, run: Run) -> World:
    world = move_payment(world, number, decision.event)
    return with_payment(world, number, looked_after=_is_young(world, number))


def fail_and_free(world: World, number: int, word: Word, decision: Decision, run: Run) -> World:
    return free(fail(world, number, word, decision, run), world.payments[number].order, "expire")


def complete(world: World, number: int, word: Word, decision: Decision, run: Run) -> World:
    return _win(take(world, world.payments[number].order), number, word, decision)


def complete_if_free(world: World, number: int, word: Word, decision: Decision, run: Run) -> World:
    order = world.payments[number].order
    claimed = claim_again(world, order, run)
    if claimed is None:
        return run.rules.carry_out[Do.GIVE_BACK](world, number, word, decision, run)
    if claimed.orders[order].state == "expired":
        claimed = move_order(claimed, order, "revive")
    return _win(claimed, number, word, decision)


def give_back(world: World, number: int, word: Word, decision: Decision, run: Run) -> World:
    world = take_in(world, number, word, decision)
    order = world.payments[number].order
    if world.orders[order].state == "placed" and decision.reason == "slot_lost":
        world = free(world, order, "expire")
    return owe_refund(world, number) if word.took else world


def quarantine(world: World, number: int, word: Word, decision: Decision, run: Run) -> World:
    return take_in(world, number, word, decision, quarantined=True)


CARRY_OUT: dict[Do, CarryOut] = {
    Do.NOTHING: nothing,
    Do.LOOK_AGAIN: look_again,
    Do.FREE: free_the_time,
    Do.FAIL: fail,
    Do.FAIL_AND_FREE: fail_and_free,
    Do.COMPLETE: complete,
    Do.COMPLETE_IF_FREE: complete_if_free,
    Do.GIVE_BACK: give_back,
    Do.QUARANTINE: quarantine,
}


def take_in(
    world: World,
    number: int,
    word: Word,
    decision: Decision,
    *,
    wins: bool = False,
    quarantined: bool = False,
) -> World:
    """The payment as the gateway tells it."""
    world = move_payment(world, number, decision.event)
    return with_payment(
        world,
        number,
        captured=word.took,
        wins=wins,
        quarantined=quarantined,
        has_gateway_reference=True,
        looked_after=False,
    )


def _win(world: World, number: int, word: Word, decision: Decision) -> World:
    world = take_in(world, number, word, decision, wins=True)
    order = world.payments[number].order
    world = with_order(move_order(world, order, "complete"), order, expires=None)
    return confirm(world, order)


def _is_young(world: World, number: int) -> bool:
    """Whether an attempt that ended without money is asked about once more."""
    age = moment(world.now) - moment(world.payments[number].created)
    return age <= LATE_MONEY_COMES_WITHIN

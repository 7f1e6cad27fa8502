"""One settlement: what ``flows.settlement.apply`` does under the order's lock, for each thing decided.

One function for each ``Do``, like production's ``CARRY_OUT``; the decision itself is production's.
"""

from __future__ import annotations

from functools import partial

from holdfast.flows.decisions import Decision, Do
from holdfast.payments.gateways.base import Became

from .bookings import enter
from .looking import is_swept, is_young
from .moving import attempted, claim_again, free, move_movement, move_order, move_payment, take
from .owing import give_back as owe_back
from .rescheduling import carry_out_move, still_waits
from .reserved import back_to_payment, captured, captured_instead, captured_outside, void_refused, voided
from .rules import CarryOut, Run, Situation
from .world import (
    STANDS,
    Errand,
    Payment,
    Word,
    World,
    open_refund,
    price_of,
    under_way,
    with_payment,
    withdrawn,
)

ENDED_WITHOUT_MONEY = ("failed", "canceled", "expired")
PAID_FOR = ("pending_approval", "confirmed")
GIVEN_UP = ("expired", "withdrawn")


def apply(world: World, errand: Errand, run: Run) -> tuple[World, Decision]:
    """Decide on the gateway's word and carry it out, in one step. A refused move is kept in the world."""
    number, word = errand.payment, errand.word
    decision = run.decide(situation(world, errand, run))
    carry_out = partial(run.rules.carry_out[decision.do], world, number, word, decision, run)
    return attempted(carry_out, world), decision


def situation(world: World, errand: Errand, run: Run) -> Situation:
    number = errand.payment
    payment = world.payments[number]
    order = world.orders[payment.order]
    others = (other for n, other in enumerate(world.payments) if n != number)
    movement = under_way(payment) if payment.state == "authorized" else None
    going = payment.back if any(state in STANDS for state in payment.refunds) else 0
    return Situation(
        word=errand.word,
        order_state=order.state,
        payment_state=payment.state,
        has_page=payment.has_page,
        has_gateway_reference=payment.has_gateway_reference,
        another_wins=any(_has_paid(other) and _is_of(payment, other) for other in others),
        still_holds=_still_holds(world, payment),
        created=payment.created,
        starts=run.bounds.slots[order.slot][0],
        now=world.now,
        under_way=payment.movements[movement].kind if movement is not None else "",
        refused=errand.refused and movement == errand.movement,
        gone=going + payment.reversed - withdrawn(payment),
        overtaken=payment.seq != errand.since,
        price=price_of(payment),
        comes_later=payment.due == "difference",
        withdrawn=payment.withdrawn or _is_given_up(world, payment),
        dispute=payment.dispute,
    )


def _is_of(payment: Payment, other: Payment) -> bool:
    return (payment.order, payment.due, payment.withdrawn) == (other.order, other.due, other.withdrawn)


def _is_given_up(world: World, payment: Payment) -> bool:
    """Whether it is to pay for a move that waits no longer."""
    move = world.orders[payment.order].move
    return payment.due == "difference" and move is not None and move.state in GIVEN_UP


def _has_paid(payment: Payment) -> bool:
    """It pays its due; a difference is paid once, though all of it should go back."""
    return payment.wins or (payment.has_won and payment.due == "difference")


def _still_holds(world: World, payment: Payment) -> bool:
    """Whether what a payment is for is kept for it: the order's time, or that of a move."""
    if payment.due == "difference":
        return still_waits(world, payment.order)
    order = world.orders[payment.order]
    return order.state == "placed" and order.allocation == "held"


def nothing(world: World, number: int, word: Word, decision: Decision, run: Run) -> World:
    payment = world.payments[number]
    if payment.state in ENDED_WITHOUT_MONEY:
        return with_payment(world, number, looked_after=is_young(world, number))
    if payment.state == "authorized":
        return with_payment(world, number, looked_after=True)
    if open_refund(payment) is not None:
        return world
    return with_payment(world, number, looked_after=payment.captured > 0 and is_swept(world, number, run))


def look_again(world: World, number: int, word: Word, decision: Decision, run: Run) -> World:
    was_heard = word.became not in (Became.NOT_FOUND, Became.UNRECOGNIZED) and not word.names_another
    if world.payments[number].state == "created" and was_heard:
        world = with_payment(move_payment(world, number, "start"), number, has_gateway_reference=True)
    return with_payment(world, number, looked_after=True)


def free_the_time(world: World, number: int, word: Word, decision: Decision, run: Run) -> World:
    world = free(world, world.payments[number].order, "expire", run)
    return with_payment(world, number, looked_after=True)


def fail(world: World, number: int, word: Word, decision: Decision, run: Run) -> World:
    world = move_payment(world, number, decision.event)
    return with_payment(world, number, looked_after=is_young(world, number))


def fail_and_free(world: World, number: int, word: Word, decision: Decision, run: Run) -> World:
    world = fail(world, number, word, decision, run)
    return free(world, world.payments[number].order, "expire", run)


def complete(world: World, number: int, word: Word, decision: Decision, run: Run) -> World:
    return _win(take(world, world.payments[number].order), number, word, decision, run)


def complete_if_free(world: World, number: int, word: Word, decision: Decision, run: Run) -> World:
    order = world.payments[number].order
    claimed = claim_again(world, order, run)
    if claimed is None:
        return run.rules.carry_out[Do.GIVE_BACK](world, number, word, decision, run)
    if claimed.orders[order].state != "placed":
        claimed = move_order(claimed, order, "revive")
    return _win(claimed, number, word, decision, run)


def pay(world: World, number: int, word: Word, decision: Decision, run: Run) -> World:
    """The difference is paid that a move has waited for."""
    world = take_in(world, number, word, decision, run, wins=True)
    return carry_out_move(world, world.payments[number].order, run)


def give_back(world: World, number: int, word: Word, decision: Decision, run: Run) -> World:
    world = take_in(world, number, word, decision, run)
    order = world.payments[number].order
    if world.orders[order].state == "placed" and decision.reason == "slot_lost":
        world = free(world, order, "expire", run)
    return owe_back(world, number, word.took)


def quarantine(world: World, number: int, word: Word, decision: Decision, run: Run) -> World:
    return take_in(world, number, word, decision, run, quarantined=True)


def reversed_(world: World, number: int, word: Word, decision: Decision, run: Run) -> World:
    """More has gone back than we have sent, or a bank has withdrawn it. A payment of which nothing is left
    wins no longer; one whose money a bank has given back wins again, if there is something to pay.
    """
    payment = world.payments[number]
    going = payment.back if any(s in STANDS for s in payment.refunds) else 0
    gone = max(word.gone - going, payment.reversed - withdrawn(payment))
    if word.dispute:
        payment = payment._replace(dispute=word.dispute)
    gone += withdrawn(payment)
    wins = payment.wins and payment.captured > payment.back + gone
    after = with_payment(world, number, reversed=gone, wins=wins, dispute=payment.dispute)
    if payment.dispute == "won" and not wins and payment.captured > going + gone:
        after = _pay_again(after, number)
    return nothing(after, number, word, decision, run)


def _pay_again(world: World, number: int) -> World:
    payment = world.payments[number]
    if payment.quarantined:
        return world
    others = (other for n, other in enumerate(world.payments) if n != number)
    is_asked_for = payment.has_won and not payment.withdrawn
    is_paid = any(_has_paid(other) and _is_of(payment, other) for other in others)
    stands = world.orders[payment.order].booking in PAID_FOR
    pays = is_asked_for and not is_paid and stands
    return with_payment(world, number, wins=pays, quarantined=not pays)


CARRY_OUT: dict[Do, CarryOut] = {
    Do.NOTHING: nothing,
    Do.LOOK_AGAIN: look_again,
    Do.FREE: free_the_time,
    Do.FAIL: fail,
    Do.FAIL_AND_FREE: fail_and_free,
    Do.COMPLETE: complete,
    Do.COMPLETE_IF_FREE: complete_if_free,
    Do.PAY: pay,
    Do.GIVE_BACK: give_back,
    Do.QUARANTINE: quarantine,
    Do.CAPTURED: captured,
    Do.CAPTURED_OUTSIDE: captured_outside,
    Do.CAPTURED_INSTEAD: captured_instead,
    Do.BACK_TO_PAYMENT: back_to_payment,
    Do.VOIDED: voided,
    Do.VOID_REFUSED: void_refused,
    Do.REVERSED: reversed_,
}


def take_in(
    world: World,
    number: int,
    word: Word,
    decision: Decision,
    run: Run,
    *,
    wins: bool = False,
    quarantined: bool = False,
) -> World:
    """The payment as the gateway tells it."""
    payment = world.payments[number]
    reserves = decision.event == "authorize"
    movement = under_way(payment) if payment.state == "authorized" else None
    if movement is not None:
        world = move_movement(world, number, movement, "fail")
    world = move_payment(world, number, decision.event)
    world = with_payment(
        world,
        number,
        wins=wins,
        has_won=wins or payment.has_won,
        quarantined=quarantined,
        has_gateway_reference=True,
        capture_before=word.lapses or payment.capture_before,
        # A dispute of which the same word tells is for a later sweep.
        looked_after=reserves or bool(word.dispute) or (wins and is_swept(world, number, run)),
    )
    if not reserves:
        return with_payment(world, number, captured=word.took)
    return with_payment(world, number, authorized=word.took)


def _win(world: World, number: int, word: Word, decision: Decision, run: Run) -> World:
    world = take_in(world, number, word, decision, run, wins=True)
    return enter(world, number, world.payments[number].order, run)

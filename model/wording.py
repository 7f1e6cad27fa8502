"""The words in which a trace tells its story."""

from __future__ import annotations

from functools import cache

from holdfast.flows.decisions import Decision, Do

from .rules import Run
from .world import TOO_LITTLE, Word, World

DONE = {
    Do.NOTHING: "nothing is left to do",
    Do.LOOK_AGAIN: "it will be asked about again",
    Do.FREE: "it cannot be paid any more, so the order expires and the time is free",
    Do.FAIL: "this attempt has failed; the hold is kept for another",
    Do.FAIL_AND_FREE: "this attempt has failed, the order expires and the time is free",
    Do.COMPLETE: "the time is taken, the payment wins, the booking is confirmed",
    Do.COMPLETE_IF_FREE: "late money",
    Do.PAY: "the difference is paid, and the booking moves",
    Do.GIVE_BACK: "the money goes back",
    Do.CAPTURED: "the money has been taken, and the booking is confirmed",
    Do.CAPTURED_OUTSIDE: "the money has been taken by somebody else",
    Do.CAPTURED_INSTEAD: "it was to be set free and has been taken, so the money goes back",
    Do.BACK_TO_PAYMENT: "the reserved money cannot be had",
    Do.VOIDED: "the money is free again",
    Do.VOID_REFUSED: "the money will not be set free",
    Do.REVERSED: "money has left without us",
    Do.QUARANTINE: "the money is quarantined for a person",
}


@cache
def customer(number: int) -> str:
    return f"Customer {chr(ord('A') + number)}"


def the_payment(world: World, number: int) -> str:
    """Whose payment, and which of theirs if there are several."""
    owner = world.orders[world.payments[number].order].customer
    if len(world.payments) == 1:
        return _their_payment(owner, 0)
    theirs = [n for n, p in enumerate(world.payments) if world.orders[p.order].customer == owner]
    return _their_payment(owner, theirs.index(number) + 1 if len(theirs) > 1 else 0)


@cache
def _their_payment(owner: int, which: int) -> str:
    """``which`` of several, from one on."""
    return f"{customer(owner)}'s payment{f' {which}' if which else ''}"


def slot(number: int, run: Run) -> str:
    """The slot by the clock on the wall: minute 0 is nine o'clock."""
    start = run.bounds.slots[number][0]
    return f"{9 + start // 60}:{start % 60:02}"


@cache
def said(word: Word) -> str:
    if word.names_another:
        return f"“{word.became}”, but of another order"
    if word.took == TOO_LITTLE:
        return f"“{word.became}”, of the wrong amount"
    return f"“{word.became}”"


def done(before: World, after: World, number: int, decision: Decision) -> str:
    """What a settlement came to."""
    if decision.do is Do.COMPLETE_IF_FREE:
        if after.payments[number].wins:
            return "late money; the time was still to be had, and the booking is confirmed"
        return "late money; the time is gone, and the money goes back"
    order = after.orders[after.payments[number].order]
    if decision.do is Do.COMPLETE and order.booking != "confirmed":
        return f"the time is taken, the payment wins, the booking is {order.booking.replace('_', ' ')}"
    was = before.orders[after.payments[number].order]
    if decision.do is Do.BACK_TO_PAYMENT and order.state == "placed" != was.state:
        return "the reserved money cannot be had; its customer is asked to pay anew"
    return DONE[decision.do]

"""Bugs to seed in what accepts, declines, takes and sets free: each has been somebody's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from holdfast.flows.answers import Answer, Asked, Ruling, decide_decline
from holdfast.flows.decisions import Decision, Do, Known, decide_settlement
from holdfast.payments.gateways.base import Became
from model.answering import decline_unanswered
from model.bookings import ask_to_pay_again
from model.moving import move_booking, move_movement, move_order, release
from model.processes import NEXT, go_on
from model.production import PRODUCTION
from model.reserved import back_to_payment
from model.resolving import ask_under
from model.rules import Run, Step
from model.wording import customer
from model.world import Movement, Word, World, under_way, winner, with_order, with_payment, without_errand
from tests.model.bug import Bug, with_actor, with_carry_out


def decide_by_old_news(known: Known) -> Decision:
    """An answer is believed although the payment has moved since its gateway was asked."""
    return decide_settlement(replace(known, overtaken=False))


def decide_that_captures_succeed(known: Known) -> Decision:
    """Whatever comes of a capture is taken for a yes, a lapse too."""
    decision = decide_settlement(known)
    lapsed = known.under_way == "capture" and known.outcome.became is Became.EXPIRED
    return Decision(Do.CAPTURED, "capture") if lapsed else decision


def approve_without_looking(asked: Asked) -> Ruling:
    """To accept is to confirm, whether the money has been taken or not."""
    return Ruling(Answer.CONFIRM)


def decline_without_looking(asked: Asked) -> Ruling:
    """To decline is allowed as long as nothing is confirmed. The index under it is what refuses."""
    return decide_decline(replace(asked, under_way=""))


def forget_the_void(world: World, number: int, word: Word, decision: Decision, run: Run) -> World:
    """A capture is refused, the customer is to pay anew, and the old reservation stays."""
    if decision.event:
        return back_to_payment(world, number, word, decision, run)
    movement = under_way(world.payments[number])
    assert movement is not None
    world = with_payment(move_movement(world, number, movement, "fail"), number, wins=False)
    return ask_to_pay_again(world, world.payments[number].order, run)


def go_on_under_new_keys(world: World, run: Run) -> Iterator[Step]:
    """After an unknown the capture is asked for under another key."""
    for errand in dict.fromkeys(world.errands):
        without = without_errand(world, errand)
        if errand.doing != "ask":
            yield from NEXT[errand.doing](without, errand, run)
            continue
        state = world.payments[errand.payment].movements[errand.movement].state
        key = f"{errand.movement} again" if state == "unknown" else f"{errand.movement}"
        yield from ask_under(key, without, errand, run)


def decline_whatever_is_late(world: World, run: Run) -> Iterator[Step]:
    """The clock looks at the clock only, and no index lies under its void."""
    for number, order in enumerate(world.orders):
        payment = winner(world, number)
        late = order.answer_by is not None and order.answer_by <= world.now
        if not late or payment is None or world.payments[payment].state != "authorized":
            continue
        after = move_order(release(move_booking(world, number, "decline"), number), number, "cancel")
        movements = (*world.payments[payment].movements, Movement("void", "pending"))
        after = with_payment(
            with_order(after, number, expires=None), payment, movements=movements, wins=False
        )
        yield Step(f"Nobody has answered: the clock declines {customer(order.customer)}'s booking.", after)


OF_RESERVED_MONEY = {
    "a decline overtakes a capture": Bug(
        replace(PRODUCTION, decline=decline_without_looking),
        scenario="two of the staff",
        violated="a void is asked for beside another capture or void",
        steps=9,
        story=(
            "the booking is pending approval.",
            "Staff accept Customer A's booking: its money is to be taken.",
            "Staff decline Customer A's booking.",
        ),
    ),
    "the clock declines what is being taken": Bug(
        with_actor(decline_unanswered, decline_whatever_is_late),
        scenario="two of the staff",
        violated="a capture and a void of Customer A's payment are both asked for",
        steps=10,
        story=(
            "Staff accept Customer A's booking: its money is to be taken.",
            "nobody has answered Customer A in time",
            "Nobody has answered: the clock declines Customer A's booking.",
        ),
    ),
    "a capture is tried again under another key": Bug(
        with_actor(go_on, go_on_under_new_keys),
        scenario="reserve, then approve",
        violated="the money of Customer A's payment was moved twice",
        steps=13,
        story=(
            "Staff accept",
            "The gateway is asked to take the money of Customer A's payment; no answer comes.",
            "The gateway is asked to take the money of Customer A's payment, and answers “captured”.",
            "that was given up reaches the gateway after all, and is done.",
        ),
    ),
    "what has lapsed is confirmed": Bug(
        replace(PRODUCTION, decide=decide_that_captures_succeed),
        scenario="two of the staff",
        violated="Customer A's booking has not been paid for, once and in full",
        steps=13,
        story=(
            "Staff accept",
            "the authorization of Customer A's payment has lapsed",
            "the gateway says “expired”.",
            "the booking is confirmed.",
        ),
    ),
    "a refused capture leaves the money reserved": Bug(
        with_carry_out({Do.BACK_TO_PAYMENT: forget_the_void}),
        scenario="two of the staff",
        violated="Customer A's payment is reserved, pays nothing and is not being set free",
        steps=12,
        story=(
            "Staff accept",
            "The gateway is asked to take the money of Customer A's payment, and will not.",
            "its customer is asked to pay anew.",
        ),
    ),
    "a booking is accepted before its money is taken": Bug(
        replace(PRODUCTION, approve=approve_without_looking),
        scenario="two of the staff",
        violated="Customer A's booking has not been paid for, once and in full",
        steps=8,
        story=("the booking is pending approval.", "Staff accept Customer A's booking."),
    ),
    "an answer is believed that has been overtaken": Bug(
        replace(PRODUCTION, decide=decide_by_old_news),
        scenario="slow answers",
        violated="Customer A's payment is free in our books, and authorized at the gateway",
        steps=11,
        story=(
            "the gateway says “failed”.",
            "After all, the gateway reserves the money of Customer A's payment, which was failed.",
            "Staff decline Customer A's booking.",
            "is settled on the word “failed”: the money is free again.",
        ),
    ),
}
